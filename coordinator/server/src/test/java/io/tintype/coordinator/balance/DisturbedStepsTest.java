// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.zk.Versioned;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.v1.PlanOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to a shard while a step of it is under way: the step ends all the same, and no copy is given up. */
final class DisturbedStepsTest {
    private static final String PLAN = "0123456789ab";
    private static final int SHARD = 1;
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir
    private Path folder;

    private Offices offices;
    private ToyNodes nodes;
    private ToyController controller;
    private List<Integer> shards;

    @BeforeEach
    void start() throws Exception {
        offices = Offices.open(folder);
        nodes = new ToyNodes(offices.session(), List.of("n1", "n2", "n3", "n4", "n5"));
        controller = ToyController.immortal(offices, nodes);
        shards = controller.shards(SHARD, 1);
    }

    @AfterEach
    void stop() {
        controller.close();
        nodes.close();
        offices.close();
    }

    @Test
    void whoIsToGoStaysInThePlaceOfWhoDies() throws Exception {
        leaves();
        nodes.dies("n2");
        assertThat(nodes.move(shards)).as("n1 is in sync, and may not go").isFalse();
        controller.look(shards);
        assertThat(step().getPhase()).as("n2 may come back").isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_LEAVING);
        controller.lookUntilGone(shards);

        assertThat(step().getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED);
        assertThat(step().getDetail()).isEqualTo("node n2 is not in sync; what came is kept, and n1 stays");
        assertThat(phase(PLAN)).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3", "n4");

        String repair = "00000000000a";
        var drop = ToyController.step(PlanStepKind.PLAN_STEP_KIND_DROP, SHARD, "n2", "").toBuilder()
                .addBase("n4")
                .build();
        offices.activate(Offices.record(repair, PlanPurpose.PLAN_PURPOSE_REPAIR, 1, 1), List.of(drop));
        looksUntil(repair, PlanPhase.PLAN_PHASE_DONE);
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n3", "n4");
        assertThat(ToyNodes.inSync(nodes.record(SHARD).value())).containsExactlyInAnyOrder("n1", "n3", "n4");
    }

    /** It would keep its place for ever, and those behind it from theirs. */
    @Test
    void aStepWaitsNoLongerForSomebodyWhereNodesAreNeverReplaced() throws Exception {
        controller.close();
        controller = ToyController.neverReplacing(offices, nodes);
        leaves();
        nodes.dies("n2");
        var unused = nodes.move(shards);
        controller.look(shards);
        assertThat(step().getPhase()).as("n2 may come back").isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_LEAVING);
        controller.lookUntilGone(shards);

        assertThat(step().getDetail()).isEqualTo("node n2 is not in sync; what came is kept, and n1 stays");
        assertThat(phase(PLAN)).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3", "n4");
    }

    @Test
    void cancelEndsAStepThatWaitsForSomebodyWhoIsAway() throws Exception {
        leaves();
        nodes.dies("n2");
        var unused = nodes.move(shards);
        var cancelled = ToyNodes.get(new PlanSteering(offices.plans()).steer(PLAN, PlanOrder.PLAN_ORDER_CANCEL));
        assertThat(cancelled.getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_CANCELLING);
        controller.look(shards);

        assertThat(phase(PLAN)).isEqualTo(PlanPhase.PLAN_PHASE_CANCELLED);
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3", "n4");
    }

    /** The target is in sync and holds something else: it is to go, and may not while n2 is missed. */
    @Test
    void aCopyThatIsTakenBackHoldsNoRepairUp() throws Exception {
        nodes.holdsSomethingElse("n4");
        begin();
        looksUntil(PlanStepPhase.PLAN_STEP_PHASE_REVERTING);
        nodes.dies("n2");
        assertThat(nodes.move(shards)).isFalse();
        controller.look(shards);
        assertThat(step().getPhase()).as("n2 may come back").isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_REVERTING);
        controller.lookUntilGone(shards);

        assertThat(step().getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED);
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3");
        theNextRepairMoves("n2", "n1", "n3", "n5");
    }

    /** From a node to n5. */
    private void theNextRepairMoves(String from, String... inSync) throws Exception {
        String repair = "00000000000a";
        offices.activate(
                Offices.record(repair, PlanPurpose.PLAN_PURPOSE_REPAIR, 1, 1),
                List.of(ToyController.move(SHARD, from, "n5")));
        looksUntil(repair, PlanPhase.PLAN_PHASE_DONE);
        assertThat(ToyNodes.inSync(nodes.record(SHARD).value())).containsExactlyInAnyOrder(inSync);
    }

    /** As when a pool is to have fewer replicas, or is switched to another region. */
    @Test
    void aCopyThatIsNotWantedAnyMoreIsGivenUp() throws Exception {
        copies();
        assign(3, "n1", "n2", "n3");
        controller.look(shards);
        assertGivenUp("shard 1 is not assigned to n4 any more");
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3");
    }

    @Test
    void aCopyThatIsOnlyToObserveIsGivenUp() throws Exception {
        copies();
        var now = controller.journal.assignment(SHARD);
        var observed = now.value().toBuilder().clearReplicas();
        now.value().getReplicasList().stream()
                .map(placed -> placed.getNode().equals("n4")
                        ? placed.toBuilder()
                                .setRole(ReplicaRole.REPLICA_ROLE_OBSERVER)
                                .build()
                        : placed)
                .forEach(observed::addReplicas);
        replace(now, observed.build());
        controller.look(shards);
        assertGivenUp("shard 1 is not assigned to n4 any more");
    }

    /** As when a pool is to have more replicas, and the node that was to go is the next one. */
    @Test
    void whoIsWantedAgainStays() throws Exception {
        leaves();
        assign(4, "n1", "n2", "n3", "n4");
        controller.look(shards);
        assertGivenUp("shard 1 is assigned to n1 again");
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3", "n4");
    }

    @Test
    void aCopyThatWasTakenBackAndIsWantedAgainStays() throws Exception {
        nodes.holdsSomethingElse("n4");
        begin();
        looksUntil(PlanStepPhase.PLAN_STEP_PHASE_REVERTING);
        assign(4, "n1", "n2", "n3", "n4");
        controller.look(shards);
        assertGivenUp("shard 1 is assigned to n4 again");
    }

    @Test
    void nobodyIsWaitedForWhoIsNotWantedAnyMore() throws Exception {
        copies();
        assign(2, "n1", "n3", "n4");
        nodes.joins("n4");
        looksUntil(PLAN, PlanPhase.PLAN_PHASE_DONE);
        assertThat(step().getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_DONE);
        assertThat(ToyNodes.inSync(nodes.record(SHARD).value())).containsExactlyInAnyOrder("n3", "n4");
    }

    /** As when a pool is switched there and back while its copy comes. */
    @Test
    void nobodyGoesOnceThereIsNoReplicaToSpare() throws Exception {
        copies();
        assign(3, "n1", "n2", "n4");
        nodes.joins("n4");
        looksUntil(PLAN, PlanPhase.PLAN_PHASE_DONE);
        assertGivenUp("shard 1 was assigned otherwise meanwhile and has no replica to spare");
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n4");
    }

    @Test
    void aTargetThatIsNotRegisteredAnyMoreIsGivenUp() throws Exception {
        copies();
        nodes.forget("n4");
        looksUntil(PLAN, PlanPhase.PLAN_PHASE_DONE);
        assertGivenUp("node n4 went away while it was copied to");
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3");
    }

    /** No plan of its purpose would ever be made again. */
    @Test
    void aStepThatWaitsForANodeThatIsGoneIsGivenUp() throws Exception {
        waits(PlanPurpose.PLAN_PURPOSE_REPAIR, "n4", ToyController.move(SHARD, "n1", "n4"));
        controller.lookUntilGone(shards);
        assertGivenUp("it waits for node n4, which is gone");
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3");
    }

    @Test
    void aLeadForANodeThatIsGoneIsGivenUp() throws Exception {
        waits(
                PlanPurpose.PLAN_PURPOSE_REPAIR,
                "n2",
                ToyController.step(PlanStepKind.PLAN_STEP_KIND_LEAD, SHARD, "n1", "n2"));
        controller.lookUntilGone(shards);
        assertGivenUp("it waits for node n2, which is gone");
    }

    /** It is one too many, and nobody goes while another one is missed. */
    @Test
    void aReplicaThatIsToGoStaysWhereAnotherOneIsGone() throws Exception {
        waits(
                PlanPurpose.PLAN_PURPOSE_REPAIR,
                "n2",
                ToyController.step(PlanStepKind.PLAN_STEP_KIND_DROP, SHARD, "n3", ""));
        controller.lookUntilGone(shards);
        assertGivenUp("it waits for node n2, which is gone");
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3");
    }

    @Test
    void aStepWhoseTargetWasForgottenBeforeItBeganIsGivenUp() throws Exception {
        waits(PlanPurpose.PLAN_PURPOSE_BALANCE, "n4", ToyController.move(SHARD, "n1", "n4"));
        nodes.forget("n4");
        controller.look(shards);
        assertGivenUp("node n4 is no more");
    }

    /** Whatever is lost meanwhile would wait for its end. */
    @Test
    void aRepairThatStandsStillIsLeftToTheNext() throws Exception {
        controller.nowMs = 1_000_000;
        waits(PlanPurpose.PLAN_PURPOSE_REPAIR, "n4", ToyController.move(SHARD, "n1", "n4"));
        controller.nowMs += PlanRunner.REPAIR_STANDS_MS - 1;
        controller.look(shards);
        assertThat(step().getPhase()).as("n4 may come back").isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_WAITING);
        controller.nowMs++;
        controller.look(shards);
        assertGivenUp("waits for node n4 to be back, which the next repair need not");
    }

    /** No other repair would ever be made. */
    @Test
    void aRepairsCopyOfAShardThatNobodyLeadsIsTakenBack() throws Exception {
        nodes.neverJoins("n4");
        losesItsPrimary(PlanStepPhase.PLAN_STEP_PHASE_COPYING);
        assertGivenUp("shard 1 has no primary; the copy on n4 is taken back");
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3");

        nodes.lead(SHARD, "n2");
        theNextRepairMoves("n1", "n2", "n3", "n5");
    }

    @Test
    void aRepairsCopyThatCameIsKeptWhereNobodyLeadsTheShard() throws Exception {
        nodes.digestsForEver = true;
        offices.activate(
                Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_REPAIR, 1, 1),
                List.of(ToyController.move(SHARD, "n3", "n4")));
        looksUntil(PlanStepPhase.PLAN_STEP_PHASE_COPYING);
        var unused = nodes.move(shards);
        standsWithoutAPrimary(PlanStepPhase.PLAN_STEP_PHASE_COPYING);
        assertGivenUp("shard 1 has no primary; the copy on n4 is kept unproved");
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3", "n4");
    }

    @Test
    void whoIsToGoInARepairGoesLaterWhereNobodyLeadsTheShard() throws Exception {
        losesItsPrimary(PlanStepPhase.PLAN_STEP_PHASE_LEAVING);
        assertGivenUp("shard 1 has no primary; n3 goes once it has one");
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n4");
    }

    /** A repair that has come so far loses the shard's primary, for as long as it may. */
    private void losesItsPrimary(PlanStepPhase then) throws Exception {
        offices.activate(
                Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_REPAIR, 1, 1),
                List.of(ToyController.move(SHARD, "n3", "n4")));
        looksUntil(then);
        standsWithoutAPrimary(then);
    }

    private void standsWithoutAPrimary(PlanStepPhase phase) throws Exception {
        controller.nowMs = 1_000_000;
        nodes.dies("n1");
        controller.look(shards);
        controller.nowMs += PlanRunner.REPAIR_STANDS_MS - 1;
        controller.look(shards);
        assertThat(step().getPhase()).as("another one may be elected").isEqualTo(phase);
        controller.nowMs++;
        controller.look(shards);
    }

    /** It would be reckoned by two clocks. */
    @Test
    void aStepThatAnotherControllerBeganDoesNotTellHowLongItTook() throws Exception {
        leaves();
        assertThat(step().getCopiedAtMs())
                .as("as the first controller noted it")
                .isPositive();
        controller.close();
        controller = ToyController.immortal(offices, nodes);
        looksUntil(PLAN, PlanPhase.PLAN_PHASE_DONE);
        assertThat(step().getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_DONE);
        assertThat(step().getMovedBytes())
                .isEqualTo(offices.plan(PLAN).record().value().getMovedBytes());
        assertThat(step().getCopiedAtMs()).isZero();
        assertThat(offices.plan(PLAN).record().value().getRest().getSteps()).isZero();
    }

    @Test
    void whatAnOperatorAskedForWaitsAsLongAsItMayCome() throws Exception {
        controller.nowMs = 1_000_000;
        waits(PlanPurpose.PLAN_PURPOSE_BALANCE, "n4", ToyController.move(SHARD, "n1", "n4"));
        controller.nowMs += 2 * PlanRunner.REPAIR_STANDS_MS;
        controller.look(shards);
        assertThat(step().getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_WAITING);
    }

    /** A plan of one step is begun, which waits for a node that died before. */
    private void waits(PlanPurpose purpose, String node, PlannedStep step) throws Exception {
        nodes.dies(node);
        nodes.fallsBehind(SHARD, node);
        offices.activate(Offices.record(PLAN, purpose, 1, 1), List.of(step));
        controller.look(shards);
        assertThat(step().getPhase()).as("it may come back").isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_WAITING);
    }

    /** It would keep its place for ever, and its shard from being repaired. */
    @Test
    void aCopyThatNobodyIsLeftToProveIsKeptOnceTheyAreGone() throws Exception {
        aloneInSync();
        controller.look(shards);
        assertThat(step().getPhase()).as("they may come back").isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_COPYING);
        controller.lookUntilGone(shards);

        assertGivenUp("nobody else is left in sync to prove the copy on n4 against; it is kept");
        assertThat(assigned()).contains("n4");
    }

    @Test
    void cancelEndsAStepWhoseCopyNobodyIsLeftToProve() throws Exception {
        aloneInSync();
        var unused = ToyNodes.get(new PlanSteering(offices.plans()).steer(PLAN, PlanOrder.PLAN_ORDER_CANCEL));
        controller.look(shards);

        assertThat(phase(PLAN)).isEqualTo(PlanPhase.PLAN_PHASE_CANCELLED);
        assertThat(assigned()).contains("n4");
    }

    /** n4 has come, and all others die before they have said what they hold. */
    private void aloneInSync() throws Exception {
        nodes.digestsForEver = true;
        begin();
        looksUntil(PlanStepPhase.PLAN_STEP_PHASE_COPYING);
        var unused = nodes.move(shards);
        controller.look(shards);
        for (var node : List.of("n1", "n2", "n3")) {
            nodes.dies(node);
            nodes.fallsBehind(SHARD, node);
        }
        nodes.lead(SHARD, "n4");
        assertThat(ToyNodes.inSync(nodes.record(SHARD).value())).containsExactly("n4");
    }

    /** A verdict is about the copy that it was asked for, not about one that came after that was lost. */
    @Test
    void aCopyThatCameAgainIsVerifiedAgain() throws Exception {
        begin();
        looksUntil(PlanStepPhase.PLAN_STEP_PHASE_COPYING);
        nodes.neverJoins("n2");
        var unused = nodes.move(shards);
        nodes.fallsBehind(SHARD, "n2"); // so that nobody may go, whatever the verdict
        await("n1 and n4 have been found to hold the same").atMost(LONG).until(() -> {
            controller.look(shards);
            return nodes.digested.containsAll(List.of("n1", "n4"));
        });
        nodes.fallsBehind(SHARD, "n4");
        controller.look(shards);
        nodes.holdsSomethingElse("n4");
        nodes.joins("n2");

        looksUntil(PLAN, PlanPhase.PLAN_PHASE_DONE);
        assertThat(step().getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED);
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3");
    }

    private void assertGivenUp(String why) throws Exception {
        assertThat(step().getPhase()).isEqualTo(PlanStepPhase.PLAN_STEP_PHASE_SKIPPED);
        assertThat(step().getDetail()).isEqualTo(why);
        assertThat(phase(PLAN)).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
    }

    private void assign(int factor, String... voters) throws Exception {
        var now = controller.journal.assignment(SHARD);
        replace(
                now,
                Offices.assigned(SHARD, voters).toBuilder()
                        .setReplicationFactor(factor)
                        .build());
    }

    private void replace(Versioned<ShardAssignment> now, ShardAssignment then) throws Exception {
        var replaced = controller.office.term().replace(List.of(new Versioned<>(then, now.version())));
        assertThat(ToyNodes.get(replaced)).isEqualTo(Term.Outcome.DONE);
    }

    /** The move of the shard from n1 to n4 has begun, and n4 does not come yet. */
    private void copies() throws Exception {
        nodes.neverJoins("n4");
        begin();
        looksUntil(PlanStepPhase.PLAN_STEP_PHASE_COPYING);
        assertThat(assigned()).containsExactlyInAnyOrder("n1", "n2", "n3", "n4");
    }

    private void begin() throws Exception {
        offices.activate(
                Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, 1, 1),
                List.of(ToyController.move(SHARD, "n1", "n4")));
    }

    /** The move of the shard from n1 to n4 has come so far that n1 is to go. */
    private void leaves() throws Exception {
        begin();
        looksUntil(PlanStepPhase.PLAN_STEP_PHASE_LEAVING);
        assertThat(assigned()).containsExactlyInAnyOrder("n2", "n3", "n4");
    }

    private void looksUntil(PlanStepPhase phase) {
        await("the step is " + phase)
                .atMost(LONG)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> {
                    var unused = nodes.move(shards);
                    controller.look(shards);
                    return step().getPhase() == phase;
                });
    }

    private void looksUntil(String plan, PlanPhase over) {
        await("plan " + plan + " is over")
                .atMost(LONG)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> {
                    controller.look(shards);
                    var unused = nodes.move(shards);
                    return phase(plan) == over;
                });
    }

    private PlannedStep step() throws Exception {
        return offices.plan(PLAN).steps().get(0);
    }

    private PlanPhase phase(String plan) throws Exception {
        return offices.plan(plan).record().value().getPhase();
    }

    private List<String> assigned() throws Exception {
        return ToyNodes.names(nodes.assignment(SHARD).getReplicasList());
    }
}
