// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import io.tintype.proto.v1.ReadOptions;
import java.util.function.IntFunction;

/**
 * How fresh a read must be, said anew for each shard it is sent to.
 *
 * @param reach who may answer
 * @param options what to put into a request for a shard; 0: the shard is not known
 */
public record ReadMode(Reach reach, IntFunction<ReadOptions> options) {
    /** Who may answer a read. */
    public enum Reach {
        /** The primary alone. */
        PRIMARY,
        /** The primary says which version is current; its bytes may come from any replica. */
        BYTES_ANYWHERE,
        /** Any replica. */
        ANYWHERE
    }

    /** Whether any replica may answer all of it. */
    public boolean followersMayServe() {
        return reach == Reach.ANYWHERE;
    }
}
