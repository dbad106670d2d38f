// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.NodeId;
import java.util.Optional;

/**
 * Who leads a shard after an order. Immutable.
 *
 * @param primary the node that leads
 * @param epoch in which it leads
 * @param former the node that led before; empty: nobody did
 */
public record ShardLead(NodeId primary, long epoch, Optional<NodeId> former) {}
