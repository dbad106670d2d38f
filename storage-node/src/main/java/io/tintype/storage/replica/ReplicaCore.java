// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One replica of a shard, without its bytes: what happened goes in, what to do comes out.
 *
 * <p>Deterministic: the same events at the same times with the same random numbers give the same actions. Confined to
 * the shard's loop, the queries included. The first event must be {@link ReplicaEvent.Booted}; events in front of it
 * are ignored, and so is everything after {@link ReplicaAction.Fail}.
 */
public final class ReplicaCore {
    private final ReplicaTiming timing;
    private final Set<Rule> rules;
    private @Nullable Context context;

    /**
     * A replica that has not read its disk yet.
     *
     * @param timing the same in every process of the cluster
     */
    public ReplicaCore(ReplicaTiming timing) {
        this(timing, Rule.all());
    }

    /** For tests: with some rules switched off. */
    ReplicaCore(ReplicaTiming timing, Set<Rule> rules) {
        this.timing = timing;
        this.rules = rules;
    }

    /**
     * Takes one event.
     *
     * @param now both clocks of this process, looked at when the event is taken; never earlier than in the step before
     * @param random where nonces and pauses come from
     * @return what to do, in this order
     */
    public List<ReplicaAction> step(ReplicaEvent event, Now now, RandomGenerator random) {
        var replica = context;
        if (replica == null) {
            if (event instanceof ReplicaEvent.Booted boot) {
                context = new Context(boot, timing, rules, now, random);
                return context.end();
            }
            return List.of();
        }
        replica.begin(now, random);
        if (replica.role() instanceof Failed) {
            answerForNobody(replica, event);
        } else {
            Dispatch.deliver(replica, event);
        }
        return replica.end();
    }

    private static void answerForNobody(Context replica, ReplicaEvent event) {
        if (event instanceof ReplicaEvent.BallotReceived asked) {
            replica.act(new ReplicaAction.AnswerBallot(
                    asked.ticket(), new BallotAnswer(asked.ballot().round(), false, null, 0)));
        } else if (event instanceof ReplicaEvent.Propose proposal) {
            replica.role().propose(proposal);
        } else if (event instanceof ReplicaEvent.HelloReceived hello) {
            replica.role().helloReceived(hello);
        } else if (event instanceof ReplicaEvent.TransferAsked asked) {
            replica.role().transferAsked(asked);
        } else if (event instanceof ReplicaEvent.ForceAsked asked) {
            replica.answerOrder(asked.ticket(), OrderOutcome.NOT_WHOLE);
        } else if (event instanceof ReplicaEvent.SnapshotOffered offered) {
            replica.role().snapshotOffered(offered);
        }
    }

    /** What this replica says of itself. */
    public ReplicaStatus status() {
        var replica = context;
        if (replica == null) {
            return new ReplicaStatus(ReplicaState.BOOTING, 0, 0, null, 0, 0, 0, 0);
        }
        var config = replica.config();
        var journal = replica.journal;
        return new ReplicaStatus(
                replica.role().state(),
                replica.promises.promised(),
                config == null ? 0 : config.config().cfg(),
                config == null ? null : config.config().primary(),
                journal.lastSeq(),
                journal.persisted(),
                journal.committed(),
                journal.applied());
    }

    /** The configuration this replica goes by; empty before it knows one. */
    public Optional<VersionedConfig> config() {
        return context == null ? Optional.empty() : Optional.ofNullable(context.config());
    }

    /** The log's shape: what is there, appended if not yet durable. */
    public LogShape log() {
        return context == null ? LogShape.empty() : context.journal.shape();
    }

    /** What a heartbeat says of this shard now; empty unless it leads. */
    public Optional<Beat> beat(Now now) {
        return leading().map(role -> role.beat(now));
    }

    /** Whom heartbeats go to: all other replicas; none unless it leads. */
    public Set<NodeId> beatTargets() {
        var replica = context;
        if (replica == null || !(replica.role() instanceof Leading) || replica.config() == null) {
            return Set.of();
        }
        var targets = new TreeSet<>(replica.config().config().replicas().keySet());
        targets.remove(replica.self.node());
        return targets;
    }

    /**
     * What may be served now. Publish it to other threads before the actions of the step are carried out: a change of
     * the in-sync set narrows it.
     */
    public ReadPermit permit() {
        return leading().map(Leading::permit).orElse(ReadPermit.NONE);
    }

    /** Whether a snapshot may be sent to a replica now: this one leads, and told that one to install one. */
    public boolean mayFeed(Member member, long epoch) {
        return leading()
                .filter(role -> role.epoch() == epoch && role.mayFeed(member))
                .isPresent();
    }

    /** Whether this replica leads and somebody could take over from it. */
    public boolean canHandOver() {
        return leading().map(Leading::canHandOver).orElse(false);
    }

    /** Whether this replica leads and somebody with room on the disk could take over from it. */
    public boolean canGiveRoom() {
        return leading().map(Leading::canGiveRoom).orElse(false);
    }

    /** How many in-sync members have room for uploads, this one included, as last heard; empty unless it leads. */
    public OptionalInt roomy() {
        return leading().map(role -> OptionalInt.of(role.roomy())).orElse(OptionalInt.empty());
    }

    /** False while a snapshot is being installed here: there is nothing that could be read. */
    public boolean isWhole() {
        return context != null && context.journal.isWhole();
    }

    /** Whether reads here show the write that a session token names. */
    public boolean hasApplied(LogPosition token) {
        var replica = context;
        if (replica == null || !replica.journal.isWhole() || replica.journal.applied() < token.seq()) {
            return false;
        }
        var shape = replica.journal.shape();
        boolean olderThanTable =
                !shape.epochs().isEmpty() && shape.epochs().get(0).seq() > token.seq();
        return olderThanTable || shape.contains(token);
    }

    /** How old reads from the applied state may be at most, in nanoseconds; empty: unknown. */
    public OptionalLong stalenessNanos(Now now) {
        var replica = context;
        if (replica == null || !replica.journal.isWhole() || replica.role() instanceof Failed) {
            return OptionalLong.empty();
        }
        var led = permit().stalenessNanos(now);
        var followed = replica.freshness.ageNanos(now);
        return led.isPresent() && followed.isPresent()
                ? OptionalLong.of(Math.min(led.getAsLong(), followed.getAsLong()))
                : led.isPresent() ? led : followed;
    }

    private Optional<Leading> leading() {
        return context != null && context.role() instanceof Leading role ? Optional.of(role) : Optional.empty();
    }
}
