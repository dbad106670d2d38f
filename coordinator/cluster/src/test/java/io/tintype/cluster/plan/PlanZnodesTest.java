// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepKind;
import io.tintype.proto.internal.v1.PlannedStep;
import java.nio.file.Path;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which plans are kept in a real ZooKeeper, and for how long. */
final class PlanZnodesTest {
    /** More than one znode takes. */
    private static final int STEPS = PlanZnodes.STEPS_PER_PART + 1;

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

    private String propose() throws Exception {
        made++;
        return propose("plan-" + made, 1_000_000L + made);
    }

    private String propose(String id, long createdMs) throws Exception {
        var plan = PlanRecord.newBuilder()
                .setFormat(1)
                .setId(id)
                .setPhase(PlanPhase.PLAN_PHASE_PROPOSED)
                .setCreatedAtMs(createdMs)
                .setSteps(STEPS)
                .build();
        var step = PlannedStep.newBuilder()
                .setKind(PlanStepKind.PLAN_STEP_KIND_MOVE)
                .setShard(1)
                .build();
        return get(plans.propose(plan, Collections.nCopies(STEPS, step)));
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
