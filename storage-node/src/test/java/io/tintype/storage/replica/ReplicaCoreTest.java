// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Single replicas, told step by step what happens, but for snapshots. What several do together is the simulator's. */
final class ReplicaCoreTest extends SingleReplica {
    @Test
    void theOnlyReplicaElectsItselfAndServesOnceItsEpochIsApplied() {
        var cas = stand();
        assertThat(cas.expectedVersion()).isEqualTo(3);
        assertThat(cas.next().epoch()).isEqualTo(1);
        var opened = step(new ReplicaEvent.CasAnswered(cas.ticket(), CasOutcome.APPLIED, 4));
        var first = new LogPosition(1, 1);
        assertThat(opened)
                .containsExactly(
                        new ReplicaAction.AppendEpochStart(first, LogPosition.NONE, 0),
                        new ReplicaAction.BecamePrimary(1));
        assertThat(core.permit().isValid(now())).isFalse();
        assertThat(step(new ReplicaEvent.Persisted(first))).containsExactly(new ReplicaAction.ApplyUpTo(1));
        step(new ReplicaEvent.Applied(1));
        assertThat(core.permit().isValid(now())).isTrue();
    }

    @Test
    void aValueReadBeforeThePredecessorsCommitsWereAppliedIsNotCoveredByTheLeaseThatComesLater() {
        var cas = stand();
        step(new ReplicaEvent.CasAnswered(cas.ticket(), CasOutcome.APPLIED, 4));
        var before = core.permit();
        step(new ReplicaEvent.Persisted(new LogPosition(1, 1)));
        step(new ReplicaEvent.Applied(1));
        assertThat(core.permit().isValid(now())).isTrue();
        assertThat(core.permit().covers(before, now())).isFalse();
        assertThat(core.permit().covers(core.permit(), now())).isTrue();
    }

    @Test
    void anEpochThatNobodyCanHavePromisedIsNeitherPromisedNorAnswered() {
        boot(3, LogShape.empty(), pair(3, B));
        var absurd = step(new ReplicaEvent.BeatReceived(B, 7, new Beat(1L << 62, 0, 0, false, 0, false), null));
        assertThat(absurd)
                .as("asks ZooKeeper, and does nothing else")
                .hasSize(1)
                .first()
                .isInstanceOf(ReplicaAction.ReadConfig.class);
        assertThat(core.status().epoch()).isEqualTo(3);

        var read = (ReplicaAction.ReadConfig) absurd.get(0);
        step(new ReplicaEvent.ConfigRead(read.ticket(), new VersionedConfig(pair(8, B), 9)));
        step(new ReplicaEvent.PromisePersisted(8));
        assertThat(step(new ReplicaEvent.BeatReceived(B, 8, new Beat(8, 0, 0, false, 0, false), null)))
                .as("news that ZooKeeper told of")
                .anyMatch(ReplicaAction.AnswerBeat.class::isInstance);
        assertThat(step(new ReplicaEvent.BeatReceived(B, 9, new Beat(9, 0, 0, false, 0, false), null)))
                .as("the next one may be anybody's")
                .contains(new ReplicaAction.PersistPromise(9));
    }

    @Test
    void aLostAnswerIsSettledByWhoWroteWhatStandsThere() {
        var cas = stand();
        var read = only(
                ReplicaAction.ReadConfig.class,
                step(new ReplicaEvent.CasAnswered(cas.ticket(), CasOutcome.UNKNOWN, 0)));
        var found = new VersionedConfig(cas.next(), 4);
        only(ReplicaAction.BecamePrimary.class, step(new ReplicaEvent.ConfigRead(read.ticket(), found)));
    }

    @Test
    void aLostAnswerAndAnUnmovedZnodeMeanAskingForTheVerySameChangeAgainAfterAPause() {
        var cas = stand();
        var read = only(
                ReplicaAction.ReadConfig.class,
                step(new ReplicaEvent.CasAnswered(cas.ticket(), CasOutcome.UNKNOWN, 0)));
        assertThat(step(new ReplicaEvent.ConfigRead(read.ticket(), new VersionedConfig(alone(), 3))))
                .as("what cannot be written at all would else be asked for without end")
                .isEmpty();
        assertThat(step(new ReplicaEvent.Tick())).isEmpty();
        millis += ReplicaTiming.DEFAULT.retryNanos() / MILLI;
        var again = only(ReplicaAction.Cas.class, step(new ReplicaEvent.Tick()));
        assertThat(again.next()).isEqualTo(cas.next());
        assertThat(again.expectedVersion()).isEqualTo(3);
        assertThat(step(new ReplicaEvent.Tick())).as("an answer is awaited").isEmpty();
    }

    @Test
    void aChangeThatIsToBeAskedForAgainIsSettledByWhatIsSeenMeanwhile() {
        var cas = stand();
        var read = only(
                ReplicaAction.ReadConfig.class,
                step(new ReplicaEvent.CasAnswered(cas.ticket(), CasOutcome.UNKNOWN, 0)));
        step(new ReplicaEvent.ConfigRead(read.ticket(), new VersionedConfig(alone(), 3)));
        only(ReplicaAction.BecamePrimary.class, step(new ReplicaEvent.ConfigSeen(new VersionedConfig(cas.next(), 4))));
    }

    @Test
    void whoPromisedAnEpochAndLedItInAnEarlierLifeMustBeElectedAnew() {
        var log = new LogShape(List.of(new EpochStart(4, 1)), 1, 5);
        boot(4, log, pair(4, A));
        assertThat(core.status().state()).isEqualTo(ReplicaState.FOLLOWER);
        assertThat(only(ReplicaAction.ReadConfig.class, step(new ReplicaEvent.Tick())))
                .isNotNull();
        assertThat(core.status().state()).isEqualTo(ReplicaState.PRE_ELECT);
    }

    // ---- following

    @Test
    void anAcknowledgementWaitsForThePromiseAndForTheRecords() {
        long stream = follow();
        assertThat(step(new ReplicaEvent.AttachReceived(stream, new Attach(4, 5, LogPosition.NONE, false, false))))
                .isEmpty();
        var append = new Append(4, 5, LogPosition.NONE, List.of(new EpochStart(4, 1)), 2, 0);
        assertThat(step(new ReplicaEvent.AppendReceived(stream, append)))
                .containsExactly(new ReplicaAction.AcceptAppend(append));
        assertThat(step(new ReplicaEvent.Persisted(new LogPosition(4, 2)))).isEmpty();
        assertThat(step(new ReplicaEvent.PromisePersisted(4)))
                .containsExactly(new ReplicaAction.SendAck(stream, new Ack(4, 1, 2)));
    }

    @Test
    void aGapIsRefusedAndTheStreamEnds() {
        long stream = follow();
        step(new ReplicaEvent.AttachReceived(stream, new Attach(4, 5, LogPosition.NONE, false, false)));
        var append = new Append(4, 5, new LogPosition(4, 1), List.of(new EpochStart(4, 2)), 2, 0);
        assertThat(step(new ReplicaEvent.AppendReceived(stream, append)))
                .containsExactly(new ReplicaAction.RefusePrimary(stream, new Refusal(RefuseReason.GAP, 4)));
    }

    @Test
    void aBeatBelowThePromiseIsToldOfTheHigherEpochAndGrantsNothing() {
        follow();
        step(new ReplicaEvent.PromisePersisted(4));
        var answer = only(
                ReplicaAction.AnswerBeat.class,
                step(new ReplicaEvent.BeatReceived(B, 9, new Beat(3, 0, 0, true, 0, false), null)));
        assertThat(answer.answer().epoch()).isEqualTo(4);
    }

    @Test
    void aBeatIsAnsweredOnlyOnceThePromiseIsDurable() {
        follow();
        var beat = new ReplicaEvent.BeatReceived(B, 9, new Beat(4, 0, 0, true, 0, false), null);
        assertThat(step(beat)).isEmpty();
        step(new ReplicaEvent.PromisePersisted(4));
        assertThat(step(beat))
                .containsExactly(new ReplicaAction.AnswerBeat(B, 9, new BeatAnswer(4, 1, 0, true, false, false)));
    }

    @Test
    void whoGrantedALeaseAgreesToNoElectionBeforeTheGrantIsOver() {
        follow();
        step(new ReplicaEvent.PromisePersisted(4));
        step(new ReplicaEvent.BeatReceived(B, 9, new Beat(4, 0, 0, true, 0, false), null));
        var ballot = new Ballot(AT_B, 4, 1);
        millis += ReplicaTiming.DEFAULT.grantNanos() / MILLI - 2;
        assertThat(only(ReplicaAction.AnswerBallot.class, step(new ReplicaEvent.BallotReceived(1, ballot)))
                        .answer()
                        .agreed())
                .isFalse();
        millis += 2;
        assertThat(only(ReplicaAction.AnswerBallot.class, step(new ReplicaEvent.BallotReceived(2, ballot)))
                        .answer()
                        .agreed())
                .isTrue();
    }

    @Test
    void anElectableReplicaNeverGivesItsLogUpForASnapshot() {
        long stream = follow();
        assertThat(step(new ReplicaEvent.AttachReceived(stream, new Attach(4, 5, LogPosition.NONE, true, false))))
                .noneMatch(ReplicaAction.InstallSnapshot.class::isInstance);
    }

    // ---- trimming

    @Test
    void theLogIsTrimmedInStepsAndOnlyUpToWhatNoCrashUndoes() {
        var cas = stand();
        step(new ReplicaEvent.CasAnswered(cas.ticket(), CasOutcome.APPLIED, 4));
        step(new ReplicaEvent.Persisted(new LogPosition(1, 1)));
        step(new ReplicaEvent.Applied(1));
        append(2, 1_500);
        assertThat(step(new ReplicaEvent.Tick()))
                .as("applied, and not yet durably")
                .isEmpty();
        append(1_502, 1);
        var trim = only(ReplicaAction.TrimLog.class, step(new ReplicaEvent.Tick()));
        assertThat(trim.upTo()).isEqualTo(1_501);
        assertThat(step(new ReplicaEvent.Tick())).as("one at a time").isEmpty();
        step(new ReplicaEvent.LogTrimmed(1_502));
        assertThat(core.log().firstSeq()).isEqualTo(1_502);
        append(1_503, 100);
        append(1_603, 1);
        assertThat(step(new ReplicaEvent.Tick())).as("less than a step").isEmpty();
    }

    /** Proposes records, all of which become durable and are applied. */
    private void append(long first, int count) {
        step(new ReplicaEvent.Propose(
                LongStream.range(first, first + count).boxed().toList()));
        step(new ReplicaEvent.Persisted(new LogPosition(1, first + count - 1)));
        step(new ReplicaEvent.Applied(first + count - 1));
    }

    @Test
    void theFirstFailedFsyncEndsTheIncarnation() {
        long stream = follow();
        assertThat(step(new ReplicaEvent.PersistFailed("EIO")))
                .containsExactly(new ReplicaAction.CloseStream(stream, false), new ReplicaAction.Fail("EIO"));
        assertThat(step(new ReplicaEvent.PromisePersisted(4))).isEmpty();
        assertThat(step(new ReplicaEvent.BeatReceived(B, 9, new Beat(4, 0, 0, true, 0, false), null)))
                .isEmpty();
        var ballot = new ReplicaEvent.BallotReceived(1, new Ballot(AT_B, 4, 1));
        assertThat(only(ReplicaAction.AnswerBallot.class, step(ballot)).answer().member())
                .as("a failed replica is no member to ask")
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void theEpochNeverFallsWhateverHappens(long seed) {
        var chance = new SplittableRandom(seed);
        boot(1, LogShape.empty(), pair(1, B));
        long epoch = 0;
        var seen = new ArrayList<ReplicaEvent>();
        for (int i = 0; i < 2_000; i++) {
            var event = anything(chance);
            seen.add(event);
            step(event);
            assertThat(core.status().epoch())
                    .as("seed %d behind %s", seed, event)
                    .isGreaterThanOrEqualTo(epoch);
            epoch = core.status().epoch();
            millis += chance.nextInt(400);
        }
        assertThat(seen).hasSize(2_000);
    }

    private static ReplicaEvent anything(SplittableRandom chance) {
        long small = chance.nextLong(1, 12);
        return switch (chance.nextInt(12)) {
            case 0 ->
                new ReplicaEvent.BeatReceived(
                        B, small, new Beat(small, small, small, true, 0, chance.nextInt(4) == 0), null);
            case 1 -> new ReplicaEvent.PromisePersisted(small);
            case 2 ->
                new ReplicaEvent.ConfigSeen(
                        new VersionedConfig(pair(small, chance.nextBoolean() ? A : B), (int) small));
            case 3 -> new ReplicaEvent.AttachReceived(small, new Attach(small, small, LogPosition.NONE, false, false));
            case 4 -> new ReplicaEvent.Persisted(new LogPosition(small, small));
            case 5 -> new ReplicaEvent.BallotReceived(small, new Ballot(AT_B, small, small));
            case 6 -> new ReplicaEvent.HelloReceived(small, new Hello(AT_B, small, LogShape.empty(), 0, false));
            case 7 -> new ReplicaEvent.RefuseReceived(small, new Refusal(RefuseReason.STALE_EPOCH, small));
            case 8 -> new ReplicaEvent.PrimaryLost(small, false);
            case 9 -> new ReplicaEvent.ConfigReadFailed(small);
            case 10 -> new ReplicaEvent.Propose(List.of(small));
            default -> new ReplicaEvent.Tick();
        };
    }
}
