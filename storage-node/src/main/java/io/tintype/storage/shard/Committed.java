// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.log.LogPosition;
import java.util.List;

/**
 * What became of a proposal that was committed. Immutable.
 *
 * @param at the record's place, to be shown to later reads that must see it
 * @param outcome what applying it came to; a refusal is one too
 * @param replicas the nodes that were in sync, all of which have it on disk
 */
public record Committed(LogPosition at, Outcome outcome, List<NodeId> replicas) {}
