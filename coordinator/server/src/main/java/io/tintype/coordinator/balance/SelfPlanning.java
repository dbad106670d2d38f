// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.plan.PlanNode;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.model.NodeInfo;
import io.tintype.proto.internal.v1.PlanPurpose;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plans that the controller makes and applies unasked: what nodes had that are gone for good is made anew, and with the
 * setting for it new nodes get their share. Confined to the balancer's thread; blocks.
 */
final class SelfPlanning {
    private static final Logger log = LoggerFactory.getLogger(SelfPlanning.class);
    private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final NodePolls polls;
    private final Absences absences;
    private final BalanceSettings settings;
    private final Planning planning;
    private final LongSupplier nanoTime;
    private long lookedAt;

    SelfPlanning(
            NodePolls polls, Absences absences, BalanceSettings settings, Planning planning, LongSupplier nanoTime) {
        this.polls = polls;
        this.absences = absences;
        this.settings = settings;
        this.planning = planning;
        this.nanoTime = nanoTime;
        this.lookedAt = nanoTime.getAsLong();
    }

    /** Looks, now and then, whether something is to be begun besides the plans that are being carried out. */
    void look(Term term, ClusterView view, List<StoredPlan> running) throws Journal.Interrupted {
        long now = nanoTime.getAsLong();
        if (now - lookedAt < EVERY_NANOS || !absences.isSettled()) {
            return;
        }
        lookedAt = now;
        boolean gone = view.map()
                        .nodes()
                        .anyMatch(node -> PlanInputs.part(view, absences, settings, node, true, Optional.empty())
                                        == PlanNode.Part.DEAD
                                && holds(view, node))
                || PlanInputs.unregistered(view).stream()
                        .anyMatch(node -> absences.isGone(view, node, settings.replaceAfter()));
        if (gone) {
            begin(term, running, PlanPurpose.PLAN_PURPOSE_REPAIR, true, "make anew what nodes had that are gone");
        } else if (settings.join() && view.map().nodes().anyMatch(node -> isNew(view, node))) {
            begin(term, running, PlanPurpose.PLAN_PURPOSE_BALANCE, false, "give new nodes their share");
        }
    }

    /** Has nothing, and is there to be given something: not drained, not in maintenance. */
    private boolean isNew(ClusterView view, NodeInfo node) {
        boolean reports = polls.report(node.id()).isPresent();
        return !holds(view, node)
                && PlanInputs.part(view, absences, settings, node, reports, Optional.empty()) == PlanNode.Part.ACTIVE;
    }

    private static boolean holds(ClusterView view, NodeInfo node) {
        return view.assignments().values().stream().flatMap(PlanInputs::voters).anyMatch(node.id()::equals);
    }

    private void begin(Term term, List<StoredPlan> running, PlanPurpose purpose, boolean onlyWhatMust, String title)
            throws Journal.Interrupted {
        if (running.stream().anyMatch(plan -> plan.record().value().getPurpose() == purpose)) {
            return;
        }
        var wish = planning.wish(onlyWhatMust, Optional.empty(), 0, 0);
        var made = planning.make(wish, purpose, title, Journal.await(planning.paces()));
        if (made.plan().steps().isEmpty()) {
            return;
        }
        String id = Journal.await(planning.keep(made));
        log.info(
                "applying plan {}: {}, {} steps", id, title, made.plan().steps().size());
        var unused = Journal.await(planning.starts().apply(id, term));
    }
}
