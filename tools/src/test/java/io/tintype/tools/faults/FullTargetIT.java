// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.proto.v1.PlanState;
import io.tintype.proto.v1.SetNodeIntentRequest;
import io.tintype.proto.v1.StepPhase;
import io.tintype.tools.balance.Story;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The disk that replicas are copied to fills up, to the last byte, while clients read every byte and write. Runs with {@code
 * -Drebalance=all}.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
@EnabledIfSystemProperty(named = "rebalance", matches = "all")
final class FullTargetIT {
    private static final Path FOLDER = Path.of("target", "full-target").toAbsolutePath();
    private static final long SEED = 4_801;

    /** Its small disk would get nothing otherwise. */
    private static final int AS_LARGE_AS_OTHERS = 100_000;

    /** So slow that the disk can be filled while something is copied to it. */
    private static final long SLOW = 1 << 20;

    @Test
    void copiesWaitForRoomAndGoOnOnceThereIsSome() throws Exception {
        Files.createDirectories(FOLDER);
        LoopDisk.releaseLeftovers(FOLDER);
        var machine = Machine.look(FOLDER);
        machine.lacks(Need.DISKS).ifPresent(what -> {
            System.out.println("SKIPPED: no disk was filled under a plan: " + what);
            Assumptions.abort(what);
        });
        try (var disk = LoopDisk.create(Files.createTempDirectory(FOLDER, "disk-"), "n4");
                var story = Story.begin("full-target", List.of("n1", "n2", "n3"), SEED)) {
            story.fleet().node("n4", Map.of(), disk.data());
            var weighs = story.client()
                    .balancing()
                    .want(SetNodeIntentRequest.newBuilder()
                            .setNode("n4")
                            .setWeightPermille(AS_LARGE_AS_OTHERS)
                            .build());
            assertThat(weighs.getWeightPermille()).isEqualTo(AS_LARGE_AS_OTHERS);
            String id = story.apply(story.planThatUses("n4", SLOW));
            story.awaitStep(id, step -> step.getPhase() == StepPhase.STEP_PHASE_COPYING);

            disk.fill();
            story.awaitStep(
                    id,
                    step -> step.getPhase() == StepPhase.STEP_PHASE_WAITING
                            && step.getDetail().contains("waits for room on n4")
                            && step.getDetail().contains("bytes are missing above the headroom"));
            story.awaitReads(200);
            story.assertGood();
            assertThat(story.plan(id).getPlan().getState()).isEqualTo(PlanState.PLAN_STATE_RUNNING);

            disk.free();
            var over = story.awaitOver(id);
            assertThat(over.getState()).isEqualTo(PlanState.PLAN_STATE_DONE);
            assertThat(over.getNotDone()).as("%s", story.plan(id)).isZero();
            assertThat(story.holders()).contains("n4");
            story.awaitSafe();
            story.assertAllThere();
        }
    }
}
