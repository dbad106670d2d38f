// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.client.TintypeClient;
import io.tintype.client.WrongStateException;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanOrder;
import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.SetNodeIntentRequest;
import io.tintype.proto.v1.StepPhase;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Plans on bad days, with real processes under load: whatever happens between two steps, nothing is lost, no read is wrong, and
 * the plan says how it came out. {@code -Drebalance=all} adds the days that take long.
 */
@Tag("beside-another")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class BadDaysIT {
    private static final long SEED = 4_711;
    private static final List<String> THREE = List.of("n1", "n2", "n3");

    /** So slow that something can happen while a replica is copied. */
    private static final long SLOW = 1 << 20;

    @Test
    void twoOperatorsApplyAtOnceAndTheTargetDies() throws Exception {
        try (var story = Story.begin("bad-target", THREE, SEED)) {
            story.fleet().node("n4");
            var client = story.client();
            String id = story.planThatUses("n4", SLOW).getPlan().getId();

            assertThat(applyAtOnce(client, id)).as("one of the two wins").containsExactlyInAnyOrder("won", "refused");
            assertThatThrownBy(() -> client.balancing().apply(id))
                    .isInstanceOf(WrongStateException.class)
                    .hasMessageContaining("was applied before");

            story.awaitPace(id, SLOW);
            var watch = story.fleet().begin("c1", "rebalance", "status", id, "--watch");
            story.awaitStep(id, step -> step.getPhase() == StepPhase.STEP_PHASE_COPYING);
            story.fleet().kill("n4");
            story.awaitStep(id, step -> step.getDetail().contains("node n4 went away while it was copied to"));
            story.awaitStep(id, step -> step.getDetail().contains("waits for node n4 to be back"));
            story.awaitSafe();
            story.assertGood();
            Awaitility.await("whoever watches reads that nobody can say how long it takes, and why")
                    .atMost(Story.LONG)
                    .until(() -> watch.printed().contains("; left: nobody can say; waits for node n4 to be back"));

            story.fleet().node("n4");
            var page = new StatusPage(story.fleet(), "c1");
            page.showsThatSomethingMoves("even out", "n4 lost touch", "n4 is back");
            var over = story.awaitOver(id);
            assertThat(over.getState()).isEqualTo(PlanState.PLAN_STATE_DONE);
            assertThat(over.getNotDone()).as("what was given up is told").isPositive();
            assertThat(story.holders()).contains("n4");
            assertThatWatchingTellsTheTruth(watch.end(), over);
            story.awaitSafe();
            story.assertAllThere();

            // Nobody is left on whom copies could be made anew.
            story.fleet().kill("n1");
            story.fleet().kill("n2");
            page.showsThatCopiesAreMissing("n1 lost touch", "n2 lost touch");
        }
    }

    /** What {@code rebalance status --watch} printed until the plan was over. */
    private static void assertThatWatchingTellsTheTruth(String transcript, Plan over) {
        var looks = List.of(transcript.strip().split("\\R\\R(?=plan )"));
        var running = looks.subList(0, looks.size() - 1);
        assertThat(running)
                .as("progress, pace, throttle and time left, at every look")
                .isNotEmpty()
                .allSatisfy(look -> assertThat(look)
                        .startsWith("plan " + over.getId() + ": even out the cluster, running")
                        .containsPattern("\\d+ of " + over.getStepCount() + " steps made.*; .* of .* copied")
                        .containsPattern("/s now, of 1\\.0 MiB/s a node allowed; left: (\\d+ (s|min)|nobody can say)"));
        assertThat(running)
                .as("a copy under way, with what has come of what is to come")
                .anySatisfy(look -> assertThat(look)
                        .containsPattern(
                                "shard \\d+: n\\d -> n4 +copying +[0-9.]+ (B|KiB|MiB) +[0-9.]+ (KiB|MiB) +copying"));
        assertThat(running)
                .as("part of the bytes has come")
                .anySatisfy(look -> assertThat(look).containsPattern("; [1-9][0-9.]* (KiB|MiB) of .* copied"));
        assertThat(running)
                .as("what waits for what")
                .anySatisfy(look -> assertThat(look).containsPattern("-> n4 +waiting .*waits for node n4 to be back"));
        assertThat(looks.get(looks.size() - 1))
                .startsWith("plan " + over.getId() + ": even out the cluster, done")
                .contains(over.getDone() + " of " + over.getStepCount() + " steps made, " + over.getNotDone()
                        + " not made")
                .containsPattern("took .*, planned .*");
    }

    @Test
    void zooKeeperIsLostWhileAPlanRuns() throws Exception {
        try (var story = Story.begin("bad-zookeeper", THREE, SEED + 1)) {
            story.fleet().node("n4");
            String id = story.apply(story.planThatUses("n4", SLOW));
            story.awaitStep(id, step -> step.getPhase() == StepPhase.STEP_PHASE_COPYING);
            story.fleet().loseZooKeeper();
            try {
                story.awaitReads(200);
            } finally {
                story.fleet().bringZooKeeperBack();
            }
            var over = story.awaitOver(id);
            assertThat(over.getState()).isEqualTo(PlanState.PLAN_STATE_DONE);
            assertThat(over.getNotDone()).as("%s", story.plan(id)).isZero();
            assertThat(story.holders()).contains("n4");
            story.awaitSafe();
            story.assertAllThere();
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "rebalance", matches = "all")
    void theSourceDies() throws Exception {
        try (var story = Story.begin("bad-source", THREE, SEED + 2)) {
            story.fleet().node("n4");
            String id = story.apply(story.planThatUses("n4", SLOW));
            var step = story.awaitStep(id, one -> one.getPhase() == StepPhase.STEP_PHASE_COPYING);
            story.fleet().kill(step.getFrom());
            var over = story.awaitOver(id);
            assertThat(over.getState()).isEqualTo(PlanState.PLAN_STATE_DONE);
            var left = new ArrayList<>(List.of("n1", "n2", "n3", "n4"));
            left.remove(step.getFrom());
            Awaitility.await("what the dead node held is made anew")
                    .atMost(Story.LONG)
                    .ignoreExceptions()
                    .until(() -> story.holders().equals(Set.copyOf(left)));
            story.awaitSafe();
            story.assertAllThere();
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "rebalance", matches = "all")
    void theOnlyControllerIsKilledEveryFewSeconds() throws Exception {
        try (var story = Story.begin("bad-controller", THREE, SEED + 3)) {
            story.fleet().node("n4");
            String id = story.apply(story.planStepByStep("n4", SLOW));
            int killed = 0;
            boolean over = false;
            while (!over && killed < 100) {
                story.fleet().kill("c1");
                story.fleet().coordinator("c1");
                killed++;
                over = oneStepFurtherOrSomeSecondsLater(story, id, 4 + killed % 4);
            }
            var plan = story.awaitOver(id);
            assertThat(killed).as("kills").isGreaterThan(2);
            assertThat(plan.getState()).isEqualTo(PlanState.PLAN_STATE_DONE);
            assertThat(plan.getNotDone()).as("%s", story.plan(id)).isZero();
            story.awaitSafe();
            story.assertAllThere();
        }
    }

    /** Waits until a plan got on, or for some seconds; returns whether it is over. */
    private static boolean oneStepFurtherOrSomeSecondsLater(Story story, String id, int seconds) {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        var doneAtFirst = new AtomicInteger(-1);
        return Awaitility.await("the plan gets on or is over, or it is time for the next one")
                        .atMost(Story.LONG)
                        .ignoreExceptions()
                        .until(() -> story.plan(id).getPlan(), now -> {
                            doneAtFirst.compareAndSet(-1, now.getDone());
                            return now.getFinishedAtMs() != 0
                                    || now.getDone() > doneAtFirst.get()
                                    || System.nanoTime() - until >= 0;
                        })
                        .getFinishedAtMs()
                != 0;
    }

    @Test
    @EnabledIfSystemProperty(named = "rebalance", matches = "all")
    void aPlanIsPausedResumedAndCancelledHalfWay() throws Exception {
        try (var story = Story.begin("bad-cancel", THREE, SEED + 4)) {
            story.fleet().node("n4");
            String id = story.apply(story.planStepByStep("n4", SLOW));
            story.awaitStep(id, step -> step.getPhase() == StepPhase.STEP_PHASE_COPYING);
            var paused = story.client().balancing().steer("", PlanOrder.PLAN_ORDER_PAUSE);
            assertThat(paused.getState()).isEqualTo(PlanState.PLAN_STATE_PAUSED);
            Awaitility.await("what is under way ends")
                    .atMost(Story.LONG)
                    .ignoreExceptions()
                    .until(() -> story.plan(id).getPlan().getStepsList().stream()
                            .noneMatch(step -> step.getPhase() == StepPhase.STEP_PHASE_COPYING
                                    || step.getPhase() == StepPhase.STEP_PHASE_LEAVING));
            assertThat(story.plan(id).getHeldUp()).contains("paused");
            var unused = story.client().balancing().steer(id, PlanOrder.PLAN_ORDER_RESUME);
            story.awaitStep(id, step -> step.getPhase() == StepPhase.STEP_PHASE_COPYING);
            unused = story.client().balancing().steer(id, PlanOrder.PLAN_ORDER_CANCEL);
            assertThat(story.awaitOver(id).getState()).isEqualTo(PlanState.PLAN_STATE_CANCELLED);
            story.awaitSafe();
            assertThat(story.client().admin().shards())
                    .as("every shard has as many replicas as before")
                    .allMatch(shard -> shard.replicas().size() == 3);
            story.assertAllThere();
        }
    }

    /** A drain onto a node whose disk has no room above its reserve: the bytes that are missing, and what would help. */
    @Test
    @EnabledIfSystemProperty(named = "rebalance", matches = "all")
    void aDrainThatDoesNotFitSaysHowManyBytesAreMissing() throws Exception {
        try (var story = Story.begin("bad-drain", THREE, SEED + 5)) {
            String all = Long.toString(1L << 50);
            story.fleet()
                    .node(
                            "n4",
                            Map.of(
                                    "TINTYPE_CONFIG_DISK_RESERVE_BYTES", all,
                                    "TINTYPE_CONFIG_DISK_READ_ONLY_BYTES", all,
                                    "TINTYPE_CONFIG_DISK_RESUME_BYTES", all));
            var client = story.client();
            var drain = Awaitility.await("n4 reports")
                    .atMost(Story.LONG)
                    .until(
                            () -> client.balancing()
                                    .makePlan(MakePlanRequest.newBuilder()
                                            .setDrain("n3")
                                            .build()),
                            plan -> plan.getProblemsList().stream().anyMatch(problem -> problem.getMissingBytes() > 0));
            long held = drain.getBeforeList().stream()
                    .filter(node -> node.getNode().equals("n3"))
                    .findFirst()
                    .orElseThrow()
                    .getBytes();
            assertThat(drain.getProblemsList()).allSatisfy(problem -> {
                assertThat(problem.getMissingBytes())
                        .as("what it holds, and a MiB for each replica")
                        .isBetween(held, held + (10 << 20));
                assertThat(problem.getWhat()).contains(problem.getMissingBytes() + " bytes of room are missing");
                assertThat(problem.getFix()).contains("Add a node with at least " + problem.getMissingBytes());
            });
            assertThat(drain.getPlan().getId()).as("nothing to apply").isEmpty();
            var unused = client.balancing()
                    .want(SetNodeIntentRequest.newBuilder()
                            .setNode("n3")
                            .setDraining(false)
                            .build());
            story.assertAllThere();
        }
    }

    private static List<String> applyAtOnce(TintypeClient client, String id) throws Exception {
        var ready = new CountDownLatch(1);
        var threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<Plan>> both = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                both.add(threads.submit(() -> {
                    ready.await();
                    return client.balancing().apply(id);
                }));
            }
            ready.countDown();
            var said = new ArrayList<String>();
            for (var one : both) {
                try {
                    said.add(one.get().getId().equals(id) ? "won" : "another plan");
                } catch (ExecutionException e) {
                    said.add(e.getCause() instanceof WrongStateException ? "refused" : String.valueOf(e.getCause()));
                }
            }
            return said;
        } finally {
            threads.shutdownNow();
        }
    }
}
