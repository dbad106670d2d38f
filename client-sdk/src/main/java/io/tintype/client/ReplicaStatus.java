// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one replica of a shard says of itself. Immutable.
 *
 * @param node the node's id
 * @param errorOrNull why it could not be asked; null: it answered
 * @param state PRIMARY, FOLLOWER and so on
 * @param epoch epoch it knows
 * @param sequences how far its log has come
 * @param users users it holds
 * @param blobs blobs it holds
 * @param bytes their bytes
 */
public record ReplicaStatus(
        String node,
        @Nullable String errorOrNull,
        String state,
        long epoch,
        Sequences sequences,
        long users,
        long blobs,
        long bytes) {
    /** Why it could not be asked; empty: it answered. */
    public Optional<String> error() {
        return Optional.ofNullable(errorOrNull);
    }

    /**
     * How far a log has come.
     *
     * @param last last record in it
     * @param committed last record known to be committed
     * @param applied last record applied
     */
    public record Sequences(long last, long committed, long applied) {}
}
