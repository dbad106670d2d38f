// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What happened to a replica: the only way anything gets into {@link ReplicaCore}. Immutable, each of them.
 *
 * <p>Replication streams are named by numbers. A follower's stream number is drawn by its core ({@link
 * ReplicaAction.OpenStream}); on the primary's side the shell draws one for each stream it accepts. The two never
 * meet: events of a follower's streams are {@link AttachReceived}, {@link AppendReceived}, {@link RefuseReceived} and
 * {@link PrimaryLost}; those of a primary's are {@link HelloReceived}, {@link AckReceived} and {@link FollowerLost}.
 */
public sealed interface ReplicaEvent {
    // ---- this replica

    /**
     * The first event: what was found on disk.
     *
     * @param self this replica and its incarnation
     * @param promisedEpoch the highest epoch promised durably; 0: none
     * @param log the log, all of it durable
     * @param applied last record applied; at most {@code log.lastSeq()}
     * @param installing the disk says that a snapshot was begun and not finished: log and state are empty then, and only
     *     a snapshot will do
     */
    record Booted(Member self, long promisedEpoch, LogShape log, long applied, boolean installing)
            implements ReplicaEvent {
        public Booted {
            if (installing && (log.lastSeq() > 0 || applied > 0)) {
                throw new IllegalArgumentException("a replica being installed has no log yet, not " + log);
            }
        }
    }

    /** Time went by; the shell sends one every {@link ReplicaTiming#tickNanos}. */
    record Tick() implements ReplicaEvent {}

    /** All records up to and with this one are fsynced. In order of the actions that wrote them. */
    record Persisted(LogPosition last) implements ReplicaEvent {}

    /** The promise not to take messages below this epoch is fsynced. */
    record PromisePersisted(long epoch) implements ReplicaEvent {}

    /** A write or an fsync failed, or the storage is corrupt: this incarnation is over. */
    record PersistFailed(String cause) implements ReplicaEvent {}

    /** Whether the disk is so full that it takes no more writes; told when it changes. */
    record RoomSeen(boolean full) implements ReplicaEvent {}

    /** All records up to here are applied. */
    record Applied(long seq) implements ReplicaEvent {}

    /** The log now begins at this record; the answer to {@link ReplicaAction.TrimLog}. */
    record LogTrimmed(long firstSeq) implements ReplicaEvent {}

    /**
     * Records up to this one are older than logs are kept for, or lie in front of the newest bytes they are kept for:
     * whoever still lacks one and does not count shall have a snapshot instead. May be told again and again.
     */
    record LogAged(long upTo) implements ReplicaEvent {}

    /**
     * The primary sends a snapshot of this moment; {@link ReplicaAction.AcceptSnapshot} or {@link
     * ReplicaAction.DeclineSnapshot} follows in this very step.
     *
     * @param at the last record whose effect is in it
     */
    record SnapshotOffered(long stream, LogPosition at) implements ReplicaEvent {}

    /**
     * The snapshot that was accepted replaced everything, durably.
     *
     * @param log the log's shape now: no records, but the place of the last one in the snapshot
     */
    record SnapshotInstalled(long stream, LogShape log) implements ReplicaEvent {}

    /** The snapshot could not be fetched; before it was accepted, what was here is still here, untouched. */
    record SnapshotFailed(long stream) implements ReplicaEvent {}

    // ---- clients and operators

    /**
     * Records to append, in this order.
     *
     * @param handles the shell's names for them
     */
    record Propose(List<Long> handles) implements ReplicaEvent {
        public Propose {
            handles = List.copyOf(handles);
        }
    }

    /**
     * Somebody wants another member to lead.
     *
     * @param ticket the shell's name for the order; {@link ReplicaAction.AnswerOrder} repeats it, exactly once
     * @param target who is to lead; null: whoever is in sync and has caught up most
     */
    record TransferAsked(long ticket, @Nullable NodeId target) implements ReplicaEvent {}

    /**
     * An operator makes this replica primary even if acknowledged records are lost by it.
     *
     * @param ticket the shell's name for the order; {@link ReplicaAction.AnswerOrder} repeats it, exactly once
     */
    record ForceAsked(long ticket) implements ReplicaEvent {}

    /**
     * The process is going to end: lead no longer if somebody else can, and ask to be left out of the in-sync set. Holds
     * for the rest of this life.
     */
    record LeaveAsked() implements ReplicaEvent {}

    // ---- ZooKeeper

    /**
     * The configuration, from a watch or a read: perhaps late.
     *
     * @param found null where the shard has no configuration yet
     */
    record ConfigSeen(@Nullable VersionedConfig found) implements ReplicaEvent {}

    /**
     * The answer to {@link ReplicaAction.ReadConfig}: read after a sync that began after the action.
     *
     * @param found null where the shard has no configuration yet
     */
    record ConfigRead(long ticket, @Nullable VersionedConfig found) implements ReplicaEvent {}

    /** ZooKeeper did not answer the read. */
    record ConfigReadFailed(long ticket) implements ReplicaEvent {}

    /**
     * The answer to {@link ReplicaAction.Cas}.
     *
     * @param ticket the action's
     * @param version the znode's new version; only with {@link CasOutcome#APPLIED}
     */
    record CasAnswered(long ticket, CasOutcome outcome, int version) implements ReplicaEvent {}

    /** Nodes whose ephemeral node exists. In doubt (ZooKeeper out of reach) the last set known. */
    record LivenessSeen(Set<NodeId> live) implements ReplicaEvent {
        public LivenessSeen {
            live = Set.copyOf(live);
        }
    }

    /** Where the controller wants the shard to be. */
    record AssignmentSeen(Map<NodeId, ReplicaRole> replicas, int minInSync) implements ReplicaEvent {
        public AssignmentSeen {
            replicas = Map.copyOf(replicas);
        }
    }

    // ---- as a primary, from followers

    /** A follower opened a stream. */
    record HelloReceived(long stream, Hello hello) implements ReplicaEvent {}

    /** A follower acknowledged. */
    record AckReceived(long stream, Ack ack) implements ReplicaEvent {}

    /**
     * A follower's stream ended.
     *
     * @param refusal why, where the follower told
     */
    record FollowerLost(long stream, @Nullable Refusal refusal) implements ReplicaEvent {}

    /**
     * A follower answered a beat.
     *
     * @param from the node
     * @param sentAt when the beat it answers was handed to the transport, or before
     */
    record BeatAnswered(NodeId from, BeatAnswer answer, Now sentAt) implements ReplicaEvent {}

    // ---- as a follower, from the primary

    /** The primary took us on. */
    record AttachReceived(long stream, Attach attach) implements ReplicaEvent {}

    /** Records came. Their bytes wait in the shell until {@link ReplicaAction.AcceptAppend} or the next event. */
    record AppendReceived(long stream, Append append) implements ReplicaEvent {}

    /** The primary refused us. */
    record RefuseReceived(long stream, Refusal refusal) implements ReplicaEvent {}

    /**
     * The stream to the primary ended or could not be opened.
     *
     * @param refused nothing listens at the primary's address: its process has most likely ended
     */
    record PrimaryLost(long stream, boolean refused) implements ReplicaEvent {}

    /**
     * A primary's beat came.
     *
     * @param from the primary
     * @param ticket the shell's name for the beat; {@link ReplicaAction.AnswerBeat} repeats it
     * @param sentAfter a moment by this process's clocks at which the beat had certainly not been sent yet: when this
     *     node answered the last round that the beat's message says was answered. Null: unknown. Bounds how stale
     *     reads here are
     */
    record BeatReceived(
            NodeId from, long ticket, Beat beat, @Nullable Now sentAfter) implements ReplicaEvent {}

    /** The primary told us that we lead from this epoch on. A hint: what counts stands in ZooKeeper. */
    record HandoverReceived(NodeId from, long epoch) implements ReplicaEvent {}

    // ---- elections

    /** A candidate asks; {@code ticket} is the shell's name for the call, {@link ReplicaAction.AnswerBallot} repeats it. */
    record BallotReceived(long ticket, Ballot ballot) implements ReplicaEvent {}

    /** A member will not answer our ballot: it could not be reached. */
    record BallotFailed(NodeId from, long round) implements ReplicaEvent {}

    /** A member answered our ballot. */
    record BallotAnswered(NodeId from, BallotAnswer answer) implements ReplicaEvent {}
}
