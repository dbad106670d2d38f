// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.placement.Residency;
import io.tintype.cluster.placement.UserQuota;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.NodeIntent;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What rules that have changed make of a shard's assignment, by the nodes there are. */
final class AssignmentsTest {
    private static final PoolId POOL = new PoolId("eu", "paid");
    private static final NodeIntent DRAINED =
            NodeIntent.newBuilder().setDraining(true).build();

    private static final NodeIntent MAINTENANCE =
            NodeIntent.newBuilder().setFormat(1).setMaintenance(true).build();

    /** Three voters in one region and a copy in another, which is to serve. */
    private static final ShardAssignment SWITCHED = assigned(List.of("eu-1", "eu-2", "eu-3"), List.of("us-1"));

    @Test
    void aRegionThatCannotServeYetKeepsItsCopy() {
        var rules = rules(3, false, "us").switchedTo("us");
        for (var us : List.of(
                List.of("us-1/a", "us-2/b"), // one node is missing
                List.of("us-1/a", "us-2/b", "us-3/b+"))) { // there are as many, but one is in maintenance
            var view = view(with(us, "eu-1/a", "eu-2/b", "eu-3/c", "eu-4/d"));
            assertThat(follow(view, SWITCHED, rules).getReplicasList())
                    .as("by %s", us)
                    .isEqualTo(SWITCHED.getReplicasList());
        }
    }

    @Test
    void aRegionWithoutZonesEnoughKeepsItsCopy() {
        var rules = rules(3, true, "us").switchedTo("us");
        var view = view(List.of("eu-1/a", "eu-2/b", "eu-3/c", "us-1/a", "us-2/b", "us-3/b"));
        assertThat(follow(view, SWITCHED, rules).getReplicasList()).isEqualTo(SWITCHED.getReplicasList());
    }

    @Test
    void whatElseRulesSayIsDoneWhileARegionCannotServeYet() {
        var rules = rules(2, false, "us").switchedTo("us");
        var now = assigned(List.of("eu-1", "eu-2", "eu-3"), List.of("us-1", "ap-1"));
        var view = view(List.of("eu-1/a", "eu-2/b", "eu-3/c", "us-1/a", "ap-1/a"));
        var then = follow(view, now, rules);
        assertThat(then.getReplicasList())
                .as("but for a copy that is wanted in neither region")
                .isEqualTo(SWITCHED.getReplicasList());
        assertThat(then.getUsersLimit()).isEqualTo(rules.usersPerShard());
        assertThat(then.getReplicationFactor()).isEqualTo(3);
        assertThat(follow(view, then, rules)).as("nothing is left to be done").isEqualTo(then);
    }

    @Test
    void aRegionThatCanServeHasVotersAndTheOtherKeepsACopy() {
        var rules = rules(3, false, "us").switchedTo("us");
        var view = view(List.of("eu-1/a", "eu-2/b", "eu-3/c", "us-1/a", "us-2/b", "us-3/b"));
        var then = follow(view, SWITCHED, rules).getReplicasList();
        assertThat(then.stream()
                        .filter(placed -> placed.getRole() == ReplicaRole.REPLICA_ROLE_VOTER)
                        .map(Placement::getNode))
                .containsExactlyInAnyOrder("us-1", "us-2", "us-3");
        assertThat(then.stream()
                        .filter(placed -> placed.getRole() == ReplicaRole.REPLICA_ROLE_OBSERVER)
                        .map(Placement::getNode))
                .singleElement()
                .asString()
                .startsWith("eu-");
    }

    /** A node that is down, or in maintenance, comes back with its replica. */
    @Test
    void aZoneIsUsedAlsoWhileTheReplicaInItIsAway() {
        var rules = rules(3, true, "us");
        var now = assigned(List.of("eu-1", "eu-2"), List.of());
        for (var away : List.of("eu-1/a-", "eu-1/a+")) {
            assertThat(follow(view(List.of(away, "eu-2/b", "eu-3/a", "eu-4/a")), now, rules)
                            .getReplicasList())
                    .as("there is no third zone beside %s", away)
                    .isEqualTo(now.getReplicasList());
            assertThat(follow(view(List.of(away, "eu-2/b", "eu-3/a", "eu-4/c")), now, rules)
                            .getReplicasList())
                    .extracting(Placement::getNode)
                    .containsExactly("eu-1", "eu-2", "eu-4");
        }
    }

    /** No plan moves copies: who only keeps some could else never be removed. */
    @Test
    void aCopyLeavesANodeThatIsToBeDrainedWhereAnotherOfItsRegionCanTakeIt() {
        var rules = rules(3, false, "us");
        var now = assigned(List.of("eu-1", "eu-2", "eu-3"), List.of("us-1"));
        var home = List.of("eu-1/a", "eu-2/b", "eu-3/c");
        var then = follow(view(with(home, "us-1/a=", "us-2/a")), now, rules);
        assertThat(then.getReplicasList())
                .isEqualTo(assigned(List.of("eu-1", "eu-2", "eu-3"), List.of("us-2"))
                        .getReplicasList());
        for (var others : List.of(List.of("us-1/a="), List.of("us-1/a=", "us-2/a-"), List.of("us-1/a=", "us-2/a="))) {
            assertThat(follow(view(with(home, others.toArray(String[]::new))), now, rules)
                            .getReplicasList())
                    .as("better there than nowhere: %s", others)
                    .isEqualTo(now.getReplicasList());
        }
    }

    /** A switch is refused where it could not be carried out. */
    @Test
    void aPoolIsSwitchedOnlyToNodesThatMayHoldItsReplicas() {
        var rules = rules(3, false, "us").switchedTo("us");
        assertThatCode(() -> PoolSwitch.requireNodes(view(List.of("us-1/a", "us-2/b", "us-3/b")), rules))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> PoolSwitch.requireNodes(view(List.of("us-1/a", "us-2/b", "us-3/b+")), rules))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.WRONG_STATE))
                .hasMessageContaining("has 2 live storage nodes for pool eu.paid that are neither in maintenance");
        var spread = rules(3, true, "us").switchedTo("us");
        assertThatThrownBy(() -> PoolSwitch.requireNodes(view(List.of("us-1/a", "us-2/b", "us-3/b")), spread))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.WRONG_STATE))
                .hasMessageContaining("stand in 2: a, b");
    }

    private static ShardAssignment follow(ClusterView view, ShardAssignment now, PoolRules rules) {
        return new Assignments(view, new Occupancy(view)).follow(now, rules);
    }

    private static List<String> with(List<String> some, String... more) {
        return Stream.concat(some.stream(), Stream.of(more)).toList();
    }

    /**
     * A cluster without shards.
     *
     * @param places node/zone of each node, whose region is the beginning of its name; + behind it: in maintenance, - behind it:
     *     out of touch, = behind it: to be drained
     */
    private static ClusterView view(List<String> places) {
        var nodes = places.stream()
                .map(place -> place.split("/", 2))
                .map(place -> new NodeInfo(
                        new NodeId(place[0]),
                        place[0],
                        place[0],
                        place[0].substring(0, 2),
                        place[1].substring(0, 1),
                        !place[1].endsWith("-"),
                        1,
                        Set.of()))
                .toList();
        Map<NodeId, NodeIntent> intents = new HashMap<>();
        places.stream()
                .filter(place -> place.endsWith("+"))
                .forEach(place -> intents.put(new NodeId(place.substring(0, place.indexOf('/'))), MAINTENANCE));
        places.stream()
                .filter(place -> place.endsWith("="))
                .forEach(place -> intents.put(new NodeId(place.substring(0, place.indexOf('/'))), DRAINED));
        return new ClusterView(ShardMap.of(nodes, List.of()), Map.of(), Map.of(), null, intents);
    }

    private static PoolRules rules(int factor, boolean zonesRequired, String observer) {
        return new PoolRules(
                POOL,
                factor,
                1,
                new PoolRules.NodeRule(zonesRequired, Set.of()),
                new PoolRules.Capacity(10, 0, 1),
                UserQuota.NONE,
                new Residency(true, List.of(observer), ""),
                "",
                false);
    }

    private static ShardAssignment assigned(List<String> voters, List<String> observers) {
        var assignment = ShardAssignment.newBuilder()
                .setFormat(1)
                .setShard(1)
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool(POOL.toString())
                .setMinInsync(1)
                .setReplicationFactor(voters.size());
        voters.forEach(node ->
                assignment.addReplicas(Placement.newBuilder().setNode(node).setRole(ReplicaRole.REPLICA_ROLE_VOTER)));
        observers.forEach(node -> assignment.addReplicas(
                Placement.newBuilder().setNode(node).setRole(ReplicaRole.REPLICA_ROLE_OBSERVER)));
        return assignment.build();
    }
}
