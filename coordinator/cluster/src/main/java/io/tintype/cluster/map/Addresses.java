// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.model.NodeInfo;
import java.util.Optional;

/**
 * Where nodes are reached, as far as that is known: of a node that is registered and was not live since this process started
 * it is not. Pure.
 */
public final class Addresses {
    private Addresses() {}

    /** Where a node serves the public API: host:port. */
    public static Optional<String> known(NodeInfo node) {
        return Optional.of(node.address()).filter(address -> !address.isEmpty());
    }

    /** Where a node takes calls of its peers: host:port. */
    public static Optional<String> knownToPeers(NodeInfo node) {
        return Optional.of(node.peerAddress()).filter(address -> !address.isEmpty());
    }
}
