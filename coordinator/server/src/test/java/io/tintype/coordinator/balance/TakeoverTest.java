// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tintype.cluster.plan.PlanSteps;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlannedStep;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a controller that takes a plan over knows of the one before, and what that one leaves behind at nodes. */
final class TakeoverTest {
    private static final String PLAN = "000000000001";
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final long QUIET_MICROS = 5_000;

    @TempDir
    private Path folder;

    private Offices offices;
    private ToyNodes nodes;

    @BeforeEach
    void start() throws Exception {
        offices = Offices.open(folder);
        nodes = new ToyNodes(offices.session(), List.of("n1", "n2", "n3", "n4"));
        nodes.readMicros = QUIET_MICROS;
        nodes.slowMicros = 2 * QUIET_MICROS;
    }

    @AfterEach
    void stop() {
        nodes.close();
        offices.close();
    }

    /** Where readers feel it that replicas move, and where they do not: by what the one before knew. */
    @Test
    void whoTakesAPlanOverGoesByWhatReadersFeltBeforeItBegan() throws Exception {
        nodes.neverJoins("n4");
        try (var first = ToyController.immortal(offices, nodes)) {
            var shards = begun(first, List.of(ToyController.move(1, "n1", "n4")));
            nodes.readMicros = 4 * QUIET_MICROS;
            try (var next = ToyController.immortal(offices, nodes)) {
                next.look(shards);
                assertThat(next.pacing.quietMicros()).isEqualTo(QUIET_MICROS);
                assertThat(next.pacing.rate())
                        .as("half of the limit, at its first look")
                        .isEqualTo(ToyController.LIMIT / 2);
                nodes.readMicros = QUIET_MICROS;
                for (int look = 0; look < 80; look++) {
                    next.look(shards);
                }
                assertThat(next.pacing.rate()).as("it comes back as readers do").isEqualTo(ToyController.LIMIT);
            }
            try (var third = ToyController.immortal(offices, nodes)) {
                third.look(shards);
                assertThat(third.pacing.rate())
                        .as("nobody feels anything: no controller begins slowly")
                        .isEqualTo(ToyController.LIMIT);
            }
        }
    }

    @Test
    void digestsThatADeposedControllerAskedForEnd() throws Exception {
        nodes.digestsForEver = true;
        try (var first = ToyController.immortal(offices, nodes)) {
            var shards = begun(first, List.of(ToyController.move(1, "n1", "n4")));
            await("the source and the target are digested").atMost(LONG).until(() -> {
                nodes.move(shards);
                first.look(shards);
                return nodes.digesting.get() == 2;
            });
            try (var next = ToyController.immortal(offices, nodes)) {
                assertThatThrownBy(() -> first.look(shards))
                        .isInstanceOfSatisfying(
                                Journal.Interrupted.class,
                                e -> assertThat(e.deposed).isTrue());
                first.runner.deposed();
                await("nodes stop to digest").atMost(LONG).until(() -> nodes.digesting.get() == 0);

                nodes.digestsForEver = false;
                await("the next one has its own verdict").atMost(LONG).until(() -> {
                    next.look(shards);
                    nodes.move(shards);
                    return offices.plan(PLAN).record().value().getFinishedAtMs() != 0;
                });
                assertThat(offices.plan(PLAN).record().value().getDone()).isOne();
            }
        }
    }

    /** Shards whose plan has been begun. */
    private List<Integer> begun(ToyController controller, List<PlannedStep> steps) throws Exception {
        var shards = controller.shards(1, 2);
        controller.look(shards); // nothing moves yet
        offices.activate(Offices.record(PLAN, PlanPurpose.PLAN_PURPOSE_BALANCE, steps.size(), steps.size()), steps);
        controller.look(shards);
        assertThat(offices.plan(PLAN).steps()).allMatch(PlanSteps::isUnderWay);
        return shards;
    }
}
