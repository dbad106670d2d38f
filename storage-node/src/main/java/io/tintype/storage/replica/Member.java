// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;

/**
 * A replica as a member of a shard. A wiped or reinstalled replica is another member under the same
 * node, so that it cannot be elected on the strength of a log it no longer has.
 *
 * <p>Immutable.
 *
 * @param node where it lives
 * @param incarnation random, drawn when the replica's storage was made; never 0
 */
public record Member(NodeId node, long incarnation) implements Comparable<Member> {
    public Member {
        if (incarnation == 0) {
            throw new IllegalArgumentException("incarnation 0 means none; replica on " + node + " needs a random one");
        }
    }

    @Override
    public int compareTo(Member other) {
        int byNode = node.compareTo(other.node);
        return byNode != 0 ? byNode : Long.compare(incarnation, other.incarnation);
    }

    @Override
    public String toString() {
        return node + "/" + Long.toHexString(incarnation);
    }
}
