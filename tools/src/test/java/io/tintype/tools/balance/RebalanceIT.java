// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.client.Consistency;
import io.tintype.client.GetOptions;
import io.tintype.client.TintypeClient;
import io.tintype.client.WrongStateException;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.SetNodeIntentRequest;
import io.tintype.proto.v1.StepKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three nodes become five, four and three again, while clients read and controllers are killed; and what is refused. */
@Tag("beside-another")
final class RebalanceIT {
    private static final long SEED = 20_261_128;
    private static final Duration LONG = Duration.ofMinutes(4);

    private static final Map<String, String> SETTINGS = Map.of(
            "TINTYPE_CONFIG_CONTROL_BALANCE_REPLACE_AFTER", "6s",
            "TINTYPE_CONFIG_CONTROL_BALANCE_HEADROOM_PERCENT", "1");

    @Test
    void nodesComeAreDrainedAndDieAndNoReadFails() throws Exception {
        try (var fleet = Fleet.start("rebalance", SETTINGS)) {
            for (var node : List.of("n1", "n2", "n3")) {
                fleet.node(node);
            }
            fleet.coordinator("c1");
            fleet.coordinator("c2");
            try (var client = fleet.client("c1", "c2");
                    var readers = new Readers(client, SEED)) {
                var overview = new Overview(client, LONG);
                overview.awaitSafe();
                readers.fill(300);
                readers.begin(3);

                grow(fleet, client, overview);
                overview.awaitHolders(Set.of("n1", "n2", "n3", "n4", "n5"));
                assertThat(readers.bad()).as("seed %d", SEED).isEmpty();

                drain(fleet, client, overview);
                assertThat(readers.bad()).as("seed %d", SEED).isEmpty();

                fleet.kill("n4");
                overview.awaitHolders(Set.of("n1", "n2", "n3"));
                readers.checkAll();
                assertThat(readers.bad()).as("seed %d", SEED).isEmpty();
                assertThat(readers.reads()).isGreaterThan(300);
                assertThat(client.balancing().plans())
                        .as("what was done is told")
                        .anyMatch(Plan::getRepair)
                        .anyMatch(plan -> plan.getTitle().equals("drain n5"));
            }
        }
    }

    /** Two nodes come; the controller is killed again and again while the plan runs. */
    private static void grow(Fleet fleet, TintypeClient client, Overview overview) throws Exception {
        fleet.node("n4");
        fleet.node("n5");
        var made = overview.awaitPlan(
                "a plan that uses the new nodes",
                MakePlanRequest.getDefaultInstance(),
                plan -> plan.getAfterList().stream().allMatch(node -> node.getReplicas() > 0));
        String id = client.balancing().apply(made.getPlan().getId()).getId();
        assertThatThrownBy(() -> client.balancing().apply(id)).isInstanceOf(WrongStateException.class);
        var killer = killControllers(fleet);
        try {
            var done = overview.awaitOver(id);
            assertThat(done.getState()).isEqualTo(PlanState.PLAN_STATE_DONE);
            assertThat(done.getNotDone()).as("%s", overview.plan(id)).isZero();
        } finally {
            killer.shutdownNow();
            assertThat(killer.awaitTermination(1, TimeUnit.MINUTES))
                    .as("the killer ended")
                    .isTrue();
        }
        overview.awaitSafe();
        assertThat(client.balancing()
                        .makePlan(MakePlanRequest.getDefaultInstance())
                        .getPlan()
                        .getBytes())
                .as("bytes of a second plan")
                .isLessThan(made.getPlan().getBytes() / 4 + (1 << 20));
    }

    /** Kills the two in turn, one every four seconds after the other is back. */
    private static ScheduledExecutorService killControllers(Fleet fleet) {
        var killer = Executors.newSingleThreadScheduledExecutor();
        var round = new AtomicInteger();
        var unused = killer.scheduleWithFixedDelay(
                () -> {
                    String id = round.getAndIncrement() % 2 == 0 ? "c1" : "c2";
                    fleet.kill(id);
                    try {
                        fleet.coordinator(id);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                0,
                4,
                TimeUnit.SECONDS);
        return killer;
    }

    private static void drain(Fleet fleet, TintypeClient client, Overview overview) throws Exception {
        assertThatThrownBy(() -> client.balancing().removeNode("n5"))
                .isInstanceOf(WrongStateException.class)
                .hasMessageContaining("live");
        var preview = client.balancing()
                .makePlan(MakePlanRequest.newBuilder().setDrain("n5").build());
        assertThat(preview.getProblemsList()).isEmpty();
        var unused = client.balancing()
                .want(SetNodeIntentRequest.newBuilder()
                        .setNode("n5")
                        .setDraining(true)
                        .build());
        var done = overview.awaitOver(
                client.balancing().apply(preview.getPlan().getId()).getId());
        assertThat(done.getNotDone()).isZero();
        Awaitility.await("every coordinator has heard that n5 holds nothing")
                .atMost(LONG)
                .until(() -> !overview.holders().contains("n5"));
        var moved = preview.getPlan().getStepsList().stream()
                .filter(step -> step.getKind() == StepKind.STEP_KIND_MOVE)
                .findFirst()
                .orElseThrow();
        assertThat(fleet.command("c1", "shard", "history", Integer.toString(moved.getShard())))
                .as("why the shard is where it is")
                .contains(done.getId())
                .contains("n5 -> " + moved.getTo())
                .contains("node n5 is to be drained");
        fleet.stop("n5");
        overview.forget("n5");
    }

    @Test
    void whatCannotBeDoneIsRefusedAndANewNodeGetsItsShareUnasked() throws Exception {
        var settings = new HashMap<>(SETTINGS);
        settings.put("TINTYPE_CONFIG_CONTROL_BALANCE_JOIN", "true");
        try (var fleet = Fleet.start("rebalance-bad", settings)) {
            for (var node : List.of("n1", "n2", "n3")) {
                fleet.node(node);
            }
            fleet.coordinator("c1");
            try (var client = fleet.client("c1")) {
                var overview = new Overview(client, LONG);
                overview.awaitSafe();
                assertThatThrownBy(() -> client.balancing()
                                .makePlan(MakePlanRequest.newBuilder()
                                        .setDrain("n9")
                                        .build()))
                        .isInstanceOf(TintypeException.class)
                        .hasMessageContaining("There is no node 'n9'");
                var blocked = client.balancing()
                        .makePlan(MakePlanRequest.newBuilder().setDrain("n3").build());
                assertThat(blocked.getProblemsList())
                        .isNotEmpty()
                        .allSatisfy(problem -> assertThat(problem.getFix()).contains("Add a node there"));
                assertThat(blocked.getPlan().getId()).as("nothing to apply").isEmpty();
                assertThatThrownBy(() -> client.balancing().apply("0123456789ab"))
                        .isInstanceOf(WrongStateException.class)
                        .hasMessageContaining("There is no plan");
                assertThatThrownBy(() -> client.balancing().plan("nonsense", 0))
                        .isInstanceOf(TintypeException.class)
                        .hasMessageContaining("no plan's id");

                var unused = client.balancing()
                        .want(SetNodeIntentRequest.newBuilder()
                                .setNode("n3")
                                .setMaintenance(true)
                                .build());
                fleet.kill("n3");
                Awaitility.await("n3 is missed").atMost(LONG).until(() -> {
                    var status = client.balancing().status();
                    return !status.getSafe()
                            && status.getUnderReplicated() == status.getShards()
                            && status.getNodesList().stream()
                                    .anyMatch(node -> node.getNode().equals("n3") && !node.getLive());
                });
                assertThat(client.balancing().status().getNodesList())
                        .filteredOn(node -> node.getNode().equals("n3"))
                        .as("it is in maintenance, and not replaced")
                        .allMatch(node -> node.getReplacedInSeconds() == -1);
                fleet.node("n3");
                overview.awaitSafe();
                unused = client.balancing()
                        .want(SetNodeIntentRequest.newBuilder()
                                .setNode("n3")
                                .setMaintenance(false)
                                .build());
                assertThatAHotShardIsNamed(client);
                assertThatAllReplicasServeAHotBlob(client);
                assertThatANewNodeGetsItsShareUnasked(fleet, client, overview);
            }
        }
    }

    private static void assertThatAHotShardIsNamed(TintypeClient client) {
        client.put("famous", "cat.jpg", new byte[100]);
        int home = client.explain("famous", "cat.jpg").shard().id().value();
        var plan = Awaitility.await("the shard of a user whom everybody looks at is hot")
                .atMost(LONG)
                .pollInterval(Duration.ofMillis(10))
                .until(
                        () -> {
                            for (int i = 0; i < 200; i++) {
                                var unused = client.get("famous", "cat.jpg").bytes();
                            }
                            return client.balancing().makePlan(MakePlanRequest.getDefaultInstance());
                        },
                        made -> made.getHotCount() > 0);
        assertThat(plan.getHotList()).singleElement().satisfies(hot -> {
            assertThat(hot.getShard()).isEqualTo(home);
            assertThat(hot.getCallsPerSecond()).isGreaterThan(hot.getFairShare());
        });
    }

    /** The primary says which version is current; any replica that has it sends it. */
    private static void assertThatAllReplicasServeAHotBlob(TintypeClient client) {
        var near = GetOptions.DEFAULT.withConsistency(Consistency.near());
        Awaitility.await("all three nodes answer reads of one blob")
                .atMost(LONG)
                .pollInterval(Duration.ofMillis(10))
                .until(
                        () -> {
                            for (int i = 0; i < 200; i++) {
                                var unused =
                                        client.get("famous", "cat.jpg", near).bytes();
                            }
                            return client.balancing().status().getNodesList();
                        },
                        nodes -> nodes.stream()
                                        .filter(node -> node.getCallsPerSecond() > 20)
                                        .count()
                                == 3);
    }

    /** By {@code control.balance.join}. */
    private static void assertThatANewNodeGetsItsShareUnasked(Fleet fleet, TintypeClient client, Overview overview)
            throws IOException {
        fleet.node("n4");
        Awaitility.await("n4 has its share")
                .atMost(LONG)
                .ignoreExceptions()
                .until(() -> client.balancing().plans().stream()
                        .anyMatch(plan -> plan.getTitle().equals("give new nodes their share")
                                && plan.getState() == PlanState.PLAN_STATE_DONE
                                && plan.getNotDone() == 0));
        assertThat(overview.holders()).containsExactlyInAnyOrder("n1", "n2", "n3", "n4");
        assertThat(client.balancing()
                        .makePlan(MakePlanRequest.getDefaultInstance())
                        .getPlan()
                        .getStepsList())
                .as("copies of a second plan")
                .noneMatch(step -> step.getKind() == StepKind.STEP_KIND_MOVE);
        overview.awaitSafe();
    }
}
