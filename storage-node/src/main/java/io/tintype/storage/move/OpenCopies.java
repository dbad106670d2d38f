// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.AbortUpload;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.wire.Wire;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The uploads under which this node's movers bring chunks. What others have begun and nobody is at any more was left behind by a
 * mover that died: it is given up here, as its chunks would else stay until the upload is too old. Thread-safe.
 */
final class OpenCopies {
    private static final Logger log = LoggerFactory.getLogger(OpenCopies.class);

    /** Most that are given up at a time; a mover that dies leaves no more than a {@link Window} holds. */
    static final int ABORTED_AT_ONCE = 100;

    private final Set<UploadId> underWay = ConcurrentHashMap.newKeySet();

    /** Before the first chunk. */
    void begin(UploadId upload) {
        underWay.add(upload);
    }

    /** No record that names it will be proposed any more. */
    void end(UploadId upload) {
        underWay.remove(upload);
    }

    /**
     * Gives up what dead movers left of a user who is being taken in. Until he is, nobody but movers brings chunks of his, so that
     * is all that was begun since then and is open. A record that names one of them, by the mover of an earlier epoch, stands in the
     * log before what gives it up, or comes nowhere; while one of this node's own may still come, it is left alone. Blocks on the disk.
     */
    void abortLeftBehind(ShardReplica target, UserId user) {
        var reader = target.reader();
        reader.users()
                .user(user)
                .filter(here -> here.getState() == OwnershipState.OWNERSHIP_STATE_IMPORTING)
                .ifPresent(here -> reader.openUploads(user, here.getSinceMs(), ABORTED_AT_ONCE).stream()
                        .filter(open -> !underWay.contains(open)) // looked at after it was seen to be open
                        .forEach(left -> abort(target, user, left)));
    }

    /** Lets go of an upload's chunks; where this fails, collection does it a day later. */
    static void abort(ShardReplica target, UserId user, UploadId upload) {
        var payload = AbortUpload.newBuilder().setUploadId(Wire.bytes(upload)).build();
        var unused = target.propose(Proposal.of(RecordType.ABORT_UPLOAD, user, payload.toByteString()))
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        log.debug("copy {} was not aborted; its chunks stay for a day", upload, failure);
                    }
                });
    }
}
