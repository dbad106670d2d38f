// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.proto.v1.EndangeredShard;
import io.tintype.proto.v1.GetClusterStatusResponse;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.NodeFares;
import io.tintype.proto.v1.NodeIntentView;
import io.tintype.proto.v1.Plan;
import org.junit.jupiter.api.Test;

final class HealthTextTest {
    @Test
    void allIsWell() {
        assertThat(HealthText.of(whole())).isEqualTo("All 10 shards have all their in-sync replicas.");
    }

    @Test
    void aPlanThatMovesReplicasSaysWhenItIsDone() {
        var plan = GetPlanResponse.newBuilder()
                .setPlan(Plan.newBuilder().setId("0123456789ab"))
                .setSecondsLeft(125);
        assertThat(HealthText.of(whole().addPlans(plan)))
                .isEqualTo("All 10 shards have all their in-sync replicas."
                        + " Plan 0123456789ab moves replicas; done in about 2 min 5 s.");
        assertThat(HealthText.of(whole().addPlans(plan.setSecondsLeft(-1).setHeldUp("waits for node n4 to be back"))))
                .endsWith("nobody can say when it is done: waits for node n4 to be back.");
    }

    @Test
    void aDeadNodeSaysWhatIsLeftAndWhenItIsReplaced() {
        var status = lacking(2).addNodes(away(125));
        assertThat(HealthText.of(status))
                .isEqualTo("No data is lost: of each shard at least 2 copies in sync can be reached."
                        + " 1 of 10 shards lack copies, on n3."
                        + " Unless n3 is back, what it holds is made anew in 2 min 5 s.");
    }

    /** As where too few nodes are left, or too little room. */
    @Test
    void whatCannotBeMadeAnewSaysWhereToLook() {
        assertThat(HealthText.of(lacking(2).addNodes(away(0))))
                .contains("n3 has been away for so long that what it holds is to be made anew, and no plan does so yet")
                .endsWith("tintype rebalance plan --only-what-must tells what is missing.");
    }

    @Test
    void aNodeInMaintenanceIsNotReplaced() {
        var status = lacking(1)
                .setOneCopy(1)
                .setWithoutWrites(1)
                .addNodes(away(-1).setIntent(NodeIntentView.newBuilder().setMaintenance(true)));
        assertThat(HealthText.of(status))
                .contains("at least 1 copy in sync")
                .contains("1 of them take no writes.")
                .contains("1 of them would be lost with one more disk.")
                .endsWith("n3 is in maintenance and is not replaced.");
    }

    @Test
    void aRepairSaysWhenItIsDone() {
        var repair = GetPlanResponse.newBuilder()
                .setPlan(Plan.newBuilder().setRepair(true))
                .setSecondsLeft(30);
        assertThat(HealthText.of(lacking(2).addNodes(away(0)).addPlans(repair)))
                .endsWith("They are being made anew; done in about 30 s.");
    }

    @Test
    void aShardThatNobodyCanReachIsNotCalledSafe() {
        assertThat(HealthText.of(lacking(0).addNodes(away(-1))))
                .startsWith("Of 1 shards no copy in sync can be reached: bring the missing nodes back.")
                .endsWith("n3 is not replaced by itself: control.balance.replaceAfter is 0.");
    }

    @Test
    void whatIsOnlyKnownFromBeforeSaysSo() {
        assertThat(HealthText.of(whole().setStale(true)))
                .startsWith("ZooKeeper does not answer: reads and writes go on");
    }

    private static GetClusterStatusResponse.Builder whole() {
        return GetClusterStatusResponse.newBuilder().setShards(10);
    }

    private static GetClusterStatusResponse.Builder lacking(int inSync) {
        return whole().setUnderReplicated(1)
                .addEndangered(EndangeredShard.newBuilder()
                        .setShard(3)
                        .setInSync(inSync)
                        .setWanted(3)
                        .addMissing("n3"));
    }

    private static NodeFares.Builder away(long replacedIn) {
        return NodeFares.newBuilder().setNode("n3").setReplicas(10).setReplacedInSeconds(replacedIn);
    }
}
