// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.replica.Ballot;
import io.tintype.storage.replica.BallotAnswer;
import io.tintype.storage.replica.Beat;
import io.tintype.storage.replica.BeatAnswer;
import io.tintype.storage.replica.Hello;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.Now;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What other nodes may tell one replica at work. What decides or changes something is posted to the replica's loop, and
 * answered from there; chunks are staged and served, and snapshots opened, beside it.
 *
 * <p>Thread-safe; never blocks, but for {@link #serve}.
 */
final class ShardPeerInbox implements PeerInbox {
    private final ShardContext context;
    private final ShardReplica replica;
    private final Member self;
    private final ShardStore store;
    private final ReplicaLoop loop;
    private final Stager stager;
    private final SnapshotsSent snapshots;
    private volatile double callsPerSecond;

    /**
     * @param replica as services see it
     * @param self the replica and its incarnation
     * @param stager shared with the replica's own uploads
     */
    ShardPeerInbox(
            ShardContext context,
            ShardReplica replica,
            Member self,
            ShardStore store,
            ReplicaLoop loop,
            Stager stager) {
        this.context = context;
        this.replica = replica;
        this.self = self;
        this.store = store;
        this.loop = loop;
        this.stager = stager;
        this.snapshots = new SnapshotsSent(context, store.id(), store, loop);
    }

    @Override
    public ShardReplica replica() {
        return replica;
    }

    @Override
    public Member self() {
        return self;
    }

    @Override
    public double callsPerSecond() {
        return callsPerSecond;
    }

    /** So many calls a second were counted lately; from here on {@link #callsPerSecond} tells them. Negative: none. */
    void counted(double perSecond) {
        callsPerSecond = Math.max(0, perSecond);
    }

    @Override
    public FollowerLink.Events hello(Hello hello, FollowerLink link) {
        return loop.followers().accept(hello, link);
    }

    @Override
    public CompletableFuture<Optional<Beating>> beat() {
        if (loop.board().leadingEpoch == 0) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        var answer = new CompletableFuture<Optional<Beating>>();
        loop.look((core, waiting) -> {
            var beat = loop.beat();
            Set<NodeId> targets = core.beatTargets();
            answer.complete(beat.map(said -> new Beating(said, targets)));
        });
        return answer;
    }

    @Override
    public CompletableFuture<Optional<BeatAnswer>> beaten(NodeId from, Beat beat, @Nullable Now sentAfter) {
        var answer = new CompletableFuture<Optional<BeatAnswer>>();
        loop.post(new Input.Beaten(from, beat, sentAfter, answer));
        return answer;
    }

    @Override
    public void beatAnswered(NodeId from, BeatAnswer answer, Now sentAt) {
        loop.post(new ReplicaEvent.BeatAnswered(from, answer, sentAt));
    }

    @Override
    public CompletableFuture<BallotAnswer> ballot(Ballot ballot) {
        var answer = new CompletableFuture<BallotAnswer>();
        loop.onLoop(() -> loop.ask(answers -> new ReplicaEvent.BallotReceived(answers.ballot(answer), ballot)));
        return answer;
    }

    @Override
    public void handedOver(NodeId from, long epoch) {
        loop.post(new ReplicaEvent.HandoverReceived(from, epoch));
    }

    @Override
    public CompletableFuture<OrderResult> transfer(@Nullable NodeId to) {
        return ordered(ticket -> new ReplicaEvent.TransferAsked(ticket, to));
    }

    @Override
    public CompletableFuture<OrderResult> force() {
        return ordered(ReplicaEvent.ForceAsked::new);
    }

    private CompletableFuture<OrderResult> ordered(LongFunction<ReplicaEvent> order) {
        var answer = new CompletableFuture<OrderResult>();
        loop.onLoop(() -> loop.ask(answers -> order.apply(answers.order(answer))));
        return answer.orTimeout(ShardLimits.ORDER_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public CompletableFuture<Void> stageReceived(long epoch, StagedBytes chunk) {
        return stager.stageReceived(epoch, chunk);
    }

    @Override
    public CompletableFuture<OutgoingSnapshot> snapshot(Member follower, long epoch) {
        return snapshots.open(follower, epoch);
    }

    @Override
    public Optional<Peers.Fetched> serve(ChunkKey key, long sequence) {
        int emptied = loop.board().emptied;
        boolean whole = loop.board().whole;
        long applied = store.machine().applied().seq();
        var chunk = store.reader().chunk(key);
        if (chunk.isEmpty() && (applied < sequence || !whole || loop.board().emptied != emptied)) {
            return Optional.empty();
        }
        // Everything applied was acknowledged here with its chunks, so what is missing now was collected.
        return Optional.of(new Peers.Fetched(key, chunk.orElse(null)));
    }

    @Override
    public long copied(long bytes) {
        return context.snapshots().sent(bytes);
    }
}
