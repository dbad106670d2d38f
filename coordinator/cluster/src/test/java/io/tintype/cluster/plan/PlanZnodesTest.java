// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeFormatException;
import io.tintype.proto.internal.v1.PlanPart;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.PlansRecord;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which plans are kept in a real ZooKeeper, and for how long. */
final class PlanZnodesTest {
    /** More than one znode takes. */
    private static final int STEPS = PlanZnodes.STEPS_PER_PART + 1;

    private static final PlannedStep STEP = PlannedStep.newBuilder()
            .setKind(PlanStepKind.PLAN_STEP_KIND_MOVE)
            .setShard(1)
            .build();

    @TempDir
    private Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;
    private PlanZnodes plans;
    private int made;

    @BeforeEach
    void start() {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        plans = new PlanZnodes(session);
    }

    @AfterEach
    void stop() {
        session.close();
        zooKeeper.close();
    }

    @Test
    void whoOnlyLooksMakesNobodyForgetWhatWasDone() throws Exception {
        var done = propose();
        finish(done);
        var applied = propose();
        activate(applied);
        var first = propose();
        for (int i = 0; i < PlanZnodes.KEPT + PlanZnodes.KEPT_PROPOSALS; i++) {
            var unused = propose();
        }

        var kept = get(plans.list());
        assertThat(kept).extracting(PlanRecord::getId).contains(done, applied).doesNotContain(first);
        assertThat(kept).filteredOn(plan -> isProposal(plan)).hasSize(PlanZnodes.KEPT_PROPOSALS);
        assertThat(get(session.znodes().children("/plans")))
                .as("nothing else is left")
                .hasSize(kept.size());
        assertThat(get(plans.read(applied)).orElseThrow().steps()).hasSize(STEPS);
    }

    @Test
    void theOldestOfThoseThatAreOverGo() throws Exception {
        var first = propose();
        finish(first);
        var second = propose();
        finish(second);
        for (int i = 0; i < PlanZnodes.KEPT - 1; i++) {
            finish(propose());
        }
        var newest = propose();

        assertThat(get(plans.list()))
                .extracting(PlanRecord::getId)
                .hasSize(PlanZnodes.KEPT + 1)
                .contains(second, newest)
                .doesNotContain(first);
    }

    @Test
    void aPlanMadeByAClockThatIsBehindIsKept() throws Exception {
        for (int i = 0; i < PlanZnodes.KEPT_PROPOSALS; i++) {
            var unused = propose();
        }
        var behind = propose("behind", 1);

        assertThat(get(plans.read(behind)).orElseThrow().steps()).hasSize(STEPS);
        assertThat(get(plans.list())).hasSize(PlanZnodes.KEPT_PROPOSALS);
    }

    @Test
    void whoAppliesAPlanThatIsForgottenMeanwhileIsRefusedAndTheOtherWayRound() throws Exception {
        var first = propose();
        var second = propose();
        Versioned<PlanRecord> read = get(plans.header(first)).orElseThrow();
        activate(second);
        for (int i = 0; i < PlanZnodes.KEPT_PROPOSALS; i++) {
            var unused = propose();
        }

        assertThat(get(plans.activate(read, get(plans.active()), 1)))
                .as("applied, as it was read before it went")
                .isFalse();
        assertThat(get(plans.read(first))).isEmpty();
        assertThat(get(plans.read(second)).orElseThrow().steps()).hasSize(STEPS);
    }

    /** Its answer was lost inside of the client, which sent it once more, and that was refused: it was made all the same. */
    @Test
    void whoIsRefusedWhatHeDidHimselfIsToldThatItIsDone() throws Exception {
        var id = propose();
        Versioned<PlanRecord> read = get(plans.header(id)).orElseThrow();
        var active = get(plans.active());
        assertThat(get(plans.activate(read, active, 17))).isTrue();
        assertThat(get(plans.activate(read, active, 17)))
                .as("the same once more")
                .isTrue();
        assertThat(get(plans.activate(read, active, 18))).as("somebody else's").isFalse();

        Versioned<PlanRecord> running = get(plans.header(id)).orElseThrow();
        var paused = running.value().toBuilder()
                .setPhase(PlanPhase.PLAN_PHASE_PAUSED)
                .build();
        assertThat(get(plans.change(running, paused))).isTrue();
        assertThat(get(plans.activate(read, active, 17)))
                .as("the same once more, when it is paused already")
                .isTrue();
    }

    @Test
    void twoWhoMakeTheSamePlanAtOnceKeepItOnce() throws Exception {
        var plan = plan("same", 1);
        var steps = Collections.nCopies(STEPS, STEP);
        var one = plans.propose(plan, steps);
        var other = new PlanZnodes(session)
                .propose(plan.toBuilder().setTitle("other").build(), steps);

        assertThat(get(one)).isEqualTo("same");
        assertThat(get(other)).isEqualTo("same");
        assertThat(get(plans.read("same")).orElseThrow().steps()).hasSize(STEPS);
        assertThat(get(plans.list())).hasSize(1);
    }

    /** Somebody who died while he kept it; or who is not done yet. */
    @Test
    void whatWasLeftHalfKeptGoesAfterAWhile() throws Exception {
        var unused = get(plans.active());
        var bare = PlanRecord.newBuilder().setFormat(1).build();
        get(session.znodes().create("/plans/half", ZnodeCodec.PLAN.encode("/plans/half", bare)));
        var part = PlanPart.newBuilder().setFormat(1).addSteps(STEP).build();
        get(session.znodes().create("/plans/half/0", ZnodeCodec.PLAN_PART.encode("/plans/half/0", part)));
        var first = propose();
        assertThat(get(session.znodes().children("/plans"))).containsExactlyInAnyOrder("half", first);

        var second = get(new PlanZnodes(session, -1).propose(plan("second", 1), Collections.nCopies(STEPS, STEP)));
        assertThat(get(session.znodes().children("/plans"))).containsExactlyInAnyOrder(first, second);
        assertThat(get(plans.read(second)).orElseThrow().steps()).hasSize(STEPS);
    }

    /** The steps behind it would be taken for others, and made, or told of, in their place. */
    @Test
    void aPlanThatLacksStepsIsNotReadWithTheOthersInTheirPlace() throws Exception {
        var steps = IntStream.rangeClosed(1, 2 * STEPS)
                .mapToObj(shard -> STEP.toBuilder().setShard(shard).build())
                .toList();
        var record = plan("whole", 1).toBuilder().setSteps(steps.size()).build();
        assertThat(get(plans.propose(record, steps))).isEqualTo("whole");
        assertThat(get(plans.read("whole")).orElseThrow().steps()).isEqualTo(steps);
        activate("whole");

        var cut = PlanPart.newBuilder()
                .setFormat(1)
                .addAllSteps(steps.subList(0, 1))
                .build();
        var part = ZnodeCodec.PLAN_PART;
        get(session.znodes().delete("/plans/whole/1", -1));
        for (int missing : List.of(0, 1)) {
            assertThatThrownBy(() -> get(plans.read("whole")))
                    .hasRootCauseInstanceOf(ZnodeFormatException.class)
                    .hasRootCauseMessage(
                            "Znode /plans/whole/1 has " + missing + " of the 64 steps that plan whole has there.");
            assertThat(get(plans.running())).as("it is carried out by nobody").isEmpty();
            assertThat(get(plans.activeOf(
                            record.getPurpose(), get(plans.active()).value())))
                    .as("so it holds up no other, a repair least of all")
                    .isEmpty();
            if (missing == 0) {
                get(session.znodes().create("/plans/whole/1", part.encode("/plans/whole/1", cut)));
            }
        }
        assertThat(get(plans.list())).extracting(PlanRecord::getId).containsExactly("whole");
    }

    /** It may be of a later release, or broken. */
    @Test
    void aPlanThatCannotBeUnderstoodHoldsUpNoOther() throws Exception {
        var first = propose();
        get(session.znodes().create("/plans/later", new byte[] {1}));
        for (int i = 0; i < PlanZnodes.KEPT_PROPOSALS; i++) {
            var unused = propose();
        }

        assertThat(get(plans.list()))
                .as("others are told, and forgotten in time")
                .hasSize(PlanZnodes.KEPT_PROPOSALS)
                .extracting(PlanRecord::getId)
                .doesNotContain(first);
        var active = PlansRecord.newBuilder().addActive("later").build();
        assertThat(get(plans.activeOf(PlanPurpose.PLAN_PURPOSE_REPAIR, active))).isEmpty();
    }

    private String propose() throws Exception {
        made++;
        return propose("plan-" + made, 1_000_000L + made);
    }

    private String propose(String id, long createdMs) throws Exception {
        return get(plans.propose(plan(id, createdMs), Collections.nCopies(STEPS, STEP)));
    }

    private static PlanRecord plan(String id, long createdMs) {
        return PlanRecord.newBuilder()
                .setFormat(1)
                .setId(id)
                .setPhase(PlanPhase.PLAN_PHASE_PROPOSED)
                .setCreatedAtMs(createdMs)
                .setSteps(STEPS)
                .build();
    }

    private static boolean isProposal(PlanRecord plan) {
        return plan.getPhase() == PlanPhase.PLAN_PHASE_PROPOSED;
    }

    private void activate(String id) throws Exception {
        Versioned<PlanRecord> header = get(plans.header(id)).orElseThrow();
        assertThat(get(plans.activate(header, get(plans.active()), 1))).isTrue();
    }

    private void finish(String id) throws Exception {
        Versioned<PlanRecord> header = get(plans.header(id)).orElseThrow();
        var over = header.value().toBuilder()
                .setPhase(PlanPhase.PLAN_PHASE_DONE)
                .setFinishedAtMs(header.value().getCreatedAtMs())
                .build();
        assertThat(get(plans.change(header, over))).isTrue();
    }

    private static <T> T get(CompletableFuture<T> answer) throws Exception {
        return answer.get(20, TimeUnit.SECONDS);
    }
}
