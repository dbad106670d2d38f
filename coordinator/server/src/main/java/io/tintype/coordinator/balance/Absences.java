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
 * Since when nodes are out of touch, as seen from here: a coordinator that has just started counts from its own start, and one
 * that was without ZooKeeper from its return, for nodes may have come back meanwhile that could tell nobody. Thread-safe.
 */
final class Absences {
    /** A node that comes back in a shorter time without ZooKeeper is seen before anything {@link #isSettled}. */
    private static final Duration SHORT = Duration.ofSeconds(5);

    /** Within this time after its return what stands in ZooKeeper is known again, and nodes are back in touch with it. */
    private static final Duration SETTLING = Duration.ofSeconds(10);

    private final LongSupplier nanoTime;
    private final Map<NodeId, Long> since = new ConcurrentHashMap<>();

    // Guarded by this:
    private boolean connected = true;
    private long changedAt;

    Absences(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.changedAt = nanoTime.getAsLong() - SETTLING.toNanos();
    }

    /** Whether there is a connection to ZooKeeper now. */
    synchronized void connected(boolean now) {
        if (now == connected) {
            return;
        }
        long at = nanoTime.getAsLong();
        if (now && at - changedAt >= SHORT.toNanos()) {
            since.replaceAll((node, from) -> at);
        }
        connected = now;
        changedAt = at;
    }

    /** Whether ZooKeeper has been there for long enough to go by what is seen of nodes. */
    synchronized boolean isSettled() {
        return connected && nanoTime.getAsLong() - changedAt >= SETTLING.toNanos();
    }

    /** Looks who is there; a node that a shard was assigned to while somebody removed it is not. */
    void look(ClusterView view) {
        long now = nanoTime.getAsLong();
        view.map().nodes().forEach(node -> {
            if (node.live()) {
                since.remove(node.id());
            } else {
                since.putIfAbsent(node.id(), now);
            }
        });
        var unregistered = PlanInputs.unregistered(view);
        unregistered.forEach(node -> since.putIfAbsent(node, now));
        since.keySet().removeIf(id -> view.map().node(id).map(NodeInfo::live).orElse(!unregistered.contains(id)));
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
