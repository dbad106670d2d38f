// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.node;

import io.tintype.model.NodeId;
import java.util.Set;

/**
 * What a storage node tells of itself.
 *
 * @param id its id
 * @param dataId random, made with its data directory
 * @param bootId random, made at this start of the process; not 0
 * @param address host:port of its public API, as others reach it
 * @param peerAddress host:port at which its peers reach it
 * @param region region it stands in
 * @param zone zone within the region
 * @param diskBytes bytes its disk has in all
 * @param labels what it is, as pools may ask for
 */
@SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
public record NodePresence(
        NodeId id,
        byte[] dataId,
        long bootId,
        String address,
        String peerAddress,
        String region,
        String zone,
        long diskBytes,
        Set<String> labels) {}
