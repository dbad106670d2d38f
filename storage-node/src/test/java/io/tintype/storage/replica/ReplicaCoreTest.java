// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Single replicas, told step by step what happens. What several do together is the simulator's. */
final class ReplicaCoreTest {
    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final Member AT_A = new Member(A, 1);
    private static final Member AT_B = new Member(B, 2);
    private static final long MILLI = 1_000_000;

    private final ReplicaCore core = new ReplicaCore(ReplicaTiming.DEFAULT);
    private final SplittableRandom random = new SplittableRandom(1);
    private long millis = 1_000;

    private Now now() {
        return new Now(millis * MILLI, millis);
    }

    private List<ReplicaAction> step(ReplicaEvent event) {
        millis++;
        return core.step(event, now(), random);
    }

    private <T extends ReplicaAction> T only(Class<T> type, List<ReplicaAction> actions) {
        var found = actions.stream().filter(type::isInstance).map(type::cast).toList();
        assertThat(found).as("%s among %s", type.getSimpleName(), actions).hasSize(1);
        return found.get(0);
    }

    private static ShardConfig pair(long epoch, NodeId primary) {
        return new ShardConfig(
                epoch + 1,
                epoch,
                primary,
                Set.of(AT_A, AT_B),
                Set.of(),
                Map.of(A, ReplicaRole.VOTER, B, ReplicaRole.VOTER),
                2,
                ShardLifecycle.ACTIVE,
                0,
                primary,
                7);
    }

    private static ShardConfig alone() {
        return ShardConfig.initial(Set.of(AT_A), Map.of(A, ReplicaRole.VOTER), 1);
    }

    private void boot(long promised, LogShape log, ShardConfig config) {
        step(new ReplicaEvent.Booted(AT_A, promised, log, 0, false));
        step(new ReplicaEvent.ConfigSeen(new VersionedConfig(config, 3)));
    }

    /** Lets the only replica of a shard stand, up to its compare-and-set. */
    private ReplicaAction.Cas stand() {
        boot(0, LogShape.empty(), alone());
        var read = only(ReplicaAction.ReadConfig.class, step(new ReplicaEvent.Tick()));
        var promise = only(
                ReplicaAction.PersistPromise.class,
                step(new ReplicaEvent.ConfigRead(read.ticket(), new VersionedConfig(alone(), 3))));
        assertThat(promise.epoch()).isEqualTo(1);
        return only(ReplicaAction.Cas.class, step(new ReplicaEvent.PromisePersisted(1)));
    }

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
        var absurd = step(new ReplicaEvent.BeatReceived(B, 7, new Beat(1L << 62, 0, 0, false, 0, false), 0));
        assertThat(absurd)
                .as("asks ZooKeeper, and does nothing else")
                .hasSize(1)
                .first()
                .isInstanceOf(ReplicaAction.ReadConfig.class);
        assertThat(core.status().epoch()).isEqualTo(3);

        var read = (ReplicaAction.ReadConfig) absurd.get(0);
        step(new ReplicaEvent.ConfigRead(read.ticket(), new VersionedConfig(pair(8, B), 9)));
        step(new ReplicaEvent.PromisePersisted(8));
        assertThat(step(new ReplicaEvent.BeatReceived(B, 8, new Beat(8, 0, 0, false, 0, false), 0)))
                .as("news that ZooKeeper told of")
                .anyMatch(ReplicaAction.AnswerBeat.class::isInstance);
        assertThat(step(new ReplicaEvent.BeatReceived(B, 9, new Beat(9, 0, 0, false, 0, false), 0)))
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
    void aLostAnswerAndAnUnmovedZnodeMeanAskingForTheVerySameChangeAgain() {
        var cas = stand();
        var read = only(
                ReplicaAction.ReadConfig.class,
                step(new ReplicaEvent.CasAnswered(cas.ticket(), CasOutcome.UNKNOWN, 0)));
        var again = only(
                ReplicaAction.Cas.class,
                step(new ReplicaEvent.ConfigRead(read.ticket(), new VersionedConfig(alone(), 3))));
        assertThat(again.next()).isEqualTo(cas.next());
        assertThat(again.expectedVersion()).isEqualTo(3);
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

    private long follow() {
        step(new ReplicaEvent.Booted(AT_A, 3, LogShape.empty(), 0, false));
        return only(
                ReplicaAction.OpenStream.class, step(new ReplicaEvent.ConfigSeen(new VersionedConfig(pair(4, B), 5))))
                .stream();
    }

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
                step(new ReplicaEvent.BeatReceived(B, 9, new Beat(3, 0, 0, true, 0, false), Long.MIN_VALUE)));
        assertThat(answer.answer().epoch()).isEqualTo(4);
    }

    @Test
    void aBeatIsAnsweredOnlyOnceThePromiseIsDurable() {
        follow();
        var beat = new ReplicaEvent.BeatReceived(B, 9, new Beat(4, 0, 0, true, 0, false), Long.MIN_VALUE);
        assertThat(step(beat)).isEmpty();
        step(new ReplicaEvent.PromisePersisted(4));
        assertThat(step(beat))
                .containsExactly(new ReplicaAction.AnswerBeat(B, 9, new BeatAnswer(4, 1, 0, true, false, false)));
    }

    @Test
    void whoGrantedALeaseAgreesToNoElectionBeforeTheGrantIsOver() {
        follow();
        step(new ReplicaEvent.PromisePersisted(4));
        step(new ReplicaEvent.BeatReceived(B, 9, new Beat(4, 0, 0, true, 0, false), Long.MIN_VALUE));
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

    // ---- snapshots

    private static final LogShape FIVE = new LogShape(List.of(new EpochStart(2, 1)), 1, 5);

    /** B leads alone; A is a replica that does not count. */
    private static ShardConfig withoutA() {
        return new ShardConfig(
                9,
                4,
                B,
                Set.of(AT_B),
                Set.of(),
                Map.of(A, ReplicaRole.VOTER, B, ReplicaRole.VOTER),
                1,
                ShardLifecycle.ACTIVE,
                0,
                B,
                7);
    }

    private ReplicaAction.OpenStream learn(LogShape log, boolean installing) {
        step(new ReplicaEvent.Booted(AT_A, 4, log, 0, installing));
        return only(
                ReplicaAction.OpenStream.class, step(new ReplicaEvent.ConfigSeen(new VersionedConfig(withoutA(), 5))));
    }

    private long learnAndInstall(LogShape log) {
        long stream = learn(log, false).stream();
        assertThat(step(new ReplicaEvent.AttachReceived(stream, new Attach(4, 9, LogPosition.NONE, true, false))))
                .containsExactly(new ReplicaAction.InstallSnapshot(stream, B, 4));
        return stream;
    }

    @Test
    void aSnapshotThatIsAheadIsAcceptedAndTheLogGoesOnBehindIt() {
        long stream = learnAndInstall(FIVE);
        assertThat(step(new ReplicaEvent.SnapshotOffered(stream, new LogPosition(4, 20))))
                .containsExactly(new ReplicaAction.AcceptSnapshot(stream));
        assertThat(core.status().state()).isEqualTo(ReplicaState.INSTALLING);
        assertThat(core.isWhole()).isFalse();
        assertThat(core.hasApplied(new LogPosition(2, 1))).isFalse();
        var behind = new LogShape(List.of(new EpochStart(4, 7)), 21, 20);
        var actions = step(new ReplicaEvent.SnapshotInstalled(stream, behind));
        var hello = only(ReplicaAction.OpenStream.class, actions).hello();
        assertThat(hello.log()).isEqualTo(behind);
        assertThat(hello.committed()).isEqualTo(20);
        assertThat(hello.installing()).isFalse();
        assertThat(core.isWhole()).isTrue();
        assertThat(core.hasApplied(new LogPosition(4, 20))).isTrue();
    }

    @Test
    void aSnapshotThatIsNotAheadIsDeclinedAndChangesNothing() {
        long stream = learnAndInstall(FIVE);
        assertThat(step(new ReplicaEvent.SnapshotOffered(stream, new LogPosition(2, 5))))
                .contains(new ReplicaAction.DeclineSnapshot(stream))
                .noneMatch(ReplicaAction.AcceptSnapshot.class::isInstance);
        assertThat(core.log()).isEqualTo(FIVE);
        assertThat(core.isWhole()).isTrue();
    }

    /** Shared up to record 3, of which 2 are applied; the rest is of an epoch that came to nothing. */
    private static final LogShape FORKED = new LogShape(List.of(new EpochStart(1, 1), new EpochStart(3, 4)), 1, 9);

    private long learnAndInstallForked(LogPosition parting) {
        step(new ReplicaEvent.Booted(AT_A, 4, FORKED, 2, false));
        long stream = only(
                ReplicaAction.OpenStream.class, step(new ReplicaEvent.ConfigSeen(new VersionedConfig(withoutA(), 5))))
                .stream();
        step(new ReplicaEvent.AttachReceived(stream, new Attach(4, 9, parting, true, false)));
        return stream;
    }

    @Test
    void aTailThatLeadsNowhereIsNoReasonToDeclineASnapshot() {
        long stream = learnAndInstallForked(new LogPosition(1, 3));
        assertThat(step(new ReplicaEvent.SnapshotOffered(stream, new LogPosition(1, 20))))
                .containsExactly(new ReplicaAction.AcceptSnapshot(stream));
    }

    @Test
    void aSnapshotMustReachAsFarAsTheLogsWereTheSame() {
        long stream = learnAndInstallForked(new LogPosition(1, 3));
        assertThat(step(new ReplicaEvent.SnapshotOffered(stream, new LogPosition(1, 3))))
                .contains(new ReplicaAction.DeclineSnapshot(stream));
        assertThat(core.log()).isEqualTo(FORKED);
    }

    @Test
    void aPartingThatIsNotInTheLogOrBelowWhatWasAppliedIsIgnored() {
        long stream = learnAndInstallForked(new LogPosition(2, 3));
        assertThat(step(new ReplicaEvent.SnapshotOffered(stream, new LogPosition(1, 20))))
                .contains(new ReplicaAction.DeclineSnapshot(stream));
        assertThat(core.log()).isEqualTo(FORKED);
    }

    @Test
    void aPrimaryTellsWhereAFollowerThatNeedsASnapshotLeftItsLog() {
        // Trimmed to record 41; elected anew, nothing of its epoch committed yet.
        var mine = new LogShape(List.of(new EpochStart(1, 1)), 41, 50);
        step(new ReplicaEvent.Booted(AT_A, 3, mine, 50, false));
        step(new ReplicaEvent.ConfigSeen(new VersionedConfig(pair(3, B), 3)));
        step(new ReplicaEvent.ConfigSeen(new VersionedConfig(aloneOfTwo(4), 4)));
        step(new ReplicaEvent.PromisePersisted(4));
        var theirs = new LogShape(List.of(new EpochStart(1, 1), new EpochStart(2, 31)), 1, 60);
        var attach = only(
                        ReplicaAction.SendAttach.class,
                        step(new ReplicaEvent.HelloReceived(1, new Hello(AT_B, 0, theirs, 25, false))))
                .attach();
        assertThat(attach.snapshot()).isTrue();
        assertThat(attach.disowned()).isFalse();
        assertThat(attach.truncateTo()).isEqualTo(new LogPosition(1, 30));

        var applied = only(
                        ReplicaAction.SendAttach.class,
                        step(new ReplicaEvent.HelloReceived(2, new Hello(AT_B, 0, theirs, 35, false))))
                .attach();
        assertThat(applied.truncateTo()).as("what was applied is not cut").isEqualTo(LogPosition.NONE);
        assertThat(applied.disowned()).isTrue();

        var elsewhere = new LogShape(List.of(new EpochStart(2, 20)), 26, 60);
        var unknown = only(
                        ReplicaAction.SendAttach.class,
                        step(new ReplicaEvent.HelloReceived(3, new Hello(AT_B, 0, elsewhere, 25, false))))
                .attach();
        assertThat(unknown.disowned()).isTrue();
    }

    @Test
    void aNewcomerIsFedItsBacklogAtThePaceOfMovesThoughTheStreamBreaksAndNobodyElseIs() {
        lead(fiftyRecords(), aloneOfTwo(4));
        var some = new LogShape(List.of(new EpochStart(1, 1)), 1, 20);

        assertThat(attach(1, AT_B, some).backlog())
                .as("who has something was here before, and is missed")
                .isZero();
        assertThat(attach(2, new Member(B, 3), LogShape.empty()).backlog())
                .as("what was committed when it came")
                .isEqualTo(50);
        assertThat(attach(3, new Member(B, 3), some).backlog())
                .as("the stream broke")
                .isEqualTo(50);
        assertThat(attach(4, new Member(B, 4), some).backlog())
                .as("another incarnation")
                .isZero();
    }

    @Test
    void whoCountsIsNeverHeldBackThoughItsLogIsEmpty() {
        lead(fiftyRecords(), handedOver(4, Set.of(AT_A, AT_B)));
        assertThat(attach(1, AT_B, LogShape.empty()).backlog()).isZero();
    }

    /** All of them committed. */
    private static ReplicaEvent.Booted fiftyRecords() {
        return new ReplicaEvent.Booted(AT_A, 3, new LogShape(List.of(new EpochStart(1, 1)), 1, 50), 50, false);
    }

    private void lead(ReplicaEvent.Booted booted, ShardConfig config) {
        step(booted);
        step(new ReplicaEvent.ConfigSeen(new VersionedConfig(pair(3, B), 3)));
        step(new ReplicaEvent.ConfigSeen(new VersionedConfig(config, 4)));
        step(new ReplicaEvent.PromisePersisted(4));
    }

    private Attach attach(long stream, Member follower, LogShape log) {
        return only(
                        ReplicaAction.SendAttach.class,
                        step(new ReplicaEvent.HelloReceived(stream, new Hello(follower, 0, log, 0, false))))
                .attach();
    }

    /** A was made primary by B's word, and B no longer counts. */
    private static ShardConfig aloneOfTwo(long epoch) {
        return handedOver(epoch, Set.of(AT_A));
    }

    private static ShardConfig handedOver(long epoch, Set<Member> inSync) {
        return new ShardConfig(
                epoch + 2,
                epoch,
                A,
                inSync,
                Set.of(),
                Map.of(A, ReplicaRole.VOTER, B, ReplicaRole.VOTER),
                2,
                ShardLifecycle.ACTIVE,
                1,
                B,
                7);
    }

    @Test
    void aSnapshotThatNobodyWaitsForIsDeclined() {
        long stream = learnAndInstall(FIVE);
        assertThat(step(new ReplicaEvent.SnapshotOffered(stream + 1, new LogPosition(4, 20))))
                .containsExactly(new ReplicaAction.DeclineSnapshot(stream + 1));
        step(new ReplicaEvent.PersistFailed("EIO"));
        assertThat(step(new ReplicaEvent.SnapshotOffered(stream, new LogPosition(4, 20))))
                .containsExactly(new ReplicaAction.DeclineSnapshot(stream));
    }

    @Test
    void whoCameToCountInTheMeantimeDeclinesTheSnapshot() {
        long stream = learnAndInstall(FIVE);
        step(new ReplicaEvent.ConfigSeen(new VersionedConfig(pair(4, B), 6)));
        assertThat(step(new ReplicaEvent.SnapshotOffered(stream, new LogPosition(4, 20))))
                .contains(new ReplicaAction.DeclineSnapshot(stream));
        assertThat(core.log()).isEqualTo(FIVE);
    }

    @Test
    void aSnapshotCutShortIsAskedForAgainUnderItsMark() {
        long stream = learnAndInstall(FIVE);
        step(new ReplicaEvent.SnapshotOffered(stream, new LogPosition(4, 20)));
        step(new ReplicaEvent.SnapshotFailed(stream));
        millis += 1_000;
        var again = only(ReplicaAction.OpenStream.class, step(new ReplicaEvent.Tick()));
        assertThat(again.hello().installing()).isTrue();
        assertThat(again.hello().log()).isEqualTo(LogShape.empty());
        step(new ReplicaEvent.AttachReceived(again.stream(), new Attach(4, 9, LogPosition.NONE, true, false)));
        assertThat(step(new ReplicaEvent.SnapshotOffered(again.stream(), new LogPosition(2, 3))))
                .as("one that shows less than what was given up")
                .contains(new ReplicaAction.DeclineSnapshot(again.stream()));
    }

    @Test
    void aReplicaThatIsNotWholeNeitherFollowsTheLogNorLeads() {
        var hello = learn(LogShape.empty(), true);
        assertThat(hello.hello().installing()).isTrue();
        assertThat(core.status().state()).isEqualTo(ReplicaState.INSTALLING);
        only(
                ReplicaAction.RefusePrimary.class,
                step(new ReplicaEvent.AttachReceived(
                        hello.stream(), new Attach(4, 9, LogPosition.NONE, false, false))));
        step(new ReplicaEvent.ConfigSeen(new VersionedConfig(pair(5, A), 6)));
        step(new ReplicaEvent.ForceAsked(1));
        for (int i = 0; i < 200; i++) {
            millis += 50;
            assertThat(step(new ReplicaEvent.Tick()))
                    .noneMatch(ReplicaAction.Cas.class::isInstance)
                    .noneMatch(ReplicaAction.BecamePrimary.class::isInstance);
            assertThat(core.status().state()).isEqualTo(ReplicaState.INSTALLING);
        }
    }

    @Test
    void aPrimaryAnswersWhoIsNotWholeWithASnapshotThoughItsLogReachesBack() {
        var cas = stand();
        step(new ReplicaEvent.CasAnswered(cas.ticket(), CasOutcome.APPLIED, 4));
        var replicas = Map.of(A, ReplicaRole.VOTER, B, ReplicaRole.LEARNER);
        var next = cas.next();
        step(new ReplicaEvent.ConfigSeen(new VersionedConfig(
                new ShardConfig(
                        next.cfg() + 1,
                        next.epoch(),
                        A,
                        Set.of(AT_A),
                        Set.of(),
                        replicas,
                        1,
                        ShardLifecycle.ACTIVE,
                        0,
                        A,
                        8),
                5)));
        var whole = step(new ReplicaEvent.HelloReceived(1, new Hello(AT_B, 0, LogShape.empty(), 0, false)));
        assertThat(only(ReplicaAction.SendAttach.class, whole).attach().snapshot())
                .isFalse();
        assertThat(core.mayFeed(AT_B, 1)).isFalse();
        var half = step(new ReplicaEvent.HelloReceived(2, new Hello(AT_B, 0, LogShape.empty(), 0, true)));
        assertThat(only(ReplicaAction.SendAttach.class, half).attach().snapshot())
                .isTrue();
        assertThat(core.mayFeed(AT_B, 1)).isTrue();
        assertThat(core.mayFeed(AT_B, 2)).as("another epoch").isFalse();
        assertThat(core.mayFeed(new Member(B, 3), 1)).as("another incarnation").isFalse();
        step(new ReplicaEvent.FollowerLost(2, null));
        assertThat(core.mayFeed(AT_B, 1)).as("nobody waits").isFalse();
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
        assertThat(step(new ReplicaEvent.BeatReceived(B, 9, new Beat(4, 0, 0, true, 0, false), Long.MIN_VALUE)))
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
                        B, small, new Beat(small, small, small, true, 0, chance.nextInt(4) == 0), Long.MIN_VALUE);
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
