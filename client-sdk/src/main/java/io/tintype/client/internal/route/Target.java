// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

/**
 * Where one try of a request goes. Immutable.
 *
 * @param address host:port
 * @param shard the shard the user is believed to live on; 0: not known
 * @param kind what stands at the address
 */
public record Target(String address, int shard, Kind kind) {
    /** What stands at an address. */
    public enum Kind {
        /** The node that leads the shard, as far as is known. */
        PRIMARY,
        /** Another node that holds a replica. */
        FOLLOWER,
        /** A coordinator, which passes the request on. */
        COORDINATOR
    }
}
