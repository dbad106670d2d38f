// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A single replica that is too far behind for the log, or leads one that is: who takes and offers snapshots, and at what pace. */
final class ReplicaSnapshotTest extends SingleReplica {
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
}
