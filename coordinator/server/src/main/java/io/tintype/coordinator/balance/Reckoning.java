// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.placement.plan.CopyPaces;
import io.tintype.cluster.placement.plan.PlanStep;
import io.tintype.model.NodeId;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.NodePace;
import io.tintype.proto.v1.PaceSource;
import java.util.Map;
import java.util.TreeMap;

/** Tells by which paces a plan's time was reckoned, and where they come from. Pure. */
final class Reckoning {
    private Reckoning() {}

    static void tell(MakePlanResponse.Builder answer, Planning.Made made) {
        double limit = made.allowed();
        Map<NodeId, Long> come = new TreeMap<>();
        long copies = 0;
        for (var step : made.plan().steps()) {
            var to = step.to();
            if (step.kind() != PlanStep.Kind.LEAD && to.isPresent()) {
                come.merge(to.get(), step.bytes(), Long::sum);
                copies++;
            }
        }
        double seconds = 0;
        for (var entry : come.entrySet()) {
            var pace = made.paces().into(entry.getKey(), limit);
            seconds += entry.getValue() / pace.bytesPerSecond();
            answer.addPaces(NodePace.newBuilder()
                    .setNode(entry.getKey().value())
                    .setBytesPerSecond((long) pace.bytesPerSecond())
                    .setSource(source(pace.source())));
        }
        long bytes = made.plan().bytes();
        var rest = made.paces().rest();
        answer.setMeasuredBytesPerSecond((long) (seconds == 0 ? limit : bytes / seconds))
                .setStepSeconds(rest.seconds(copies == 0 ? 0 : bytes / copies, limit))
                .setStepSecondsMeasured(rest.isMeasured())
                .setLeftByReaders(made.leftByReaders());
    }

    private static PaceSource source(CopyPaces.Source source) {
        return switch (source) {
            case MEASURED -> PaceSource.PACE_SOURCE_MEASURED;
            case LIKE_OTHERS -> PaceSource.PACE_SOURCE_LIKE_OTHERS;
            case LIMIT -> PaceSource.PACE_SOURCE_LIMIT;
        };
    }
}
