// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * What a replica says of itself. Immutable: the shard's loop publishes one, any thread may read it.
 *
 * @param state where it stands
 * @param epoch the highest epoch it has promised
 * @param cfg the configuration it knows; 0: none
 * @param primary who leads, as far as it knows
 * @param lastSeq last record of its log
 * @param persistedSeq last fsynced record
 * @param committedSeq last record known to be committed
 * @param appliedSeq last record applied
 */
public record ReplicaStatus(
        ReplicaState state,
        long epoch,
        long cfg,
        @Nullable NodeId primary,
        long lastSeq,
        long persistedSeq,
        long committedSeq,
        long appliedSeq) {}
