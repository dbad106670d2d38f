// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;

/**
 * What a node carries. Immutable.
 *
 * @param node the node
 * @param bytes bytes of its replicas
 * @param shareBytes what its weight would give it
 * @param replicas how many there are
 * @param primaries how many of them lead
 * @param users users on its replicas
 * @param opsPerSecond calls that its primaries answer
 */
public record NodeShare(
        NodeId node, long bytes, long shareBytes, int replicas, int primaries, long users, double opsPerSecond) {}
