// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Since when nodes are out of touch, as seen from here: a coordinator that has just started counts from its own start.
 * Thread-safe.
 */
final class Absences {
    private final LongSupplier nanoTime;
    private final Map<NodeId, Long> since = new ConcurrentHashMap<>();

    Absences(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Looks who is there. */
    void look(ClusterView view) {
        long now = nanoTime.getAsLong();
        view.map().nodes().forEach(node -> {
            if (node.live()) {
                since.remove(node.id());
            } else {
                since.putIfAbsent(node.id(), now);
            }
        });
        since.keySet().removeIf(id -> view.map().node(id).map(NodeInfo::live).orElse(true));
    }

    /** For how long a node has been out of touch; empty: it is not. */
    Optional<Duration> of(NodeId node) {
        return Optional.ofNullable(since.get(node)).map(from -> Duration.ofNanos(nanoTime.getAsLong() - from));
    }

    /**
     * Whether a node has been away for so long that what it had is made anew.
     *
     * @param replaceAfter for how long; zero: nothing ever is
     */
    boolean isGone(ClusterView view, NodeId node, Duration replaceAfter) {
        return !replaceAfter.isZero()
                && !view.intent(node).getMaintenance()
                && of(node).filter(absent -> absent.compareTo(replaceAfter) >= 0)
                        .isPresent();
    }
}
