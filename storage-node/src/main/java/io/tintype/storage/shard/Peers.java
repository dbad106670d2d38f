// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.SnapshotHead;
import io.tintype.storage.blob.SnapshotPart;
import io.tintype.storage.replica.Ballot;
import io.tintype.storage.replica.BallotAnswer;
import io.tintype.storage.replica.Hello;
import io.tintype.storage.replica.Member;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a shard asks of other nodes. Implemented over gRPC. Thread-safe; never blocks; futures complete on any thread. */
public interface Peers {
    /** Opens a replication stream to the primary and says hello; what comes of it is told to {@code events}. */
    PrimaryLink follow(ShardId shard, NodeId primary, Hello hello, PrimaryLink.Events events);

    /** Asks a member about an election; fails where it does not answer in time. */
    CompletableFuture<BallotAnswer> askBallot(ShardId shard, NodeId to, Ballot ballot);

    /** Tells a node that its replica leads from this epoch on. Nobody waits for it, and it may be lost. */
    void handOver(ShardId shard, NodeId to, long epoch);

    /**
     * Sends what this node's shards have to beat now, and not at the next round: whoever has just begun to lead may serve no read before
     * others have answered its first beat. Those asked for in quick succession are sent together.
     */
    void beatSoon();

    /** Asks which replica of the shard a node holds, if any. Fails where it does not answer in time. */
    CompletableFuture<Optional<Found>> describe(ShardId shard, NodeId at);

    /**
     * A replica on another node. Immutable.
     *
     * @param member the replica and its incarnation
     * @param lastSeq last record of its log
     * @param epoch the highest epoch it knows
     * @param leads whether it leads in that epoch
     */
    record Found(Member member, long lastSeq, long epoch, boolean leads) {}

    /**
     * Hands a chunk to a follower; complete when it is on the follower's disk. Fails where the follower cannot be reached
     * or will not take it, or more is under way to it than it is sent at a time.
     */
    CompletableFuture<Void> stage(ShardId shard, NodeId to, long epoch, StagedBytes chunk);

    /**
     * Fetches chunks from another replica.
     *
     * @param sequence the record that names them
     * @param keys chunks of one upload, at least one
     * @param paced the other node sends them no faster than replicas may move
     * @param taker takes each chunk as it comes, on a thread of the transport; must not block. The next one comes when its
     *     future is complete
     * @return completes after the last chunk; chunks that the other replica lacks were left out
     */
    CompletableFuture<Void> fetch(
            ShardId shard,
            NodeId from,
            long sequence,
            List<ChunkKey> keys,
            boolean paced,
            Function<Fetched, CompletableFuture<Void>> taker);

    /** Fetches chunks from another replica as fast as it goes. */
    default CompletableFuture<Void> fetch(
            ShardId shard,
            NodeId from,
            long sequence,
            List<ChunkKey> keys,
            Function<Fetched, CompletableFuture<Void>> taker) {
        return fetch(shard, from, sequence, keys, false, taker);
    }

    /**
     * Fetches a snapshot of the shard from its primary, as fast as the taker takes it.
     *
     * @param epoch the epoch in which the primary leads
     * @param follower the replica that was told to install one
     * @return completes when all of it came, verified, and was taken; cancelling it ends the call
     */
    CompletableFuture<Void> fetchSnapshot(ShardId shard, NodeId from, long epoch, Member follower, SnapshotTaker taker);

    /**
     * Takes a snapshot as it comes: one call at a time, on threads of the transport; must not block. The next one comes
     * when the future is complete; one that fails ends the snapshot.
     */
    interface SnapshotTaker {
        /** What it is of. The first call. */
        CompletableFuture<Void> begun(SnapshotHead head);

        /**
         * Some of it.
         *
         * @param checked holds it against its checksums, which takes milliseconds, and gives it: to be asked once, on a thread that
         *     may be busy for so long; throws IllegalArgumentException where it is not what was sent
         */
        CompletableFuture<Void> part(Supplier<SnapshotPart> checked);
    }

    /**
     * One chunk that was fetched. Immutable.
     *
     * @param key which
     * @param chunk its bytes, verified; null: a committed record made the upload garbage, and it is gone for good
     */
    record Fetched(ChunkKey key, @Nullable Chunk chunk) {}
}
