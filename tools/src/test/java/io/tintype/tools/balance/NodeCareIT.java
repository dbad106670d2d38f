// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.NodeId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.v1.PlanState;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * What operators do with nodes, by the commands that they type, with real processes under load: every read is right throughout.
 * Runs with {@code -Drebalance=all}.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
@EnabledIfSystemProperty(named = "rebalance", matches = "all")
final class NodeCareIT {
    private static final long SEED = 6_007;

    @Test
    void aNodeIsRestartedAndNobodyMissesIt() throws Exception {
        try (var story = Story.begin("care-restart", List.of("n1", "n2", "n3"), SEED)) {
            restart(story, () -> story.fleet().stop("n2"));
            restart(story, () -> story.fleet().kill("n2"));
            story.assertAllThere();
        }
    }

    /** With the helper that moves leads away first and waits for full in-sync sets. */
    private static void restart(Story story, Runnable end) throws Exception {
        var fleet = story.fleet();
        var helper = fleet.begin("c1", "node", "restart", "n2");
        Awaitility.await("the helper says when")
                .atMost(Story.LONG)
                .until(() -> helper.told().contains("restart n2 now"));
        assertThat(story.client().admin().shards())
                .as("others lead what it led")
                .noneMatch(shard ->
                        shard.primary().filter(new NodeId("n2")::equals).isPresent());
        assertThat(fleet.command("c1", "cluster", "status")).contains("n2").contains("maintenance");
        end.run();
        fleet.node("n2");
        assertThat(helper.end()).contains("node n2: not drained, not in maintenance, weight 100.0 %");
        assertThat(story.client().admin().shards())
                .as("in sync when the helper ends")
                .extracting(ShardInfo::inSync)
                .allMatch(members -> members.contains(new NodeId("n2")));
        story.assertGood();
    }

    @Test
    void aNodeIsDrainedTakenBackKeptReplacedAndRemoved() throws Exception {
        try (var story = Story.begin("care-drain", List.of("n1", "n2", "n3", "n4"), SEED + 1)) {
            var fleet = story.fleet();
            assertThat(fleet.command("c1", "node", "weight", "n4", "150")).contains("weight 150.0 %");

            var preview = fleet.command("c1", "node", "drain", "n4", "--preview");
            assertThat(preview).contains("n4 -> ", "node n4 is to be drained", "to copy, about", "replicas");
            assertThat(fleet.command("c1", "rebalance", "history"))
                    .as("a preview changes nothing")
                    .contains("drain n4")
                    .contains("proposed")
                    .doesNotContain("done");

            assertThat(fleet.command("c1", "node", "drain", "n4"))
                    .contains("is being carried out; tintype rebalance status --watch");
            assertThat(fleet.command("c1", "rebalance", "status", "--watch"))
                    .as("progress, and its end")
                    .contains("drain n4, done", " steps made", "took ");
            assertThat(story.holders()).doesNotContain("n4");
            assertThat(fleet.command("c1", "node", "drain", "n4")).contains("holds nothing, and is given nothing more");

            assertThat(fleet.command("c1", "node", "undrain", "n4")).contains("node n4: not drained");
            String id = story.apply(story.planThatUses("n4", 0));
            assertThat(story.awaitOver(id).getState()).isEqualTo(PlanState.PLAN_STATE_DONE);
            assertThat(story.holders()).contains("n4");

            assertThat(fleet.command("c1", "node", "maintenance", "n4", "on")).contains("in maintenance");
            fleet.kill("n4");
            Awaitility.await("n4 is missed").atMost(Story.LONG).until(() -> !story.isLive("n4"));
            assertThat(fleet.begin("c1", "node", "remove", "n4").fail())
                    .contains("Node n4 still holds replicas of", "Drain it: tintype node drain n4");
            assertThat(story.holders()).as("it is not replaced").contains("n4");

            assertThat(fleet.command("c1", "node", "maintenance", "n4", "off")).contains("not in maintenance");
            story.awaitHolders(Set.of("n1", "n2", "n3"));
            assertThat(fleet.command("c1", "node", "remove", "n4")).contains("node n4 is forgotten");
            story.assertAllThere();
        }
    }
}
