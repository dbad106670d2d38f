// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.replica.Ballot;
import io.tintype.storage.replica.BallotAnswer;
import io.tintype.storage.replica.Beat;
import io.tintype.storage.replica.BeatAnswer;
import io.tintype.storage.replica.Hello;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.Now;
import io.tintype.storage.replica.OrderOutcome;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What other nodes may tell a shard. Thread-safe; never blocks, but for {@link #serve}. */
public interface PeerInbox {
    /** The replica. */
    ShardReplica replica();

    /** The replica and its incarnation. */
    Member self();

    /** Reads and changes a second that were asked for, lately. */
    double callsPerSecond();

    /** A follower opened a stream; what it says from here on goes to the answer. */
    FollowerLink.Events hello(Hello hello, FollowerLink link);

    /**
     * What to beat, and to whom; empty where this replica does not lead. Completes on the shard's loop, soon, but not before
     * another replica's that is slow: who waits sets a limit.
     */
    CompletableFuture<Optional<Beating>> beat();

    /**
     * One shard's part in this node's heartbeat. Immutable.
     *
     * @param beat what to say
     * @param to whom
     */
    record Beating(Beat beat, Set<NodeId> to) {}

    /**
     * A primary's beat came; the answer is empty where none is to be given. Completes as that of {@link #beat}. See
     * ReplicaEvent.BeatReceived.
     */
    CompletableFuture<Optional<BeatAnswer>> beaten(NodeId from, Beat beat, @Nullable Now sentAfter);

    /** A follower answered a beat that was made after {@code sentAt}. */
    void beatAnswered(NodeId from, BeatAnswer answer, Now sentAt);

    /** A candidate asks about an election. */
    CompletableFuture<BallotAnswer> ballot(Ballot ballot);

    /** A primary says that it handed the shard over to this replica. */
    void handedOver(NodeId from, long epoch);

    /**
     * Has this replica hand the shard over. Completes once the successor's epoch stands in ZooKeeper, or with what came
     * in between; fails with UNAVAILABLE where the replica does not answer.
     *
     * @param to who is to lead; null: whoever is in sync and has caught up most
     */
    CompletableFuture<OrderResult> transfer(@Nullable NodeId to);

    /**
     * Makes this replica primary, whatever acknowledged records it lacks. As {@link #transfer}.
     */
    CompletableFuture<OrderResult> force();

    /**
     * What came of an order. Immutable.
     *
     * @param outcome what
     * @param epoch the epoch it led to; where it changed nothing, the one known here
     * @param primary who leads in that epoch; null: nobody, as far as is known here
     */
    record OrderResult(
            OrderOutcome outcome, long epoch, @Nullable NodeId primary) {}

    /**
     * A primary hands over a chunk, verified. Completes when it is on this disk; fails with NOT_PRIMARY when the epoch is
     * stale, OVERLOADED, DISK_FULL, UNAVAILABLE.
     */
    CompletableFuture<Void> stageReceived(long epoch, StagedBytes chunk);

    /**
     * A snapshot of this shard, to be closed by the caller. Fails with NOT_PRIMARY unless this replica leads in the epoch
     * and told the follower to install one; OVERLOADED when enough snapshots are being sent; UNAVAILABLE.
     */
    CompletableFuture<OutgoingSnapshot> snapshot(Member follower, long epoch);

    /**
     * A chunk for a follower that lacks it, or that it is gone; empty: not here. Blocks on the disk.
     *
     * @param sequence the record that names it
     */
    Optional<Peers.Fetched> serve(ChunkKey key, long sequence);

    /** Nanoseconds to rest after so many bytes of a copy were sent to another node. */
    long copied(long bytes);
}
