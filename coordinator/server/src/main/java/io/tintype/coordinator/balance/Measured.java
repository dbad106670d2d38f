// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.placement.plan.CopyPaces;
import io.tintype.cluster.placement.plan.StepRest;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.CopyPace;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What steps that were made tell of paces: kept with a plan when it is over, and read back from plans. Pure. */
final class Measured {
    /** Nodes whose paces are kept with a plan. */
    static final int NODES = 256;

    /** Plans that count: each counts half as much as the one after it. */
    static final int PLANS = 8;

    private static final double SECOND_MS = 1_000;

    private Measured() {}

    /** What came to a node. */
    private static final class Came {
        private long bytes;
        private long copyingMs;
        private double allowed;

        private void add(PlannedStep step, long bytesPerSecond) {
            long millis = step.getCopyingMs();
            bytes += step.getMovedBytes();
            copyingMs += millis;
            allowed += step.getAllowedBytes() == 0 ? bytesPerSecond * (millis / SECOND_MS) : step.getAllowedBytes();
        }

        private CopyPace pace(String node, CopyTimes.Times times) {
            return CopyPace.newBuilder()
                    .setNode(node)
                    .setBytes(bytes)
                    .setBusyMs(Math.round(times.busyMs()))
                    .setFedMs(Math.round(times.fedMs()))
                    .setAllowedBytes(Math.round(allowed / copyingMs * times.busyMs()))
                    .build();
        }
    }

    /** Keeps with a plan what its steps measured. */
    static PlanRecord.Builder keep(PlanRecord.Builder plan, List<PlannedStep> steps) {
        var nodes = new HashMap<String, Came>();
        var copies = new ArrayList<CopyTimes.Copy>();
        for (var step : steps) {
            if (tells(step) && step.getCopyingMs() > 0) {
                nodes.computeIfAbsent(step.getTo(), node -> new Came()).add(step, plan.getBytesPerSecond());
                copies.add(new CopyTimes.Copy(
                        step.getSource(),
                        step.getTo(),
                        step.getCopiedAtMs() - step.getCopyingMs(),
                        step.getCopiedAtMs()));
            }
        }
        var times = CopyTimes.of(copies);
        plan.clearPaces();
        nodes.entrySet().stream()
                .map(entry -> entry.getValue()
                        .pace(entry.getKey(), times.getOrDefault(entry.getKey(), new CopyTimes.Times(0, 0))))
                .sorted(Comparator.comparingLong(CopyPace::getBytes).reversed().thenComparing(CopyPace::getNode))
                .limit(NODES)
                .forEach(plan::addPaces);
        return plan.setRest(record(rest(steps)));
    }

    private static boolean tells(PlannedStep step) {
        return step.getPhase() == PlanStepPhase.PLAN_STEP_PHASE_DONE && step.getCopiedAtMs() != 0;
    }

    private static StepRest rest(List<PlannedStep> steps) {
        var rest = StepRest.NONE;
        for (var step : steps) {
            if (tells(step)) {
                long took = step.getFinishedAtMs() - step.getStartedAtMs() - step.getCopyingMs();
                rest = rest.plus(step.getMovedBytes(), Math.max(0, took) / SECOND_MS);
            }
        }
        return rest;
    }

    private static io.tintype.proto.internal.v1.StepRest record(StepRest rest) {
        return io.tintype.proto.internal.v1.StepRest.newBuilder()
                .setSteps((int) rest.steps())
                .setMib(rest.mib())
                .setMibSquared(rest.mibSquared())
                .setSeconds(rest.seconds())
                .setMibSeconds(rest.mibSeconds())
                .build();
    }

    /** What plans that are over measured. */
    static CopyPaces of(List<PlanRecord> plans) {
        var told = plans.stream()
                .filter(plan -> plan.getFinishedAtMs() != 0 && plan.getRest().getSteps() > 0)
                .sorted(Comparator.comparingLong(PlanRecord::getFinishedAtMs).reversed())
                .limit(PLANS)
                .toList();
        var paces = CopyPaces.NONE;
        for (int i = told.size() - 1; i >= 0; i--) {
            paces = paces.then(of(told.get(i)));
        }
        return paces;
    }

    /** With what the steps of a plan that is not over measured so far. */
    static CopyPaces with(CopyPaces before, PlanRecord plan, List<PlannedStep> steps) {
        return before.then(of(keep(plan.toBuilder(), steps).build()));
    }

    private static CopyPaces of(PlanRecord plan) {
        Map<NodeId, CopyPaces.Came> nodes = new HashMap<>();
        double allowed = 0;
        double limit = 0;
        for (var pace : plan.getPacesList()) {
            double seconds = pace.getBusyMs() / SECOND_MS;
            double most = seconds * plan.getBytesPerSecond();
            double told = pace.getAllowedBytes() == 0 ? most : pace.getAllowedBytes();
            // What its sources gave to others was never to come to this node.
            double fed = pace.getFedMs() == 0 ? 1 : (double) pace.getFedMs() / Math.max(1, pace.getBusyMs());
            nodes.put(new NodeId(pace.getNode()), new CopyPaces.Came(pace.getBytes(), seconds * fed, told * fed));
            allowed += told;
            limit += most;
        }
        boolean somebodyRead = plan.getQuietReadP99Micros() > 0;
        var rest = plan.getRest();
        return new CopyPaces(
                nodes,
                new StepRest(
                        rest.getSteps(), rest.getMib(), rest.getMibSquared(), rest.getSeconds(), rest.getMibSeconds()),
                somebodyRead ? new CopyPaces.Paced(allowed, limit) : CopyPaces.Paced.NOTHING);
    }
}
