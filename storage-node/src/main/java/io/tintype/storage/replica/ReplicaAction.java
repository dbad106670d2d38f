// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the shell is to do. Immutable, each of them. Actions of one step are carried out in order, and those that
 * touch this replica's disk in order over all steps: through one queue, so that {@link ReplicaEvent.Persisted} for a
 * record implies that every earlier disk action is durable as well.
 */
public sealed interface ReplicaAction {
    // ---- this replica's disk

    /** Write durably that nothing below this epoch will be taken; then {@link ReplicaEvent.PromisePersisted}. */
    record PersistPromise(long epoch) implements ReplicaAction {}

    /**
     * Append proposals to the log as records {@code firstSeq}, {@code firstSeq + 1} and so on; then {@link
     * ReplicaEvent.Persisted}.
     */
    record AppendProposals(long epoch, long firstSeq, List<Long> handles) implements ReplicaAction {}

    /**
     * Append the record that opens an epoch; then {@link ReplicaEvent.Persisted}.
     *
     * @param losses how often data was given up, which the record tells the state machine
     */
    record AppendEpochStart(LogPosition at, LogPosition previous, int losses) implements ReplicaAction {}

    /**
     * Append the records of the {@link ReplicaEvent.AppendReceived} of this very step, fetch the chunks they name and
     * lack; then {@link ReplicaEvent.Persisted}.
     */
    record AcceptAppend(Append append) implements ReplicaAction {}

    /** Drop all records behind this one. No event follows. */
    record Truncate(LogPosition last) implements ReplicaAction {}

    /** Apply records up to this one, all of them durable here; then {@link ReplicaEvent.Applied}. */
    record ApplyUpTo(long seq) implements ReplicaAction {}

    /**
     * Ask the primary for a snapshot, changing nothing yet; then {@link ReplicaEvent.SnapshotOffered} or {@link
     * ReplicaEvent.SnapshotFailed}.
     */
    record InstallSnapshot(long stream, NodeId primary, long epoch) implements ReplicaAction {}

    /**
     * Note durably that an installation is under way, drop everything but promise and incarnation, and put the snapshot
     * that was offered in place; then {@link ReplicaEvent.SnapshotInstalled}, or {@link ReplicaEvent.SnapshotFailed} with
     * the note still there.
     */
    record AcceptSnapshot(long stream) implements ReplicaAction {}

    /** Do not take the snapshot that was offered; what is here stays. Nothing follows. */
    record DeclineSnapshot(long stream) implements ReplicaAction {}

    /**
     * Drop all records up to this one, in the background, as far as the log still has them; then {@link
     * ReplicaEvent.LogTrimmed}. Always answered, unless the replica fails.
     */
    record TrimLog(long upTo) implements ReplicaAction {}

    /** This incarnation is over: stop, wipe, and come back as another one. Nothing follows. */
    record Fail(String cause) implements ReplicaAction {}

    // ---- as a follower

    /** Open a stream to the primary and send this; a stream that is open already ends. */
    record OpenStream(long stream, NodeId primary, Hello hello) implements ReplicaAction {}

    /**
     * End the stream. No event follows.
     *
     * @param stalled nothing came over it: the connection that carries it may be dead, so that the next stream should have
     *     another one
     */
    record CloseStream(long stream, boolean stalled) implements ReplicaAction {}

    /** Acknowledge on the stream. */
    record SendAck(long stream, Ack ack) implements ReplicaAction {}

    /** Refuse on the stream and end it. No event follows. */
    record RefusePrimary(long stream, Refusal refusal) implements ReplicaAction {}

    /** Answer a beat: in the very step of the beat, or never. */
    record AnswerBeat(NodeId to, long ticket, BeatAnswer answer) implements ReplicaAction {}

    // ---- as a primary

    /** Take a follower on. */
    record SendAttach(long stream, Attach attach) implements ReplicaAction {}

    /**
     * Send records {@code previous.seq() + 1} to {@code lastSeq} in order, in as many messages as their sizes ask
     * for; with none, the commit mark alone.
     */
    record SendAppend(long stream, long epoch, long cfg, LogPosition previous, long lastSeq, long committed)
            implements ReplicaAction {}

    /** Refuse a follower and end its stream. No event follows. */
    record RefuseFollower(long stream, Refusal refusal) implements ReplicaAction {}

    /** End a follower's stream. No event follows. */
    record DropFollower(long stream) implements ReplicaAction {}

    /** Tell a member that it leads from this epoch on. Lost: it finds out by itself. */
    record SendHandover(NodeId to, long epoch) implements ReplicaAction {}

    // ---- ZooKeeper

    /** Sync, read; then {@link ReplicaEvent.ConfigRead} or {@link ReplicaEvent.ConfigReadFailed}. */
    record ReadConfig(long ticket) implements ReplicaAction {}

    /** Compare-and-set; then exactly one {@link ReplicaEvent.CasAnswered}. No retries of the shell's own. */
    record Cas(long ticket, ShardConfig next, int expectedVersion) implements ReplicaAction {}

    // ---- elections

    /** Ask a member; then {@link ReplicaEvent.BallotAnswered}, or nothing where it cannot be reached. */
    record AskBallot(NodeId to, Ballot ballot) implements ReplicaAction {}

    /** Answer a ballot. */
    record AnswerBallot(long ticket, BallotAnswer answer) implements ReplicaAction {}

    // ---- clients and operators

    /**
     * An order ended.
     *
     * @param ticket the order's
     * @param epoch the epoch it led to; where it changed nothing, the one known here
     * @param primary who leads in that epoch; null: nobody, as far as is known here
     */
    record AnswerOrder(
            long ticket,
            OrderOutcome outcome,
            long epoch,
            @Nullable NodeId primary) implements ReplicaAction {}

    /** These proposals came to nothing. */
    record FailProposals(List<Long> handles, Rejection reason) implements ReplicaAction {}

    /** All proposals appended and not yet committed: tell their callers that the outcome is unknown. */
    record FailOpenProposals() implements ReplicaAction {}

    /** This replica leads from here on. */
    record BecamePrimary(long epoch) implements ReplicaAction {}

    /** This replica leads no longer; {@link FailOpenProposals} came before. */
    record SteppedDown(long epoch) implements ReplicaAction {}
}
