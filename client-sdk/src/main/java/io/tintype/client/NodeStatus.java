// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.NodeInfo;

/**
 * A storage node and what it carries. Immutable.
 *
 * @param node the node
 * @param replicas replicas it holds
 * @param primaries shards it leads
 */
public record NodeStatus(NodeInfo node, int replicas, int primaries) {}
