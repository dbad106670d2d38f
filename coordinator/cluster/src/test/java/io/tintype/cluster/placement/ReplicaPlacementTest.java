// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.placement.ReplicaPlacement.Candidate;
import io.tintype.cluster.placement.ShardChoice.ShardLoad;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

final class ReplicaPlacementTest {
    @Property
    void replicasAreDistinctInTheRegionAndSpreadOverZones(
            @ForAll("clusters") List<Candidate> cluster, @ForAll @IntRange(min = 1, max = 7) int replicas) {
        var inRegion =
                cluster.stream().filter(node -> node.region().equals("eu")).toList();
        var zones = inRegion.stream().collect(Collectors.groupingBy(Candidate::zone, Collectors.counting()));
        var chosen = ReplicaPlacement.choose(new ShardId(5), "eu", replicas, cluster);
        if (inRegion.size() < replicas) {
            assertThat(chosen).isEmpty();
            return;
        }
        var nodes = chosen.orElseThrow();
        assertThat(nodes).hasSize(replicas).doesNotHaveDuplicates();
        Map<NodeId, Candidate> byId = inRegion.stream().collect(Collectors.toMap(Candidate::id, node -> node));
        assertThat(byId.keySet()).containsAll(nodes);
        var used = nodes.stream()
                .collect(Collectors.groupingBy(
                        id -> byId.getOrDefault(id, cluster.get(0)).zone(), Collectors.counting()));
        if (zones.size() >= replicas) {
            assertThat(used).hasSize(replicas);
        }
        long most = used.values().stream().mapToLong(Long::longValue).max().orElse(0);
        zones.forEach((zone, size) -> assertThat(used.getOrDefault(zone, 0L))
                .as("zone %s is not passed over while another has more", zone)
                .isGreaterThanOrEqualTo(Math.min(size, most - 1)));
    }

    @Property
    void whereZonesAreRequiredEachReplicaHasOneOfItsOwnOrThereIsNone(
            @ForAll("clusters") List<Candidate> cluster, @ForAll @IntRange(min = 1, max = 5) int replicas) {
        Map<NodeId, String> zones = cluster.stream()
                .filter(node -> node.region().equals("eu"))
                .collect(Collectors.toMap(Candidate::id, Candidate::zone));
        var chosen = ReplicaPlacement.choose(new ShardId(5), "eu", replicas, true, cluster);
        assertThat(chosen.isPresent())
                .as("in zones %s", zones)
                .isEqualTo(zones.values().stream().distinct().count() >= replicas);
        chosen.ifPresent(nodes -> assertThat(nodes.stream().map(zones::get))
                .hasSize(replicas)
                .doesNotContainNull()
                .doesNotHaveDuplicates());
    }

    @Property
    void theOrderInWhichNodesAreGivenDoesNotMatter(
            @ForAll("clusters") List<Candidate> cluster,
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 999) int id) {
        var shuffled = new ArrayList<>(cluster);
        Collections.shuffle(shuffled, new Random(seed));
        assertThat(ReplicaPlacement.choose(new ShardId(id), "eu", 3, shuffled))
                .isEqualTo(ReplicaPlacement.choose(new ShardId(id), "eu", 3, cluster));
    }

    @Provide
    Arbitrary<List<Candidate>> clusters() {
        var node = Combinators.combine(
                        Arbitraries.integers().between(0, 30),
                        Arbitraries.of("eu", "eu", "us"),
                        Arbitraries.of("a", "b", "c", "d"),
                        Arbitraries.longs().between(0, 1L << 40),
                        Arbitraries.integers().between(0, 50))
                .as((id, region, zone, weight, replicas) ->
                        new Candidate(new NodeId("n" + id), region, zone, weight, replicas, replicas / 3));
        return node.list().ofMaxSize(12).uniqueElements(Candidate::id);
    }

    @Example
    void shardsPlacedOneAfterAnotherSpreadEvenlyAlsoTheirPrimaries() {
        var replicas = new HashMap<NodeId, Integer>();
        var leads = new HashMap<NodeId, Integer>();
        for (int shard = 1; shard <= 60; shard++) {
            var cluster = new ArrayList<Candidate>();
            for (int n = 0; n < 5; n++) {
                var id = new NodeId("n" + n);
                cluster.add(new Candidate(
                        id, "eu", "z", 1L << 40, replicas.getOrDefault(id, 0), leads.getOrDefault(id, 0)));
            }
            var chosen = ReplicaPlacement.choose(new ShardId(shard), "eu", 3, cluster)
                    .orElseThrow();
            chosen.forEach(id -> replicas.merge(id, 1, Integer::sum));
            leads.merge(chosen.get(0), 1, Integer::sum);
        }
        assertThat(replicas.values()).allMatch(count -> count == 36);
        assertThat(leads.values()).allMatch(count -> count >= 11 && count <= 13);
    }

    @Example
    void aNodeOfTwiceTheDiskTakesTwiceTheReplicas() {
        var replicas = new HashMap<NodeId, Integer>();
        for (int shard = 1; shard <= 40; shard++) {
            var cluster = new ArrayList<Candidate>();
            for (int n = 0; n < 3; n++) {
                var id = new NodeId("n" + n);
                cluster.add(new Candidate(id, "eu", "z", n == 0 ? 200 : 100, replicas.getOrDefault(id, 0), 0));
            }
            ReplicaPlacement.choose(new ShardId(shard), "eu", 1, cluster)
                    .orElseThrow()
                    .forEach(id -> replicas.merge(id, 1, Integer::sum));
        }
        assertThat(replicas).containsEntry(new NodeId("n0"), 20);
    }

    @Property
    void aUserIsNeverSentToAFullShardWhileOneHasRoom(
            @ForAll List<@IntRange(min = 0, max = 3) Integer> users, @ForAll long seed) {
        var shards = new ArrayList<ShardLoad>();
        for (int i = 0; i < users.size(); i++) {
            shards.add(new ShardLoad(new ShardId(i + 1), users.get(i), 3));
        }
        var chosen = ShardChoice.choose(shards, new Random(seed));
        assertThat(chosen.isPresent()).isEqualTo(users.stream().anyMatch(count -> count < 3));
        chosen.ifPresent(shard -> assertThat(users.get(shard.value() - 1)).isLessThan(3));
    }

    /** The one with more of two is taken only where both draws fall on it: a quarter of the users. */
    @Example
    void ofTwoDrawnAtRandomTheOneWithFewerUsersBytesOrCallsIsTaken() {
        var moreUsers = new ShardLoad(new ShardId(1), 600, 1_000, 500, 0, 300);
        var moreBytes = new ShardLoad(new ShardId(1), 500, 1_000, 900, 1_000, 300);
        var moreCalls = new ShardLoad(new ShardId(1), 500, 1_000, 500, 0, 400);
        var random = new Random(20_261_128);
        int users = 10_000;
        for (var fuller : List.of(moreUsers, moreBytes, moreCalls)) {
            var emptier = new ShardLoad(new ShardId(2), 500, 1_000, 500, fuller.bytesLimit(), 300);
            int toFuller = 0;
            for (int i = 0; i < users; i++) {
                var chosen =
                        ShardChoice.choose(List.of(fuller, emptier), random).orElseThrow();
                toFuller += chosen.equals(fuller.shard()) ? 1 : 0;
            }
            assertThat(toFuller).isBetween(users * 23 / 100, users * 27 / 100);
        }
        var beyond = new ShardLoad(new ShardId(1), 0, 1_000, 1_000, 1_000, 0);
        assertThat(ShardChoice.choose(List.of(beyond), random))
                .as("no room for bytes")
                .isEmpty();
    }

    @Example
    void aFewCallsASecondAreNoReasonAndManyAreAsGoodAsAWholeShard() {
        var random = new Random(20_261_129);
        var used = new ShardLoad(new ShardId(1), 100, 1_000, 0, 0, ShardChoice.FEW_CALLS / 20);
        var idle = new ShardLoad(new ShardId(2), 200, 1_000, 0, 0, 0);
        assertThat(shareOf(used, idle, random)).as("five calls a second").isBetween(0.73, 0.77);
        var hot = new ShardLoad(new ShardId(1), 0, 1_000, 0, 0, 2_000);
        var cold = new ShardLoad(new ShardId(2), 900, 1_000, 0, 0, 100);
        assertThat(shareOf(hot, cold, random))
                .as("2,000 calls a second, and nobody on it")
                .isBetween(0.23, 0.27);
        var full = new ShardLoad(new ShardId(2), 1_000, 1_000, 0, 0, 0);
        assertThat(shareOf(hot, full, random))
                .as("hot, but the only one with room")
                .isEqualTo(1);
    }

    private static double shareOf(ShardLoad one, ShardLoad other, Random random) {
        int users = 10_000;
        return IntStream.range(0, users)
                        .filter(i ->
                                ShardChoice.choose(List.of(one, other), random).equals(Optional.of(one.shard())))
                        .count()
                / (double) users;
    }

    @Example
    void aPoolOutsideItsLimitsIsRefusedByName() {
        var id = new PoolId("eu", "standard");
        assertThatThrownBy(() -> new PoolRules(id, 8, 1, 1, 1))
                .isInstanceOf(TintypeException.class)
                .hasMessage("replication_factor is 8; give 1 to 7");
        assertThatThrownBy(() -> new PoolRules(id, 3, 4, 1, 1)).hasMessage("min_insync is 4; give 1 to 3");
        assertThatThrownBy(() -> new PoolRules(id, 3, 2, 0, 1)).hasMessageStartingWith("users_per_shard is 0");
        assertThatThrownBy(() -> new PoolRules(id, 3, 2, 1, 257)).hasMessageStartingWith("initial_shards is 257");
        assertThatThrownBy(() -> new PoolRules(id, -1, 1, 1, 1)).hasMessageContaining("4294967295");
    }
}
