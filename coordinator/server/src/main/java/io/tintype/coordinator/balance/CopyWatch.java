// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ReplicaReport;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * What came by each copy, how long it took, by what its target says before and after, and how much was allowed meanwhile. A controller that takes a copy over
 * knows the bytes but not the time. Confined to the balancer's thread.
 */
final class CopyWatch {
    private final NodePolls polls;
    private final DoubleSupplier allowed;
    private final LongSupplier nowMs;
    private final Map<String, Before> before = new HashMap<>();
    private final Map<String, Joined> joined = new HashMap<>();

    private record Before(long bytes, long millis, long atMs, double allowed) {}

    private record Joined(long atMs, double allowed) {}

    /** @param allowed bytes that could have come to a node up to now at the paces that nodes were told */
    CopyWatch(NodePolls polls, DoubleSupplier allowed, LongSupplier nowMs) {
        this.polls = polls;
        this.allowed = allowed;
        this.nowMs = nowMs;
    }

    /** A copy begins. */
    void begun(String key, PlannedStep step) {
        joined.remove(key);
        var now = report(step);
        before.put(
                key,
                new Before(
                        now.map(ReplicaReport::getTakenBytes).orElse(0L),
                        now.map(ReplicaReport::getTakingMs).orElse(0L),
                        nowMs.getAsLong(),
                        allowed.getAsDouble()));
    }

    /** The newcomer is in sync; asks it what came, so that the answer is there before the verdict. */
    void joined(String key, ClusterView view, PlannedStep step) {
        if (joined.putIfAbsent(key, new Joined(nowMs.getAsLong(), allowed.getAsDouble())) == null) {
            polls.again(view, new NodeId(step.getTo()));
        }
    }

    /** Notes what came; bytes only where nobody saw the copy begin, or the target has started anew since. */
    PlannedStep.Builder noted(String key, PlannedStep.Builder next) {
        var step = next.build();
        var now = report(step);
        long holds = now.map(ReplicaReport::getBytes).orElse(step.getBytes());
        var was = before.get(key);
        var since = joined.get(key);
        long bytes = was == null ? 0 : now.map(ReplicaReport::getTakenBytes).orElse(0L) - was.bytes();
        long millis = was == null ? 0 : now.map(ReplicaReport::getTakingMs).orElse(0L) - was.millis();
        if (was == null || since == null || bytes < 0 || millis < 0) {
            return next.setMovedBytes(holds);
        }
        // A replica that was fed from a short log has what it holds.
        return next.setMovedBytes(bytes > 0 ? bytes : holds)
                .setCopyingMs(millis)
                .setCopiedAtMs(since.atMs())
                .setAllowedBytes(allowed(was, since, millis));
    }

    /**
     * What was noted of a step that is over now. Where somebody else began it, by whatever his clock showed, nobody can say how long it
     * took in all.
     */
    PlannedStep.Builder timed(String key, PlannedStep.Builder next) {
        return before.containsKey(key)
                ? next
                : next.clearCopyingMs().clearCopiedAtMs().clearAllowedBytes();
    }

    /** At the mean pace from the beginning of the step until the newcomer was in sync; 0: nobody knows. */
    private static long allowed(Before was, Joined since, long millis) {
        long took = since.atMs() - was.atMs();
        return took <= 0 ? 0 : Math.round((since.allowed() - was.allowed()) / took * millis);
    }

    private Optional<ReplicaReport> report(PlannedStep step) {
        return polls.replica(new NodeId(step.getTo()), step.getShard());
    }

    /** Forgets all steps that begin so. */
    void forgetAll(String prefix) {
        before.keySet().removeIf(key -> key.startsWith(prefix));
        joined.keySet().removeIf(key -> key.startsWith(prefix));
    }
}
