// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.Member;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** When a replica may be thrown away, and, more important, when not. */
final class RedundancyTest {
    private static final NodeId SELF = new NodeId("self");
    private static final NodeId OTHER = new NodeId("other");

    private static final ShardRecord LED_ELSEWHERE = ShardRecord.newBuilder()
            .setShard(7)
            .setEpoch(5)
            .setPrimary("other")
            .addInSync(Member.newBuilder().setNode("other").setIncarnation(2))
            .addReplicas(Placement.newBuilder().setNode("other"))
            .addReplicas(Placement.newBuilder().setNode("self"))
            .build();

    private static Optional<Peers.Found> found(NodeId node, long incarnation, long epoch, boolean leads) {
        return Optional.of(
                new Peers.Found(new io.tintype.storage.replica.Member(node, incarnation), 100, epoch, leads));
    }

    @Test
    void whoFailedMayBeRebuiltBehindAPrimaryThatAnswers() {
        assertThat(Redundancy.mayRebuild(SELF, LED_ELSEWHERE, found(OTHER, 2, 5, true)))
                .isTrue();
        var stillElectable = LED_ELSEWHERE.toBuilder()
                .addElectable(Member.newBuilder().setNode("self").setIncarnation(1))
                .build();
        assertThat(Redundancy.mayRebuild(SELF, stillElectable, found(OTHER, 2, 5, true)))
                .isTrue();
    }

    @Test
    void whoMayBeTheOnlyOneLeftMayNot() {
        var unelected = LED_ELSEWHERE.toBuilder().clearPrimary().setEpoch(0).build();
        var ledHere = LED_ELSEWHERE.toBuilder().setPrimary("self").build();
        var outOfSync = LED_ELSEWHERE.toBuilder().clearInSync().build();

        assertThat(Redundancy.mayRebuild(SELF, unelected, found(OTHER, 2, 5, true)))
                .isFalse();
        assertThat(Redundancy.mayRebuild(SELF, ledHere, found(SELF, 2, 5, true)))
                .isFalse();
        assertThat(Redundancy.mayRebuild(SELF, outOfSync, found(OTHER, 2, 5, true)))
                .isFalse();
    }

    @Test
    void aPrimaryThatDoesNotAnswerOrIsAnotherOneDoesNotCount() {
        assertThat(Redundancy.mayRebuild(SELF, LED_ELSEWHERE, Optional.empty())).isFalse();
        assertThat(Redundancy.mayRebuild(SELF, LED_ELSEWHERE, found(OTHER, 2, 5, false)))
                .as("it does not lead")
                .isFalse();
        assertThat(Redundancy.mayRebuild(SELF, LED_ELSEWHERE, found(OTHER, 2, 4, true)))
                .as("it leads in an older epoch")
                .isFalse();
        assertThat(Redundancy.mayRebuild(SELF, LED_ELSEWHERE, found(OTHER, 3, 5, true)))
                .as("its disk was wiped")
                .isFalse();
        assertThat(Redundancy.mayRebuild(SELF, LED_ELSEWHERE, found(new NodeId("third"), 2, 5, true)))
                .as("somebody else answered")
                .isFalse();
    }

    // ---- dropping

    private static final ShardRecord NOT_HERE = LED_ELSEWHERE.toBuilder()
            .clearReplicas()
            .addReplicas(Placement.newBuilder().setNode("other"))
            .build();

    private static Optional<ShardAssignment> assigned(String... nodes) {
        var assignment = ShardAssignment.newBuilder().setShard(7);
        for (var node : nodes) {
            assignment.addReplicas(Placement.newBuilder().setNode(node));
        }
        return Optional.of(assignment.build());
    }

    @Test
    void whatNobodyNamesAnyMoreIsDropped() {
        assertThat(Redundancy.mayDrop(SELF, Optional.of(NOT_HERE), assigned("other")))
                .isTrue();
        assertThat(Redundancy.mayDrop(SELF, Optional.of(NOT_HERE), Optional.empty()))
                .isTrue();
    }

    @Test
    void whatIsNamedInAnyWayStays() {
        var inSync = NOT_HERE.toBuilder()
                .addInSync(Member.newBuilder().setNode("self").setIncarnation(1))
                .build();
        var electable = NOT_HERE.toBuilder()
                .addElectable(Member.newBuilder().setNode("self").setIncarnation(1))
                .build();

        assertThat(Redundancy.mayDrop(SELF, Optional.of(LED_ELSEWHERE), assigned("other")))
                .isFalse();
        assertThat(Redundancy.mayDrop(SELF, Optional.of(inSync), assigned("other")))
                .isFalse();
        assertThat(Redundancy.mayDrop(SELF, Optional.of(electable), assigned("other")))
                .isFalse();
        assertThat(Redundancy.mayDrop(SELF, Optional.of(NOT_HERE), assigned("other", "self")))
                .isFalse();
    }

    @Test
    void aShardWhoseConfigurationIsGoneKeepsItsReplicas() {
        assertThat(Redundancy.mayDrop(SELF, Optional.empty(), Optional.empty())).isFalse();
        assertThat(Redundancy.mayDrop(SELF, Optional.empty(), assigned("other")))
                .isFalse();
    }

    // ---- damaged stores

    private static final ShardRecord WHOLE = LED_ELSEWHERE.toBuilder()
            .setMinInsync(2)
            .addInSync(Member.newBuilder().setNode("self").setIncarnation(9))
            .build();

    private static boolean refilled(ShardRecord... records) {
        return Redundancy.isRefilled(SELF, List.of(records), Map.of(new ShardId(7), 9L), Set.of(new ShardId(7)));
    }

    @Test
    void whatADamagedStoreHeldIsNeedlessOnceAllIsInSyncAgain() {
        assertThat(refilled(WHOLE)).isTrue();
        var observed = WHOLE.toBuilder()
                .setShard(8)
                .clearInSync()
                .addInSync(Member.newBuilder().setNode("other").setIncarnation(2))
                .addInSync(Member.newBuilder().setNode("third").setIncarnation(2))
                .clearReplicas()
                .addReplicas(Placement.newBuilder().setNode("self").setRole(ReplicaRole.REPLICA_ROLE_OBSERVER))
                .build();
        assertThat(refilled(WHOLE, observed)).isTrue();
    }

    @Test
    void itIsNeededWhileAnythingIsNot() {
        assertThat(refilled()).as("a shard whose configuration is gone").isFalse();
        assertThat(refilled(LED_ELSEWHERE)).as("not in sync yet").isFalse();
        assertThat(refilled(WHOLE.toBuilder().setMinInsync(3).build()))
                .as("too few in sync")
                .isFalse();
        assertThat(refilled(WHOLE.toBuilder().clearPrimary().build()))
                .as("nobody leads")
                .isFalse();
        var formerLife = LED_ELSEWHERE.toBuilder()
                .addInSync(Member.newBuilder().setNode("self").setIncarnation(1))
                .build();
        assertThat(refilled(formerLife)).as("what was lost still counts").isFalse();
        var electable = WHOLE.toBuilder()
                .setShard(8)
                .clearReplicas()
                .clearInSync()
                .addElectable(Member.newBuilder().setNode("self").setIncarnation(1))
                .build();
        assertThat(refilled(WHOLE, electable))
                .as("electable in a shard that is not wanted here any more")
                .isFalse();
    }
}
