// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import io.tintype.proto.v1.ReadOptions;
import java.util.function.IntFunction;

/**
 * How fresh a read must be, said anew for each shard it is sent to.
 *
 * @param reach who may answer
 * @param forShard what to put into a request to a node for a shard; 0: into one to whoever finds the shard
 */
public record ReadMode(Reach reach, IntFunction<ReadOptions> forShard) {
    /** Who may answer a read. */
    public enum Reach {
        /** The primary alone. */
        PRIMARY,
        /** The primary says which version is current; its bytes may come from any replica. */
        BYTES_ANYWHERE,
        /** Any replica. */
        ANYWHERE
    }

    /** What to put into a request. A coordinator finds the shard itself, which may be another one than is known here. */
    public ReadOptions options(Target target) {
        return forShard.apply(target.kind() == Target.Kind.COORDINATOR ? 0 : target.shard());
    }

    /** Whether any replica may answer all of it. */
    public boolean followersMayServe() {
        return reach == Reach.ANYWHERE;
    }
}
