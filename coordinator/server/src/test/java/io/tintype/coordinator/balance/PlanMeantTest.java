// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.zk.Paths;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.PlanPurpose;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that name no plan. */
final class PlanMeantTest {
    private static final String OWN = "00000000000a";
    private static final String REPAIR = "00000000000b";

    @TempDir
    private Path folder;

    private Offices offices;
    private PlanMeant meant;

    @BeforeEach
    void start() {
        offices = Offices.open(folder);
        meant = new PlanMeant(offices.plans());
    }

    @AfterEach
    void stop() {
        offices.close();
    }

    private void activate(String id, PlanPurpose purpose) throws Exception {
        offices.activate(Offices.record(id, purpose, 1, 1), List.of(ToyController.move(1, "n1", "n4")));
    }

    /** Else who pauses his own plan, amid which a node died, would pause what makes copies anew. */
    @Test
    void aRepairIsNotSteeredByWhoDoesNotNameIt() throws Exception {
        activate(OWN, PlanPurpose.PLAN_PURPOSE_BALANCE);
        activate(REPAIR, PlanPurpose.PLAN_PURPOSE_REPAIR);

        assertThat(ToyNodes.get(meant.steered())).isEqualTo(OWN);
        assertThat(ToyNodes.get(meant.told())).as("begun last").isEqualTo(REPAIR);
    }

    @Test
    void whereThereIsOnlyARepairItIsToBeNamed() throws Exception {
        activate(REPAIR, PlanPurpose.PLAN_PURPOSE_REPAIR);

        assertThatThrownBy(() -> ToyNodes.get(meant.steered()))
                .cause()
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.WRONG_STATE))
                .hasMessageContaining(REPAIR)
                .hasMessageContaining("name it");
    }

    @Test
    void aPlanThatCannotBeUnderstoodIsNotMeant() throws Exception {
        activate(OWN, PlanPurpose.PLAN_PURPOSE_BALANCE);
        activate(REPAIR, PlanPurpose.PLAN_PURPOSE_REPAIR);
        damage(offices, REPAIR);

        assertThat(ToyNodes.get(meant.told())).isEqualTo(OWN);
        assertThat(ToyNodes.get(meant.steered())).isEqualTo(OWN);
    }

    /** As by somebody's hand. */
    static void damage(Offices offices, String plan) throws Exception {
        var garbage = "no plan".getBytes(StandardCharsets.UTF_8);
        var found =
                ToyNodes.get(offices.session().znodes().get(Paths.plan(plan))).orElseThrow();
        var unused = ToyNodes.get(offices.session().znodes().set(Paths.plan(plan), garbage, found.version()));
    }
}
