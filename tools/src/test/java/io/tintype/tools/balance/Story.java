// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.TintypeClient;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanStep;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** A fleet that has data and is read from and written to, and what tests ask of it. Used by one thread. */
public final class Story implements AutoCloseable {
    /** What takes seconds on a quiet machine. */
    public static final Duration LONG = Duration.ofMinutes(5);

    private static final int BLOBS = 300;
    private static final int READERS = 2;

    private static final Map<String, String> SETTINGS = Map.of(
            "TINTYPE_CONFIG_CONTROL_BALANCE_REPLACE_AFTER", "6s",
            "TINTYPE_CONFIG_CONTROL_BALANCE_HEADROOM_PERCENT", "1");

    private final Fleet fleet;
    private final TintypeClient client;
    private final Overview overview;
    private final Readers readers;
    private final long seed;

    private Story(Fleet fleet, TintypeClient client, long seed) {
        this.fleet = fleet;
        this.client = client;
        this.overview = new Overview(client, LONG);
        this.readers = new Readers(client, seed);
        this.seed = seed;
    }

    /** These nodes and one coordinator, with blobs, under load. */
    public static Story begin(String name, List<String> nodes, long seed) throws Exception {
        var fleet = Fleet.start(name, SETTINGS);
        try {
            for (var node : nodes) {
                fleet.node(node);
            }
            fleet.coordinator("c1");
            var story = new Story(fleet, fleet.client("c1"), seed);
            story.awaitSafe();
            story.readers.fill(BLOBS);
            story.readers.begin(READERS);
            return story;
        } catch (Exception | AssertionError e) {
            fleet.close();
            throw e;
        }
    }

    /** Its processes. */
    public Fleet fleet() {
        return fleet;
    }

    /** A client of its coordinator. */
    public TintypeClient client() {
        return client;
    }

    /** A plan to even out that gives a node something. */
    public MakePlanResponse planThatUses(String node, long bytesPerSecond) {
        return planThatUses(node, bytesPerSecond, 0);
    }

    /** The same, step by step: while one is under way, others are yet to begin. */
    public MakePlanResponse planStepByStep(String node, long bytesPerSecond) {
        return planThatUses(node, bytesPerSecond, 1);
    }

    private MakePlanResponse planThatUses(String node, long bytesPerSecond, int movesAtOnce) {
        return overview.awaitPlan(
                "a plan that uses " + node,
                MakePlanRequest.newBuilder()
                        .setBytesPerSecond(bytesPerSecond)
                        .setMovesAtOnce(movesAtOnce)
                        .build(),
                plan -> plan.getPlan().getStepsList().stream()
                        .anyMatch(step -> step.getTo().equals(node) && step.getBytes() > 0));
    }

    /** Applies a plan; returns its id. */
    public String apply(MakePlanResponse made) {
        return client.balancing().apply(made.getPlan().getId()).getId();
    }

    /** A plan with its steps. */
    public GetPlanResponse plan(String id) {
        return overview.plan(id);
    }

    /** Waits until some step of a plan is so; returns it. */
    public PlanStep awaitStep(String id, Predicate<PlanStep> wanted) {
        return Awaitility.await("a step of plan " + id)
                .atMost(LONG)
                .ignoreExceptions()
                .until(
                        () -> plan(id).getPlan().getStepsList().stream()
                                .filter(wanted)
                                .findFirst(),
                        found -> found.isPresent())
                .orElseThrow();
    }

    /** Waits until a plan goes at this pace: until the controller looks, the former one holds. */
    public void awaitPace(String id, long bytesPerSecond) {
        Awaitility.await("plan " + id + " goes at its pace")
                .atMost(LONG)
                .until(() -> plan(id).getThrottleBytesPerSecond() == bytesPerSecond);
    }

    /** Waits until a plan is over, whatever came of it. */
    public Plan awaitOver(String id) {
        return overview.awaitOver(id);
    }

    /** Waits until every shard has all its replicas. */
    public void awaitSafe() {
        overview.awaitSafe();
    }

    /** Waits until so many more reads were answered. */
    public void awaitReads(int more) {
        long goal = readers.reads() + more;
        Awaitility.await(more + " reads").atMost(LONG).until(() -> readers.reads() >= goal);
    }

    /** The nodes that hold something. */
    public Set<String> holders() {
        return overview.holders();
    }

    /** Waits until exactly these nodes hold everything. */
    public void awaitHolders(Set<String> nodes) {
        overview.awaitHolders(nodes);
    }

    /** Whether a node is in touch. */
    public boolean isLive(String node) {
        return client.admin().nodes().stream()
                .anyMatch(there ->
                        there.node().live() && there.node().id().value().equals(node));
    }

    /** No read failed or was wrong so far. */
    public void assertGood() {
        assertThat(readers.bad())
                .as("reads that failed or were wrong; seed %d", seed)
                .isEmpty();
    }

    /** Ends the load; everything that was stored is there, byte by byte. */
    public void assertAllThere() {
        readers.checkAll();
        assertGood();
    }

    @Override
    public void close() {
        readers.close();
        client.close();
        fleet.close();
    }
}
