// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.cluster.zk.Versioned;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.blob.ShardReader;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;

/**
 * One replica at work: what services and the host may call, on any thread; what other nodes may is its {@link
 * ShardPeerInbox}. Everything that decides or changes something is posted to the loop.
 */
final class ShardRuntime implements ShardReplica, Ticker.Ticked {
    private final ShardContext context;
    private final ShardIdentity identity;
    private final ShardStore store;
    private final Member self;
    private final ReplicaLoop loop;
    private final Reads reads;
    private final Stager stager;
    private final ShardPeerInbox peerInbox;
    private final LongAdder calls = new LongAdder();

    private final AtomicBoolean ending = new AtomicBoolean();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final CompletableFuture<Void> retired = new CompletableFuture<>();

    /** What the core was told of the disk last; the host's timer only. */
    private boolean toldFull;

    /**
     * @param store as opened, with its incarnation durable
     */
    ShardRuntime(ShardContext context, ShardIdentity identity, ShardStore store, RandomGenerator random) {
        this.context = context;
        this.identity = identity;
        this.store = store;
        this.self = new Member(context.self(), store.log().incarnation());
        this.loop = new ReplicaLoop(context, identity, self, store, random);
        this.reads = new Reads(context, identity, loop.board(), loop.configs(), loop::look);
        this.stager = new Stager(context, store, loop.board(), loop.room());
        this.peerInbox = new ShardPeerInbox(context, this, self, store, loop, stager);
        var repair = new ChunkRepair(context, store, loop.board());
        store.chunks().onDamage(repair::damaged);
        loop.post(new ReplicaEvent.Booted(
                self,
                store.log().promisedEpoch(),
                Shapes.of(store.log()),
                store.machine().applied().seq(),
                store.isInstalling()));
    }

    // ---- for services

    @Override
    public ShardId id() {
        return identity.id();
    }

    @Override
    public ShardStatus status() {
        return loop.board().status;
    }

    @Override
    public CompletableFuture<Committed> propose(Proposal proposal, int emptied) {
        calls.increment();
        if (loop.board().leadingEpoch == 0) {
            return loop.proposals().refuse(Refusals.notLeading(status()));
        }
        OpenProposal open;
        try {
            open = loop.proposals().admit(proposal, emptied);
        } catch (TintypeException e) {
            return loop.proposals().refuse(e);
        }
        loop.post(new Input.Proposed(open));
        return open.result;
    }

    @Override
    public int emptied() {
        return loop.board().emptied;
    }

    @Override
    public CompletableFuture<Void> stage(StagedBytes chunk) {
        return stager.stage(chunk);
    }

    @Override
    public Runnable watchHeads(HeadWatch watch, long lastEpoch, long after) {
        return loop.heads().add(watch, lastEpoch, after);
    }

    @Override
    public ShardReader reader() {
        return store.reader();
    }

    @Override
    public CompletableFuture<ReadPoint> begin(ReadDemand demand) {
        calls.increment();
        return reads.begin(demand);
    }

    @Override
    public CompletableFuture<Freshness> confirm(ReadPoint point) {
        return reads.confirm(point);
    }

    // ---- for the host

    ShardIdentity identity() {
        return identity;
    }

    /** The replica and its incarnation. */
    Member self() {
        return self;
    }

    /** What other nodes may tell the replica. */
    ShardPeerInbox peerInbox() {
        return peerInbox;
    }

    ShardStore store() {
        return store;
    }

    Board board() {
        return loop.board();
    }

    /** Last record that was applied; may be ahead of {@link #status}. */
    LogPosition applied() {
        return store.machine().applied();
    }

    /**
     * Last record that is in the log here, applied or not. What {@link #status} says of it means nothing before the loop's
     * first turn, and of this the loop itself tells; fails where it does not get to it before long.
     */
    CompletableFuture<Long> lastSeq() {
        var last = new CompletableFuture<Long>();
        loop.look((core, waiting) -> last.complete(core.status().lastSeq()));
        return last.orTimeout(ShardLimits.SESSION_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Reads and changes that were asked for since the replica runs. */
    long calls() {
        return calls.sum();
    }

    /** Runs something short right behind a record, or at once if that is applied already. */
    void behind(long seq, Runnable reached) {
        loop.behind(seq, reached);
    }

    void logAged(long upTo) {
        if (upTo > 0) {
            loop.post(new ReplicaEvent.LogAged(upTo));
        }
    }

    @Override
    public boolean tick(long tick) {
        return loop.tick(tick);
    }

    void configSeen(Versioned<ShardRecord> znode) {
        loop.configs().seen(znode);
    }

    void livenessSeen(Set<NodeId> live) {
        loop.post(new ReplicaEvent.LivenessSeen(live));
    }

    void assignmentSeen(ShardAssignment assignment) {
        loop.board().rules = ShardRules.of(assignment);
        loop.post(new ReplicaEvent.AssignmentSeen(
                ConfigCodec.roles(assignment.getReplicasList()), assignment.getMinInsync()));
    }

    /** The process is going to end: lead no longer, and be missed by nobody. */
    void leave() {
        loop.post(new ReplicaEvent.LeaveAsked());
    }

    /**
     * Whether nobody waits for this replica any more once it ends: it does not lead, and is not in sync. Or nothing can
     * be done about it: nobody else could lead, or too few would be left for a write.
     */
    boolean isFreeToGo() {
        var config = loop.board().config;
        if (config == null || loop.board().status.failure().isPresent()) {
            return true;
        }
        boolean alone = config.inSync().size() == 1;
        boolean leads = config.isPrimary(context.self()) && loop.board().canHandOver;
        boolean counts =
                config.inSyncOn(context.self()).isPresent() && config.inSync().size() > config.minInSync();
        return alone || !(leads || counts);
    }

    /** Tells the core whether the disk takes writes. */
    void roomSeen(boolean full) {
        if (full != toldFull) {
            toldFull = full;
            loop.post(new ReplicaEvent.RoomSeen(full));
        }
    }

    void diskFailed(Throwable cause) {
        loop.post(new ReplicaEvent.PersistFailed("the disk failed: " + cause.getMessage()));
    }

    /** As {@link #close}; completes when nothing of this replica is written, applied or installed any more. */
    CompletableFuture<Void> retire() {
        end();
        return retired;
    }

    /** Ends streams and fails what is open, on the loop; completes when that is done. */
    CompletableFuture<Void> close() {
        end();
        return ended;
    }

    /** Whoever asks again, in whichever way, waits for the same end: a loop that is closed takes no second one. */
    private void end() {
        if (ending.compareAndSet(false, true)) {
            loop.post(new Input.Task(() -> {
                loop.close();
                ended.complete(null);
                var unused = loop.quiet().whenComplete((done, failure) -> retired.complete(null));
            }));
        }
    }
}
