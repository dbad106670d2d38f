// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.TintypeClient;
import io.tintype.model.ShardInfo;
import io.tintype.proto.v1.EndangeredShard;
import io.tintype.proto.v1.PlanStep;
import io.tintype.proto.v1.StepKind;
import io.tintype.proto.v1.StepPhase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How shards stand, in a few words each: whole, which copies they lack, what is being moved. Immutable. */
final class ShardStates {
    /** Steps under way come first, and no plan has more of them than this. */
    private static final int STEPS = 200;

    private static final int PERCENT = 100;
    /** As many as any coordinator tells. */
    private static final int ENDANGERED = 10_000;

    private final Map<Integer, EndangeredShard> endangered = new HashMap<>();
    private final Map<Integer, PlanStep> moving = new HashMap<>();
    /** How many shards lack copies, of which not all were told; 0: all were. */
    private final int notAllOf;
    /** Whether ZooKeeper does not answer. */
    private final boolean stale;

    private ShardStates(int notAllOf, boolean stale) {
        this.notAllOf = notAllOf;
        this.stale = stale;
    }

    /** As they are now. */
    static ShardStates read(TintypeClient client) {
        var status = client.balancing().status(ENDANGERED);
        var states = new ShardStates(
                status.getEndangeredCount() < status.getUnderReplicated() ? status.getUnderReplicated() : 0,
                status.getStale());
        status.getEndangeredList().forEach(shard -> states.endangered.put(shard.getShard(), shard));
        if (status.getStale()) {
            return states; // plans cannot be read either
        }
        status.getPlansList().stream()
                .map(plan -> client.balancing().plan(plan.getPlan().getId(), STEPS))
                .flatMap(plan -> plan.getPlan().getStepsList().stream())
                .filter(ShardStates::isUnderWay)
                .forEach(step -> states.moving.put(step.getShard(), step));
        return states;
    }

    private static boolean isUnderWay(PlanStep step) {
        return step.getPhase() == StepPhase.STEP_PHASE_COPYING
                || step.getPhase() == StepPhase.STEP_PHASE_LEAVING
                || step.getPhase() == StepPhase.STEP_PHASE_REVERTING;
    }

    String of(ShardInfo shard) {
        var words = new ArrayList<String>();
        if (shard.primary().isEmpty()) {
            words.add("NO PRIMARY");
        }
        lacks(shard).ifPresent(words::add);
        if (notAllOf > 0 && !endangered.containsKey(shard.id().value())) {
            words.add("may lack copies, as " + notAllOf + " shards do");
        }
        Optional.ofNullable(moving.get(shard.id().value()))
                .map(ShardStates::move)
                .ifPresent(words::add);
        return (words.isEmpty() ? "whole" : String.join("; ", words)) + (stale ? ", as it was last known" : "");
    }

    private Optional<String> lacks(ShardInfo shard) {
        return Optional.ofNullable(endangered.get(shard.id().value())).map(lacking -> {
            List<String> missing = lacking.getMissingList();
            return lacking.getInSync() + " of " + lacking.getWanted() + " copies"
                    + (missing.isEmpty() ? "" : ", lacks " + String.join(" ", missing));
        });
    }

    private static String move(PlanStep step) {
        String between = step.getFrom().isEmpty()
                ? "+ " + step.getTo()
                : step.getTo().isEmpty() ? "- " + step.getFrom() : step.getFrom() + " -> " + step.getTo();
        boolean copies = step.getKind() == StepKind.STEP_KIND_MOVE || step.getKind() == StepKind.STEP_KIND_ADD;
        return "moving " + between
                + (copies && step.getBytes() > 0
                        ? ", " + Math.min(PERCENT, PERCENT * step.getMovedBytes() / step.getBytes()) + " %"
                        : "")
                + (step.getDetail().isEmpty() ? "" : ", " + step.getDetail());
    }
}
