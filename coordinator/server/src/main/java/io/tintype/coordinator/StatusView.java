// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.coordinator.balance.Balancer;
import io.tintype.coordinator.cache.PieceChain;
import io.tintype.coordinator.status.ClusterStatus;
import io.tintype.coordinator.status.ClusterStatus.CacheLine;
import io.tintype.coordinator.status.ClusterStatus.PlanLine;
import io.tintype.coordinator.status.Events;
import io.tintype.proto.v1.GetPlanResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the status page shows, put together out of all parts that know something. Thread-safe; never blocks.
 *
 * @param balancer knows what moves; null: this coordinator is not of role control
 */
record StatusView(
        ShardMapWatcher watcher, Events events, @Nullable Balancer balancer, PieceChain caches) {
    /** How the cluster stands. */
    ClusterStatus now() {
        var plans = balancer == null ? List.<GetPlanResponse>of() : balancer.progress();
        return ClusterStatus.of(watcher.view(), events.latest())
                .with(
                        plans.stream().map(StatusView::line).toList(),
                        caches.isEmpty()
                                ? List.of()
                                : caches.figures().stream()
                                        .map(layer -> new CacheLine(layer.name(), layer.hits(), layer.misses()))
                                        .toList());
    }

    /** A plan as the page shows it. */
    static PlanLine line(GetPlanResponse told) {
        var plan = told.getPlan();
        return new PlanLine(
                plan.getId(),
                plan.getTitle(),
                plan.getState().name().replace("PLAN_STATE_", ""),
                plan.getDone() + plan.getNotDone(),
                plan.getStepCount(),
                plan.getMovedBytes(),
                plan.getBytes(),
                told.getSecondsLeft());
    }
}
