// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.util.List;
import java.util.Optional;

/**
 * One storage node in detail. Immutable.
 *
 * @param status as the map has it
 * @param error why the node itself does not answer; empty: it does
 * @param memory what it uses of memory, part by part; none where it does not answer
 */
public record NodeDetail(NodeStatus status, Optional<String> error, List<Memory> memory) {
    public NodeDetail {
        memory = List.copyOf(memory);
    }

    /**
     * One part of a node's memory. Immutable.
     *
     * @param part what it is for: heap, store (RocksDB) or network (buffers of connections)
     * @param usedBytes bytes in use
     * @param limitBytes bytes that the part may use, however many shards the node has
     */
    public record Memory(String part, long usedBytes, long limitBytes) {}
}
