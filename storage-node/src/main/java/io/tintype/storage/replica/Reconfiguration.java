// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * A primary's changes of its shard's configuration, one at a time: asks for them, settles them, and hands the shard
 * over. {@link Membership} says which is due. Confined to the shard's loop.
 */
final class Reconfiguration {
    /** What an answer of ZooKeeper meant. */
    enum Outcome {
        /** Nothing is settled by it. */
        OPEN,
        /** The change under way ended, made or not, and this primary goes on. */
        SETTLED,
        /** Another epoch stands in ZooKeeper: this primary is none any more. */
        SUPERSEDED
    }

    private final Context context;
    private final long epoch;
    private final Membership membership;
    private final Handover handover;
    private final long sinceNanos;
    private @Nullable ConfigChange change;

    Reconfiguration(Context context, long epoch, Followers followers) {
        this.context = context;
        this.epoch = epoch;
        this.membership = new Membership(context, followers);
        this.handover = new Handover(context, followers);
        this.sinceNanos = context.now().nanos();
    }

    /** The configuration being asked for; null: none is. */
    @Nullable
    ShardConfig asked() {
        return change == null ? null : change.target();
    }

    Handover handover() {
        return handover;
    }

    /**
     * Goes on with what is under way, or begins what is due.
     *
     * @param logEndAtElection the log's last record when this primary was elected
     */
    void tick(ShardConfig config, long logEndAtElection) {
        if (change != null) {
            change.tick();
        } else if (handover.isUnderWay()) {
            handOver(config);
        } else {
            var next = membership.next(config, logEndAtElection);
            if (next.isPresent()) {
                ask(next.get());
            } else {
                leadNoLonger(config);
            }
        }
    }

    /** While a handover is under way, more is committed: asks for the successor's epoch, where that was what it waited for. */
    void goOnHandingOver(ShardConfig config) {
        if (change == null) {
            handOver(config);
        }
    }

    /** Hands over unasked where this node is not to lead: the controller wants it elsewhere, its process ends, or its disk is full. */
    private void leadNoLonger(ShardConfig config) {
        boolean unwanted = membership.isToHandOver(config);
        if (unwanted || context.isLeaving() || isTooFull()) {
            handover.best(config).ifPresent(node -> begin(node, config));
        }
    }

    /** Whether this primary's disk is full; not at once after it took over, so that full disks do not play ball. */
    private boolean isTooFull() {
        return context.isFull() && context.now().nanos() - sinceNanos > context.timing.lagNanos();
    }

    /** Whether somebody could take over, or is about to, or may as soon as this new primary has met its followers. */
    boolean canHandOver(ShardConfig config) {
        return handover.isUnderWay()
                || context.now().nanos() - sinceNanos <= context.timing.lagNanos()
                || handover.anybodyCanTakeOver(config);
    }

    /** An order to hand over came; always answered, now or later. */
    void ordered(ReplicaEvent.TransferAsked order, ShardConfig config, boolean open) {
        if (handover.ordered(order, config, open) && change == null) {
            handOver(config);
        }
    }

    private void begin(NodeId target, ShardConfig config) {
        handover.begin(target);
        handOver(config);
    }

    private void handOver(ShardConfig config) {
        var target = handover.successor();
        if (handover.isReady(config) && target != null) {
            handover.writing();
            ask(membership.transferred(config, target));
        }
    }

    private void ask(ShardConfig target) {
        var found = context.config();
        if (found != null) {
            change = ConfigChange.begin(context, found, target);
        }
    }

    // ---- answers

    Outcome casAnswered(ReplicaEvent.CasAnswered answer) {
        return change == null ? Outcome.OPEN : settle(change, change.casAnswered(answer));
    }

    Outcome configRead(ReplicaEvent.ConfigRead answer) {
        return change == null ? Outcome.OPEN : settle(change, change.configRead(answer));
    }

    void configReadFailed(long ticket) {
        if (change != null) {
            change.configReadFailed(ticket);
        }
    }

    Outcome configChanged(VersionedConfig found) {
        if (change != null) {
            return settle(change, change.configSeen(found));
        }
        return found.config().epoch() > epoch ? Outcome.SUPERSEDED : Outcome.OPEN;
    }

    private Outcome settle(ConfigChange asked, ConfigChange.Outcome outcome) {
        if (outcome == ConfigChange.Outcome.OPEN) {
            return Outcome.OPEN;
        }
        var standing = asked.result();
        context.install(standing);
        change = null;
        if (standing.config().epoch() > epoch) {
            var target = handover.successor();
            if (outcome == ConfigChange.Outcome.MADE && target != null) {
                context.act(
                        new ReplicaAction.SendHandover(target, standing.config().epoch()));
                handover.made();
            }
            return Outcome.SUPERSEDED;
        }
        if (handover.isWriting()) {
            handover.giveUp(OrderOutcome.GAVE_UP);
        }
        return Outcome.SETTLED;
    }

    /** This primary is none any more; whoever waits for an order is told. */
    void end() {
        handover.giveUp(OrderOutcome.NOT_PRIMARY);
    }
}
