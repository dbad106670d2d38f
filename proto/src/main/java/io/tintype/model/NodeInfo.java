// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

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
 */
public record NodeInfo(
        NodeId id, String address, String peerAddress, String region, String zone, boolean live, long diskBytes) {}
