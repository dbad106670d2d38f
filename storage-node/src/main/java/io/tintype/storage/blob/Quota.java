// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.StoredUser;
import java.util.Optional;

/**
 * What a user may have. Pure: decided from his record and from what the primary wrote into the write's record, hence the
 * same on every replica.
 *
 * @param bytes bytes; 0: no limit
 * @param blobs blobs; 0: no limit
 */
public record Quota(long bytes, long blobs) {
    /** His own, if he has one; else his pool's. */
    public static Quota of(StoredUser user, long poolBytes, long poolBlobs) {
        return user.getOwnQuota()
                ? new Quota(user.getQuotaBytes(), user.getQuotaBlobs())
                : new Quota(poolBytes, poolBlobs);
    }

    static Quota of(StoredUser user, PutCommit put) {
        return of(user, put.getUserBytes(), put.getUserBlobs());
    }

    /**
     * Why a write is too much, if it is: it makes what is used more, and more than may be. Who has too much already, since
     * his quota was lowered, may go on replacing blobs by smaller ones.
     */
    Optional<Outcome.OverQuota> refuse(StoredUser user, Optional<StoredHead> replaced, long newBytes) {
        long bytesThen = user.getBytes()
                - replaced.map(head -> head.getManifest().getSize()).orElse(0L)
                + newBytes;
        long blobsThen = user.getBlobs() + (replaced.isPresent() ? 0 : 1);
        boolean tooManyBytes = exceeds(bytesThen, bytes) && bytesThen > user.getBytes();
        boolean tooManyBlobs = exceeds(blobsThen, blobs) && blobsThen > user.getBlobs();
        return tooManyBytes || tooManyBlobs
                ? Optional.of(new Outcome.OverQuota(bytesThen, bytes, blobsThen, blobs))
                : Optional.empty();
    }

    /** Whether a user has more than this. */
    boolean isExceededBy(StoredUser user) {
        return exceeds(user.getBytes(), bytes) || exceeds(user.getBlobs(), blobs);
    }

    private static boolean exceeds(long used, long limit) {
        return limit != 0 && used > limit;
    }
}
