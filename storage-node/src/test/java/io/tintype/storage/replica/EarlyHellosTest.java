// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.NodeId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Replica A, whom B names as its successor, and B, who says hello before A knows of it. */
final class EarlyHellosTest extends SingleReplica {
    private static final LogShape LOG = new LogShape(List.of(new EpochStart(4, 1)), 1, 1);

    /** B's word that A leads epoch 5. */
    private static final ShardConfig NAMED = new ShardConfig(
            6,
            5,
            A,
            Set.of(AT_A, AT_B),
            Set.of(),
            Map.of(A, ReplicaRole.VOTER, B, ReplicaRole.VOTER),
            2,
            ShardLifecycle.ACTIVE,
            0,
            B,
            8);

    private static ReplicaEvent hello(long stream, Member from, long promised) {
        return new ReplicaEvent.HelloReceived(stream, new Hello(from, promised, LOG, 1, false));
    }

    private List<ReplicaAction> named() {
        return step(new ReplicaEvent.ConfigSeen(new VersionedConfig(NAMED, 9)));
    }

    private static ReplicaAction refused(long stream, long promised) {
        return new ReplicaAction.RefuseFollower(stream, new Refusal(RefuseReason.NOT_PRIMARY, promised));
    }

    private void assertAttached(long stream, List<ReplicaAction> actions) {
        assertThat(only(ReplicaAction.SendAttach.class, actions).stream()).isEqualTo(stream);
    }

    @Test
    void aFollowerWhoKnowsEarlierThatThisReplicaLeadsIsTakenAsSoonAsItsPromiseIsDurable() {
        boot(4, LOG, pair(4, B));
        var early = step(hello(1, AT_B, 5));
        assertThat(early)
                .noneMatch(ReplicaAction.RefuseFollower.class::isInstance)
                .anyMatch(ReplicaAction.ReadConfig.class::isInstance);
        assertThat(named())
                .noneMatch(ReplicaAction.RefuseFollower.class::isInstance)
                .noneMatch(ReplicaAction.SendAttach.class::isInstance);
        assertAttached(1, step(new ReplicaEvent.PromisePersisted(5)));
    }

    @Test
    void aHelloBeforeThePromiseIsDurableIsTakenThen() {
        boot(4, LOG, pair(4, B));
        named();
        assertThat(step(hello(2, AT_B, 5))).isEmpty();
        assertAttached(2, step(new ReplicaEvent.PromisePersisted(5)));
    }

    @Test
    void whoeverAsksWhoDoesNotLeadByAllThatBothKnowIsRefused() {
        boot(4, LOG, pair(4, B));
        assertThat(step(hello(1, AT_B, 4))).containsExactly(refused(1, 4));
    }

    @Test
    void onlyTheLastHelloOfANodeIsKept() {
        boot(4, LOG, pair(4, B));
        step(hello(1, AT_B, 5));
        assertThat(step(hello(2, AT_B, 5))).containsExactly(refused(1, 4));
        named();
        assertAttached(2, step(new ReplicaEvent.PromisePersisted(5)));
    }

    @Test
    void nodesWithoutAPartAreNotKept() {
        boot(4, LOG, pair(4, B));
        var stranger = new Member(new NodeId("c"), 3);
        assertThat(step(hello(1, stranger, 5))).contains(refused(1, 4));
    }

    @Test
    void whoWaitedInVainIsRefused() {
        boot(4, LOG, pair(4, B));
        step(hello(1, AT_B, 5));
        assertThat(step(new ReplicaEvent.Tick())).noneMatch(ReplicaAction.RefuseFollower.class::isInstance);
        millis += ReplicaTiming.DEFAULT.retryNanos() / MILLI;
        assertThat(step(new ReplicaEvent.Tick())).contains(refused(1, 4));
    }

    @Test
    void whoNoLongerWaitsIsForgotten() {
        boot(4, LOG, pair(4, B));
        step(hello(1, AT_B, 5));
        step(new ReplicaEvent.FollowerLost(1, null));
        named();
        assertThat(step(new ReplicaEvent.PromisePersisted(5)))
                .noneMatch(ReplicaAction.SendAttach.class::isInstance)
                .noneMatch(ReplicaAction.RefuseFollower.class::isInstance);
    }

    /** Whoever is outranked before it began leads nobody. */
    @Test
    void whoIsKeptByAPrimaryThatNeverBeganIsRefused() {
        boot(4, LOG, pair(4, B));
        named();
        step(hello(1, AT_B, 5));
        assertThat(step(new ReplicaEvent.ConfigSeen(new VersionedConfig(pair(6, B), 10))))
                .contains(refused(1, 5));
    }
}
