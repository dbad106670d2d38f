// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;

/**
 * What a primary knows of one other replica during its epoch. The node stays the same; a hello of another incarnation
 * starts it over. Confined to the shard's loop.
 */
final class FollowerProgress {
    final NodeId node;

    /** Incarnation that said hello last; 0: none did. */
    long incarnation;

    /** The stream it follows on; 0: none. */
    long stream;

    /** Whether records may be sent on the stream. */
    boolean attached;

    /** Last record handed to the stream. */
    long sent;

    /** Last commit mark handed to the stream. */
    long sentCommitted;

    /** Where both logs agreed when it attached. */
    long base;

    /** What was committed when this incarnation came with nothing; 0: it had something, or gets a snapshot. */
    long backlog;

    /** Last record that this incarnation acknowledged in this epoch. */
    long acked;

    /** When anything came from it last. */
    long heardNanos;

    /** Its process is going to end. */
    boolean leaving;

    /** Its disk takes no more writes. */
    boolean full;

    /** When it last acknowledged something new, or had nothing to acknowledge. */
    long progressNanos;

    FollowerProgress(NodeId node, long nowNanos) {
        this.node = node;
        this.heardNanos = nowNanos;
        this.progressNanos = nowNanos;
    }

    /** How long it takes to make records durable. */
    final Pace pace = new Pace();

    long inFlight() {
        return sent - Math.max(acked, base);
    }
}
