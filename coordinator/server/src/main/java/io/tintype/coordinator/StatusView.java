// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.coordinator.balance.Balancer;
import io.tintype.coordinator.cache.PieceChain;
import io.tintype.coordinator.status.ClusterStatus;
import io.tintype.coordinator.status.ClusterStatus.CacheLine;
import io.tintype.coordinator.status.ClusterStatus.MoveLine;
import io.tintype.coordinator.status.ClusterStatus.PlanLine;
import io.tintype.coordinator.status.ClusterStatus.UserMoves;
import io.tintype.coordinator.status.Events;
import io.tintype.coordinator.users.MoveWatch;
import io.tintype.model.PoolId;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.Move;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What the status page shows, put together out of all parts that know something. Thread-safe; never blocks.
 *
 * @param balancer knows which plans move replicas; null: this coordinator is not of role control
 * @param moves knows which users move
 */
record StatusView(
        ShardMapWatcher watcher, Events events, @Nullable Balancer balancer, MoveWatch moves, PieceChain caches) {
    /** How the cluster stands. */
    ClusterStatus now() {
        var plans = balancer == null ? List.<GetPlanResponse>of() : balancer.progress();
        return ClusterStatus.of(watcher.view(), events.latest())
                .with(
                        plans.stream().map(StatusView::line).toList(),
                        moves.latest().map(StatusView::lines).orElse(UserMoves.UNKNOWN),
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

    /** Moves of users as the page shows them. */
    static UserMoves lines(MoveWatch.Seen seen) {
        return new UserMoves(
                true,
                seen.underWay(),
                seen.more(),
                seen.oldest().stream().map(StatusView::line).toList());
    }

    private static MoveLine line(Move move) {
        var user = move.getUser();
        return new MoveLine(
                user.getShard(),
                new PoolId(user.getRegion(), user.getTier()).toString(),
                move.getToShard(),
                new PoolId(move.getToRegion(), move.getToTier()).toString(),
                move.getState().name().replace("MOVE_STATE_", "").toLowerCase(Locale.ROOT),
                move.getSinceMs(),
                move.getBlobsDone(),
                move.getBlobsTotal(),
                move.getBytesDone(),
                move.getBytesTotal(),
                secondsLeft(move));
    }

    /** As {@code tintype user move} tells it. */
    private static long secondsLeft(Move move) {
        long left = move.getBytesTotal() - move.getBytesDone();
        return switch (move.getState()) {
            case MOVE_STATE_READY -> 0;
            case MOVE_STATE_COPYING ->
                move.getBytesPerSecond() <= 0 || left < 0 ? -1 : left / move.getBytesPerSecond() + 1;
            default -> -1;
        };
    }
}
