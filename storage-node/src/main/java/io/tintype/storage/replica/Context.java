// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What all roles of a replica share: its log, promises, the configuration it knows, and the step under way. Confined
 * to the shard's loop.
 */
final class Context {
    final Member self;
    final ReplicaTiming timing;
    final Set<Rule> rules;
    final Journal journal;
    final Promises promises;
    final Trimming trimming;
    final Freshness freshness = new Freshness();
    final EarlyHellos earlyHellos;

    private final ConfigReads configReads;
    private Role role;
    private @Nullable VersionedConfig config;
    private @Nullable Set<NodeId> live;
    private Map<NodeId, ReplicaRole> assignment = Map.of();
    private int assignedMinimum;
    private boolean leaving;
    private boolean full;
    private long lastTicket;
    private long lastStream;

    private Now now;
    private RandomGenerator random;
    private List<ReplicaAction> actions = new ArrayList<>();

    Context(ReplicaEvent.Booted boot, ReplicaTiming timing, Set<Rule> rules, Now now, RandomGenerator random) {
        this.self = boot.self();
        this.timing = timing;
        this.rules = rules;
        this.now = now;
        this.random = random;
        this.journal = new Journal(boot.log(), boot.applied(), !boot.installing());
        this.trimming = new Trimming(this);
        // Whoever never promised anything never answered a beat, so no lease can rest on it.
        long grantEnds = boot.promisedEpoch() == 0 ? now.nanos() : now.nanos() + timing.grantNanos();
        this.promises = new Promises(boot.promisedEpoch(), keeps(Rule.PROMISE_IS_FSYNCED_FIRST), grantEnds);
        this.configReads = new ConfigReads(this);
        this.earlyHellos = new EarlyHellos(this);
        this.role = new Following(this);
        if (!keeps(Rule.TRUNCATE_BY_LINEAGE_ONLY) && boot.applied() < boot.log().lastSeq()) {
            journal.truncate(boot.applied());
            act(new ReplicaAction.Truncate(journal.shape().last()));
        }
    }

    // ---- the step under way

    void begin(Now stepNow, RandomGenerator stepRandom) {
        now = stepNow;
        random = stepRandom;
    }

    List<ReplicaAction> end() {
        var done = actions;
        actions = new ArrayList<>();
        return done;
    }

    void act(ReplicaAction action) {
        actions.add(action);
    }

    Now now() {
        return now;
    }

    RandomGenerator random() {
        return random;
    }

    boolean keeps(Rule rule) {
        return rules.contains(rule);
    }

    long nextTicket() {
        return ++lastTicket;
    }

    long nextStream() {
        return ++lastStream;
    }

    Role role() {
        return role;
    }

    /** The old role cleans up first. */
    void become(Role next) {
        role.leave();
        role = next;
        if (!(next instanceof Leading)) {
            earlyHellos.refuseAll();
        }
        next.enter();
    }

    // ---- what is known of the cluster

    @Nullable
    VersionedConfig config() {
        return config;
    }

    /** The configuration's epoch; 0 while there is none. */
    long configEpoch() {
        return config == null ? 0 : config.config().epoch();
    }

    ConfigReads configReads() {
        return configReads;
    }

    /** Whether the newest configuration known lets this very incarnation be elected, and it has anything to lead with. */
    boolean isElectable() {
        return journal.isWhole() && isCounted();
    }

    /** Whether data was ever given up in this shard, by the configuration of this very epoch. */
    boolean gaveUpData(long epoch) {
        return config != null
                && config.config().epoch() == epoch
                && config.config().losses() > 0;
    }

    /** Whether, by the newest configuration known, what this replica acknowledged counts. */
    boolean isCounted() {
        return config != null && isElectableIn(config.config());
    }

    boolean isElectableIn(ShardConfig candidateConfig) {
        return keeps(Rule.INCARNATION_IN_MEMBERSHIP)
                ? candidateConfig.mayBeElected(self)
                : candidateConfig.candidateOn(self.node()).isPresent();
    }

    /** Whether the node's ephemeral node exists; assumed where nothing is known. */
    boolean isAlive(NodeId node) {
        return live == null || live.contains(node);
    }

    void live(Set<NodeId> nodes) {
        live = nodes;
    }

    Map<NodeId, ReplicaRole> assignment() {
        return assignment;
    }

    /** Whether the controller wants a vote of this node; without its word, anybody may lead. */
    boolean isToLead(NodeId node) {
        return assignment.isEmpty() || assignment.get(node) == ReplicaRole.VOTER;
    }

    /** Whether this process is going to end. */
    boolean isLeaving() {
        return leaving;
    }

    void leave() {
        leaving = true;
    }

    /** Whether this replica's disk takes no more writes. */
    boolean isFull() {
        return full;
    }

    void full(boolean isFull) {
        full = isFull;
    }

    int assignedMinimum() {
        return assignedMinimum;
    }

    void assignment(Map<NodeId, ReplicaRole> replicas, int minimum) {
        assignment = replicas;
        assignedMinimum = minimum;
    }

    /**
     * A configuration came from ZooKeeper. Late ones are ignored: versions only rise. A new epoch is promised at once,
     * and whoever leads in a lower one steps down.
     */
    void learn(VersionedConfig found) {
        boolean late = config != null && found.version() <= config.version();
        if (late && keeps(Rule.LOWER_EPOCHS_ARE_REFUSED)) {
            return;
        }
        config = found;
        role.configChanged(found);
    }

    /** As {@link #learn}, for a role that settles the outcome of its own change and acts on it itself. */
    void install(VersionedConfig found) {
        if (config == null || found.version() > config.version()) {
            config = found;
        }
    }

    /** Tells an operator what came of his order, by the configuration known now. */
    void answerOrder(long ticket, OrderOutcome outcome) {
        var known = config;
        act(new ReplicaAction.AnswerOrder(
                ticket,
                outcome,
                configEpoch(),
                known == null ? null : known.config().primary()));
    }

    // ---- promises

    /**
     * Promises an epoch that somebody else leads; whoever leads or stands for election below it gives that up.
     *
     * @return whether the epoch was news
     */
    boolean promise(long epoch) {
        if (!promises.raise(epoch)) {
            return false;
        }
        if (keeps(Rule.PROMISE_IS_FSYNCED_FIRST)) {
            act(new ReplicaAction.PersistPromise(epoch));
        }
        return true;
    }

    /**
     * A message named an epoch. Higher than promised: follow it, if it can be. Nobody promises more than one above what
     * ZooKeeper has said, so an epoch further above the configuration known here is either news, which the read asked for
     * now will tell, or was never anybody's.
     *
     * @return whether it is promised; if not, the message is not to be dealt with
     */
    boolean meet(long epoch) {
        boolean credible = epoch <= configEpoch() + 1 || !keeps(Rule.EPOCHS_ARE_CONFIRMED);
        if (credible && promise(epoch)) {
            role.outranked();
        }
        if (epoch > configEpoch()) {
            configReads.request();
        }
        return epoch <= promises.promised();
    }

    boolean isStale(long epoch) {
        return epoch < promises.promised() && keeps(Rule.LOWER_EPOCHS_ARE_REFUSED);
    }

    // ---- the log

    /** Hands to the state machine what may be applied now. */
    void applyCommitted() {
        long upTo = journal.takeApplicable();
        if (upTo > 0) {
            act(new ReplicaAction.ApplyUpTo(upTo));
        }
    }
}
