// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.util.Set;

/**
 * A storage node as the map knows it. Immutable.
 *
 * @param id the node
 * @param address host:port of its public API; empty while it was never live
 * @param peerAddress host:port at which its peers reach it; empty while it was never live
 * @param region region it stands in
 * @param zone what fails together inside the region
 * @param live whether it is in touch with ZooKeeper
 * @param diskBytes bytes its disk has in all; 0 where not known
 * @param labels what it is, as pools may ask for
 * @param recordLevel what log records may mean that it applies, as it said when it was last seen to start; 0 where that is not
 *     known, and in what coordinators tell clients
 */
public record NodeInfo(
        NodeId id,
        String address,
        String peerAddress,
        String region,
        String zone,
        boolean live,
        long diskBytes,
        Set<String> labels,
        int recordLevel) {
    public NodeInfo {
        labels = Labels.of(labels);
    }

    /** A node of which it is not known what records it applies. */
    public NodeInfo(
            NodeId id,
            String address,
            String peerAddress,
            String region,
            String zone,
            boolean live,
            long diskBytes,
            Set<String> labels) {
        this(id, address, peerAddress, region, zone, live, diskBytes, labels, 0);
    }

    /** A node without labels, likewise. */
    public NodeInfo(
            NodeId id, String address, String peerAddress, String region, String zone, boolean live, long diskBytes) {
        this(id, address, peerAddress, region, zone, live, diskBytes, Set.of());
    }
}
