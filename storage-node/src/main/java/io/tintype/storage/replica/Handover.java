// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * TRANSFER, from the old primary's side: stop appending, wait until the successor has everything and all is committed,
 * serve nothing any more, and only then ask ZooKeeper for the successor's epoch.
 *
 * <p>Whoever finds itself named by a transfer may therefore take its own grant to the old primary for void: that one
 * had stopped before the name was written ({@link Rule#OLD_PRIMARY_STOPS_FIRST}). Confined to the shard's loop.
 */
final class Handover {
    private enum Step {
        /** None is under way. */
        NONE,
        /** Nothing new is appended, so that the successor can catch up. */
        STOPPING,
        /** Nothing is served: the successor's epoch is being written. */
        WRITING
    }

    private final Context context;
    private final Followers followers;
    private final List<Long> orders = new ArrayList<>();
    private Step step = Step.NONE;
    private @Nullable NodeId successor;
    private long deadlineNanos;

    Handover(Context context, Followers followers) {
        this.context = context;
        this.followers = followers;
    }

    boolean isUnderWay() {
        return step != Step.NONE;
    }

    /** Whether the successor's epoch is being asked for, so that nothing may be served here. */
    boolean isWriting() {
        return step == Step.WRITING;
    }

    /** Whom to; null while none is under way. */
    @Nullable
    NodeId successor() {
        return successor;
    }

    /**
     * An order came.
     *
     * @param open whether this primary takes writes
     * @return whether a handover begins by it
     */
    boolean ordered(ReplicaEvent.TransferAsked order, ShardConfig config, boolean open) {
        var target = order.target();
        if (context.self.node().equals(target)) {
            context.answerOrder(order.ticket(), OrderOutcome.DONE);
        } else if (isUnderWay() && target != null && !target.equals(successor)) {
            context.answerOrder(order.ticket(), OrderOutcome.BUSY);
        } else if (isUnderWay()) {
            orders.add(order.ticket());
        } else if (!open) {
            context.answerOrder(order.ticket(), OrderOutcome.BUSY);
        } else if (target != null && config.inSyncOn(target).isEmpty()) {
            context.answerOrder(order.ticket(), OrderOutcome.NOT_IN_SYNC);
        } else {
            var chosen = target != null ? Optional.of(target) : best(config);
            chosen.ifPresentOrElse(
                    node -> {
                        orders.add(order.ticket());
                        begin(node);
                    },
                    () -> context.answerOrder(order.ticket(), OrderOutcome.NO_SUCCESSOR));
            return chosen.isPresent();
        }
        return false;
    }

    void begin(NodeId target) {
        step = Step.STOPPING;
        successor = target;
        deadlineNanos = context.now().nanos() + context.timing.stopNanos();
    }

    /**
     * The in-sync member that can take over soonest, if any can: it is heard, attached, stays, and lacks the least. Among
     * equals chance decides, so that the shards of a node that stops are not all led by the same one afterwards.
     */
    Optional<NodeId> best(ShardConfig config) {
        long salt = context.random().nextLong();
        return config.inSync().stream()
                .filter(this::canTakeOver)
                .max(Comparator.<Member>comparingInt(member -> context.isToLead(member.node()) ? 1 : 0)
                        .thenComparingLong(followers::acked)
                        .thenComparingLong(member -> (member.incarnation() ^ salt) * 0x9E3779B97F4A7C15L))
                .map(Member::node);
    }

    boolean anybodyCanTakeOver(ShardConfig config) {
        return config.inSync().stream().anyMatch(this::canTakeOver);
    }

    private boolean canTakeOver(Member member) {
        if (member.node().equals(context.self.node())) {
            return false;
        }
        var progress = followers.on(member.node());
        return progress.attached
                && !progress.leaving
                && !progress.full
                && progress.incarnation == member.incarnation()
                && context.now().nanos() - progress.heardNanos <= context.timing.lagNanos();
    }

    /** Whether the successor's epoch may be asked for now; gives up where that takes too long. */
    boolean isReady(ShardConfig config) {
        var target = successor;
        if (step != Step.STOPPING || target == null) {
            return false;
        }
        var member = config.inSyncOn(target);
        if (member.isEmpty()) {
            giveUp(OrderOutcome.NOT_IN_SYNC);
            return false;
        }
        if (context.now().nanos() - deadlineNanos >= 0) {
            giveUp(OrderOutcome.GAVE_UP);
            return false;
        }
        long last = context.journal.lastSeq();
        return followers.acked(member.get()) >= last && context.journal.committed() >= last;
    }

    void writing() {
        step = Step.WRITING;
    }

    /** The successor's epoch stands in ZooKeeper. */
    void made() {
        end(OrderOutcome.DONE);
    }

    /** It came to nothing: the old primary goes on, or is none any more. */
    void giveUp(OrderOutcome why) {
        end(why);
    }

    private void end(OrderOutcome outcome) {
        orders.forEach(ticket -> context.answerOrder(ticket, outcome));
        orders.clear();
        step = Step.NONE;
        successor = null;
    }
}
