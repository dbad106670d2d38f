// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Message;
import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.proto.internal.v1.CopyPace;
import io.tintype.proto.internal.v1.Member;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.PlanPart;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardLifecycle;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.proto.internal.v1.ShardType;
import io.tintype.proto.internal.v1.StepRest;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The largest records that the limits of names and numbers allow fit into their znodes. */
final class ZnodeCodecTest {
    private static final String POOL = "r".repeat(32) + "." + "t".repeat(32);
    /** As long as a text that people read may be, in characters of the most bytes. */
    private static final String TEXT = "…".repeat(200);

    private static final int VOTERS = 8;
    private static final int OBSERVERS = 4;
    /** Nodes whose paces are kept with a plan. */
    private static final int PACES = 256;

    private static String node(int number) {
        return "n".repeat(60) + (1000 + number);
    }

    private static <T extends Message> void fits(ZnodeCodec<T> codec, T record) {
        assertThat(codec.decode("/path", codec.encode("/path", record))).isEqualTo(record);
    }

    @Test
    void aPlanThatIsOverKeepsThePacesOfAsManyNodesAsAreKept() {
        var plan = PlanRecord.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setId("0123456789ab-9999")
                .setPurpose(PlanPurpose.PLAN_PURPOSE_REPAIR)
                .setPhase(PlanPhase.PLAN_PHASE_CANCELLED)
                .setTitle(TEXT)
                .setCreatedAtMs(Long.MAX_VALUE)
                .setStartedAtMs(Long.MAX_VALUE)
                .setFinishedAtMs(Long.MAX_VALUE)
                .setSteps(-1)
                .setBytes(-1)
                .setExpectedSeconds(-1)
                .setMovesAtOnce(64)
                .setBytesPerSecond(-1)
                .setDone(-1)
                .setNotDone(-1)
                .setMovedBytes(-1)
                .setQuietReadP99Micros(-1)
                .setRest(StepRest.newBuilder()
                        .setSteps(-1)
                        .setMib(1)
                        .setMibSquared(1)
                        .setSeconds(1)
                        .setMibSeconds(1));
        for (int i = 0; i < PACES; i++) {
            plan.addPaces(CopyPace.newBuilder()
                    .setNode(node(i))
                    .setBytes(-1)
                    .setBusyMs(-1)
                    .setAllowedBytes(-1)
                    .setFedMs(-1));
        }
        fits(ZnodeCodec.PLAN, plan.build());
    }

    @Test
    void aPartOfAPlanTakesItsStepsHoweverLongTheirNodesAreCalled() {
        var step = PlannedStep.newBuilder()
                .setKind(PlanStepKind.PLAN_STEP_KIND_LEAD)
                .setShard(Integer.MAX_VALUE)
                .setFrom(node(1))
                .setTo(node(2))
                .setLeader(node(3))
                .setBytes(-1)
                .setReason(TEXT)
                .setPhase(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED)
                .setDetail(TEXT)
                .setStartedAtMs(Long.MAX_VALUE)
                .setFinishedAtMs(Long.MAX_VALUE)
                .setMovedBytes(-1)
                .setCopyingMs(-1)
                .setCopiedAtMs(Long.MAX_VALUE)
                .setAllowedBytes(-1)
                .setSource(node(4));
        IntStream.range(0, VOTERS + OBSERVERS).forEach(i -> step.addBase(node(i)));
        var part = PlanPart.newBuilder().setFormat(ZnodeCodec.FORMAT);
        for (int i = 0; i < PlanZnodes.STEPS_PER_PART; i++) {
            part.addSteps(step);
        }
        fits(ZnodeCodec.PLAN_PART, part.build());
    }

    @Test
    void aShardsRecordTakesAllItsReplicas() {
        var shard = ShardRecord.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setShard(Integer.MAX_VALUE)
                .setType(ShardType.SHARD_TYPE_DIRECTORY)
                .setPool(POOL)
                .setConfigVersion(Long.MAX_VALUE)
                .setEpoch(Long.MAX_VALUE)
                .setPrimary(node(0))
                .setLifecycle(ShardLifecycle.SHARD_LIFECYCLE_RETIRED)
                .setLosses(-1)
                .setWriter(node(0))
                .setWriterNonce(-1)
                .setMinInsync(VOTERS)
                .setUsersLimit(-1);
        for (int i = 0; i < VOTERS; i++) {
            var member = Member.newBuilder().setNode(node(i)).setIncarnation(-1);
            shard.addInSync(member).addElectable(member).addReplicas(placed(i, ReplicaRole.REPLICA_ROLE_VOTER));
        }
        for (int i = 0; i < OBSERVERS; i++) {
            shard.addReplicas(placed(VOTERS + i, ReplicaRole.REPLICA_ROLE_OBSERVER));
        }
        fits(ZnodeCodec.SHARD, shard.build());
    }

    @Test
    void anAssignmentTakesAllItsReplicas() {
        var assignment = ShardAssignment.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setShard(Integer.MAX_VALUE)
                .setType(ShardType.SHARD_TYPE_DIRECTORY)
                .setPool(POOL)
                .setMinInsync(VOTERS)
                .setUsersLimit(-1)
                .setUserBytes(-1)
                .setUserBlobs(-1)
                .setUnpinned(true)
                .setReplicationFactor(VOTERS)
                .setSealed(true);
        for (int i = 0; i < VOTERS + OBSERVERS; i++) {
            assignment.addReplicas(placed(i, ReplicaRole.REPLICA_ROLE_OBSERVER));
        }
        fits(ZnodeCodec.ASSIGNMENT, assignment.build());
    }

    @Test
    void whatIsTooLargeIsRefusedByNameAndSize() {
        var shard = ShardRecord.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setPool("p".repeat(5_000))
                .build();
        assertThatThrownBy(() -> ZnodeCodec.SHARD.encode("/shards/01/1", shard))
                .isInstanceOf(ZnodeFormatException.class)
                .hasMessage("The record for /shards/01/1 has 5005 bytes; the limit is 4096.");
    }

    private static Placement placed(int node, ReplicaRole role) {
        return Placement.newBuilder().setNode(node(node)).setRole(role).build();
    }
}
