// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How long a plan should take. Pure.
 *
 * <p>Steps begin in order, so many at once. A copy takes a node's whole pace at its source, the shard's primary, and at its
 * target; both do one after the other what falls to them. Each step takes its time besides: to join, to be verified, to
 * leave.
 */
public final class PlanTime {
    /** A target verifies so many times faster than it copies: nothing travels then. */
    public static final int VERIFY_FACTOR = 4;

    private PlanTime() {}

    /**
     * Seconds.
     *
     * @param primaries who leads a shard, which is whom it is copied from; null: nobody
     * @param atOnce steps at once
     * @param bytesPerSecond what a node sends, and takes in
     * @param stepSeconds what each move takes besides copying and verifying
     */
    public static double seconds(
            List<PlanStep> steps,
            Function<ShardId, @Nullable NodeId> primaries,
            int atOnce,
            double bytesPerSecond,
            double stepSeconds) {
        double[] places = new double[atOnce];
        Map<NodeId, Double> sends = new HashMap<>();
        Map<NodeId, Double> takes = new HashMap<>();
        double end = 0;
        for (var step : steps) {
            Arrays.sort(places);
            double begin = places[0];
            double finish = begin;
            if (step.kind() != PlanStep.Kind.LEAD) {
                var from = primaries.apply(step.shard());
                var to = step.toOrNull();
                double copyFrom = begin;
                if (from != null) {
                    copyFrom = Math.max(copyFrom, sends.getOrDefault(from, 0.0));
                }
                if (to != null) {
                    copyFrom = Math.max(copyFrom, takes.getOrDefault(to, 0.0));
                }
                double copied = copyFrom + step.bytes() / bytesPerSecond;
                if (from != null) {
                    sends.put(from, copied);
                }
                if (to != null) {
                    takes.put(to, copied);
                }
                finish = copied + step.bytes() / bytesPerSecond / VERIFY_FACTOR + stepSeconds;
            }
            places[0] = finish;
            end = Math.max(end, finish);
        }
        return end;
    }
}
