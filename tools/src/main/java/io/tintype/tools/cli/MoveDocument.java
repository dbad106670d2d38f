// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.MoveInfo;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What {@code user move --json} prints.
 *
 * @param user the user's id
 * @param pool the pool he lives in now: region.tier
 * @param shard the shard he lives on now
 * @param state none, waiting, copying or ready
 * @param toShard the shard he is being moved to; null where no move is under way
 * @param toPool that shard's pool
 * @param number the generation that the move makes
 * @param result how the last move ended: none, done, aborted, frozen_too_long, target_full, mismatch or over_quota
 * @param blobsTotal blobs to be compared or copied
 * @param blobsDone of these, done
 * @param bytesTotal their bytes
 * @param bytesDone of these, done
 * @param bytesPerSecond bytes copied a second
 */
record MoveDocument(
        String user,
        String pool,
        int shard,
        String state,
        @Nullable Integer toShard,
        @Nullable String toPool,
        long number,
        String result,
        long blobsTotal,
        long blobsDone,
        long bytesTotal,
        long bytesDone,
        long bytesPerSecond) {
    static MoveDocument of(MoveInfo move) {
        return new MoveDocument(
                move.user().id(),
                move.user().pool().toString(),
                move.user().shard().value(),
                move.state().name().toLowerCase(Locale.ROOT),
                move.toShard().map(shard -> shard.value()).orElse(null),
                move.toPool().map(Object::toString).orElse(null),
                move.number(),
                move.result().name().toLowerCase(Locale.ROOT),
                move.blobsTotal(),
                move.blobsDone(),
                move.bytesTotal(),
                move.bytesDone(),
                move.bytesPerSecond());
    }
}
