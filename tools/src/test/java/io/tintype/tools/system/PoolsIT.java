// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.client.Consistency;
import io.tintype.client.GetOptions;
import io.tintype.client.InvalidRequestException;
import io.tintype.client.NotFoundException;
import io.tintype.client.PoolDetail;
import io.tintype.client.PoolEdit;
import io.tintype.client.PoolInUseException;
import io.tintype.client.PoolInfo;
import io.tintype.client.QuotaExceededException;
import io.tintype.client.StorageFullException;
import io.tintype.client.TintypeClient;
import io.tintype.client.UnavailableException;
import io.tintype.client.UserLocation;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.coordinator.control.ControlSettings;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.tools.CommandLines;
import io.tintype.tools.console.ExitCode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Pools, their limits and quotas, in a cluster of three zones of one region and a node each of two others. */
@Tag("beside-another")
final class PoolsIT {
    /** Each with connections and hints of its own. */
    private static final int COORDINATORS = 3;

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final ControlSettings CONTROL =
            new ControlSettings(3, 1, 1, 100_000, 20, 60, BalanceSettings.DEFAULTS);

    private static Regions cluster;
    private static TintypeClient client;

    @BeforeAll
    static void start() throws Exception {
        cluster = Regions.start("pools", CONTROL, "eu/a/ssd", "eu/b/ssd", "eu/c", "us/a", "ap/a");
        for (int i = 1; i < COORDINATORS; i++) {
            cluster.startCoordinator("eu", CONTROL);
        }
        client = cluster.client();
        Awaitility.await()
                .atMost(PATIENCE)
                .ignoreException(TintypeException.class)
                .until(() -> client.users().register("first").created());
    }

    @AfterAll
    static void stop() {
        client.close();
        cluster.close();
    }

    @Test
    void sixtyFourWhoRegisterAtOnceFillShardsExactlyAndMoreShardsAreMade() throws Exception {
        var pool = new PoolId("eu", "racing");
        create(new PoolInfo(pool, 1, 1, 5, 2));
        var clients = clients();
        var homes = Race.run(i -> () -> {
            while (true) {
                try {
                    return clients.get(i)
                            .users()
                            .register("racer-" + i, pool)
                            .user()
                            .shard();
                } catch (StorageFullException e) {
                    assertThat(e.reason()).isEqualTo(Reason.POOL_FULL);
                    assertThat(e)
                            .hasMessage("No shard of pool eu.racing has room for another user. The controller adds"
                                    + " shards while region eu has nodes for them: try again in a minute. Else raise"
                                    + " --users-per-shard or --bytes-per-shard by 'tintype pool change', or register"
                                    + " the user in another pool.");
                    Awaitility.await().pollDelay(Duration.ofMillis(200)).until(() -> true);
                } catch (TintypeException e) {
                    assertThat(e.reason().isTransient()).as(e.toString()).isTrue();
                }
            }
        });
        var byShard = homes.stream().collect(Collectors.groupingBy(shard -> shard, Collectors.counting()));
        assertThat(byShard.values()).allMatch(count -> count <= 5);
        var shown = client.admin().pool(pool).shards();
        assertThat(shown).allMatch(shard -> shard.users() <= 5);
        assertThat(shown.stream().mapToLong(PoolDetail.ShardFill::users).sum()).isEqualTo(Race.RACERS);
        assertThat(shown.size()).isGreaterThanOrEqualTo(Race.RACERS / 5);
        for (int i = 0; i < Race.RACERS; i++) {
            assertThat(clients.get((i + 1) % Race.RACERS)
                            .users()
                            .lookup("racer-" + i)
                            .shard())
                    .as("by the word of another coordinator")
                    .isEqualTo(homes.get(i));
        }
        clients.forEach(TintypeClient::close);
    }

    /** As many as there are racers, each of another coordinator than the one before. */
    private static List<TintypeClient> clients() {
        return IntStream.range(0, Race.RACERS)
                .mapToObj(i -> cluster.client(i % COORDINATORS))
                .toList();
    }

    @Test
    void sixtyFourWhoRegisterTheSameUserAgreeOnOneHome() throws Exception {
        var clients = clients();
        try {
            var answers = Race.run(i -> () -> clients.get(i).users().register("one-and-the-same"));
            assertThat(answers.stream().filter(answer -> answer.created())).hasSize(1);
            assertThat(answers.stream().map(answer -> answer.user()))
                    .containsOnly(answers.get(0).user());

            var written =
                    Race.run(i -> () -> clients.get(i).put("first-written-by-all", "blob" + i, new byte[] {(byte) i}));
            assertThat(written).doesNotContainNull();
            var home = client.users().lookup("first-written-by-all");
            assertThat(clients)
                    .allSatisfy(each -> assertThat(each.users().lookup("first-written-by-all"))
                            .isEqualTo(home));
            assertThat(client.users().usage("first-written-by-all").blobs()).isEqualTo(Race.RACERS);
            for (int i = 0; i < Race.RACERS; i++) {
                assertThat(client.get("first-written-by-all", "blob" + i).bytes())
                        .containsExactly(i);
            }
        } finally {
            clients.forEach(TintypeClient::close);
        }
    }

    @Test
    void aPoolThatAsksForLabelsStandsOnNodesThatHaveThem() throws Exception {
        var pool = new PoolId("eu", "labelled");
        create(new PoolInfo(pool, 2, 1, 100, 2, 0, 0, 0, false, false, List.of(), "", "", Set.of("ssd"), false));
        assertThat(client.admin().shards(pool))
                .hasSize(2)
                .allSatisfy(shard ->
                        assertThat(shard.replicas()).containsExactlyInAnyOrder(new NodeId("n1"), new NodeId("n2")));
        assertThatThrownBy(() -> client.admin().changePool(PoolEdit.of(pool).replicationFactor(3)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("has 2 live storage nodes with labels ssd; add nodes first");
        assertThatThrownBy(() -> client.admin().changePool(PoolEdit.of(pool).labels(Set.of("SSD!"))))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("label 'SSD!' is none; give 1 to 32 characters out of a-z, 0-9 and '-'");
        assertThat(Command.run(cluster.server(), "pool", "change", pool.toString(), "--labels")
                        .text())
                .as("what it would be without labels")
                .contains("labels: [ssd] -> []");
        assertThat(client.admin().pool(pool).pool().labels()).containsExactly("ssd");
        assertThat(client.admin().nodes())
                .filteredOn(node -> node.node().labels().contains("ssd"))
                .extracting(node -> node.node().id().value())
                .containsExactlyInAnyOrder("n1", "n2");
    }

    @Test
    void whereReplicasNeedZonesOfTheirOwnAPoolWaitsForThem() throws Exception {
        cluster.startNode("n6", "sa", "a");
        cluster.startNode("n7", "sa", "a");
        var pool = new PoolId("sa", "zoned");
        var created = byCommandLine(
                "pool", "create", pool.toString(), "--replicas", "2", "--shards", "2", "--zones", "required");
        assertThat(created.code()).as("%s", created).isZero();
        var loose = new PoolId("sa", "loose");
        create(new PoolInfo(loose, 2, 1, 100, 1)); // by now the controller has looked at the other one, too
        assertThat(client.admin().shards(pool)).as("two nodes, and one zone").isEmpty();

        var waitsFor =
                "Pool sa.zoned has no shards yet. The controller makes them as soon as 2 storage nodes are live in"
                        + " region sa, each in a zone of its own.";
        try (var impatient = TintypeClient.builder()
                .seeds(cluster.server())
                .requestTimeout(Duration.ofMillis(500))
                .build()) {
            // On a busy machine there may be no answer within this time.
            Awaitility.await()
                    .atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThatThrownBy(() -> impatient.users().register("zoned-user", pool))
                                    .isInstanceOf(UnavailableException.class)
                                    .hasMessageContaining(waitsFor));
        }
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
            var registered =
                    byCommandLine("user", "register", "zoned-user", "--pool", pool.toString(), "--timeout", "500ms");
            assertThat(registered.code()).as("%s", registered).isEqualTo(ExitCode.UNAVAILABLE.number());
            assertThat(registered.err()).contains(waitsFor);
        });
        var refusal = "zones_required asks for 2 zones, but the live nodes of region sa stand in 1: a";
        refused(PoolEdit.of(loose).zonesRequired(true), refusal);
        var changed = byCommandLine("pool", "change", loose.toString(), "--zones", "required");
        assertThat(changed.code()).as("%s", changed).isEqualTo(ExitCode.USAGE.number());
        assertThat(changed.err()).contains(refusal);

        cluster.startNode("n8", "sa", "b");
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(client.admin().shards(pool))
                        .hasSize(2)
                        .allSatisfy(shard -> assertThat(shard.inSync()).hasSize(2)));
        assertThat(client.users().register("zoned-user", pool).created()).isTrue();
        client.put("zoned-user", "cat", new byte[] {1});
        assertThat(homes("zoned-user").stream().map(UserLocation.Place::zone)).containsExactlyInAnyOrder("a", "b");
        assertThat(client.admin().shards(pool))
                .allSatisfy(shard -> assertThat(shard.replicas()).contains(new NodeId("n8")));
        var change = byCommandLine("pool", "change", loose.toString(), "--zones", "required", "--yes");
        assertThat(change.code()).as("%s", change).isZero();
        assertThat(client.admin().pool(loose).pool().zonesRequired()).isTrue();
        refused(
                PoolEdit.of(pool).replicationFactor(3),
                "zones_required asks for 3 zones, but the live nodes of region sa stand in 2: a, b");
    }

    private static CommandLines.Result byCommandLine(String... command) {
        var args = new ArrayList<>(List.of(command));
        args.addAll(List.of("--server", cluster.server()));
        return CommandLines.run(args.toArray(String[]::new));
    }

    @Test
    void aChangeOfRulesReachesShards() throws Exception {
        var pool = new PoolId("eu", "changing");
        create(new PoolInfo(pool, 1, 1, 100, 2));
        var user = "changing-user";
        client.users().register(user, pool);
        client.put(user, "a", new byte[10_000]);

        var edit = PoolEdit.of(pool).replicationFactor(3).minInsync(2).usersPerShard(7);
        var preview = client.admin().previewPool(edit);
        assertThat(preview.changed()).isFalse();
        assertThat(preview.shards())
                .hasSize(2)
                .allMatch(shard -> shard.added().size() == 2 && shard.removed().isEmpty());
        assertThat(preview.shards().stream().mapToLong(shard -> shard.bytes()).sum())
                .isEqualTo(10_000);
        assertThat(client.admin().pool(pool).pool()).isEqualTo(preview.before());

        assertThat(client.admin().changePool(edit).changed()).isTrue();
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(client.admin().shards(pool))
                    .allMatch(shard -> shard.inSync().size() == 3);
            assertThat(client.admin().pool(pool).shards()).allMatch(shard -> shard.usersLimit() == 7);
        });
        var zones = client.admin().nodes().stream()
                .collect(Collectors.toMap(
                        node -> node.node().id(), node -> node.node().region()));
        for (ShardInfo shard : client.admin().shards(pool)) {
            assertThat(shard.replicas()).allMatch(node -> "eu".equals(zones.get(node)));
        }
        assertThat(client.get(user, "a").bytes()).hasSize(10_000);

        client.admin().changePool(PoolEdit.of(pool).replicationFactor(1).minInsync(1));
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(client.admin().shards(pool))
                        .allMatch(shard ->
                                shard.replicas().size() == 1 && shard.primary().isPresent()));
        assertThat(client.get(user, "a").bytes()).hasSize(10_000);
        client.put(user, "b", new byte[1]);
    }

    @Test
    void aQuotaIsExactUnderConcurrentWriters() throws Exception {
        var pool = new PoolId("eu", "quota");
        var rules = new PoolInfo(pool, 3, 2, 100, 1, 0, 10_000, 0, false, false, List.of(), "", "", Set.of(), false);
        create(rules);
        var user = "quota-user";
        client.users().register(user, pool);
        var acknowledged = new AtomicInteger();
        var stored = Race.run(i -> () -> {
            int now = 0;
            try {
                client.put(user, "blob-" + i, new byte[300]);
                acknowledged.incrementAndGet();
                now = 1;
            } catch (QuotaExceededException e) {
                assertThat(client.users().usage(user).blobs()).as("refused").isEqualTo(33);
            }
            int least = acknowledged.get();
            var usage = client.users().usage(user);
            assertThat(usage.blobs())
                    .as("all that was acknowledged is counted, and never too much")
                    .isBetween((long) least, 33L);
            assertThat(usage.bytes()).isEqualTo(usage.blobs() * 300);
            return now;
        });
        assertThat(stored.stream().mapToInt(Integer::intValue).sum()).isEqualTo(33);
        var usage = client.users().usage(user);
        assertThat(usage.blobs()).isEqualTo(33);
        assertThat(usage.bytes()).isEqualTo(9_900);
        assertThat(usage.bytesLimit()).isEqualTo(10_000);
        assertThat(usage.ownQuota()).isFalse();

        assertThat(client.users().setQuota(user, null, 34L).blobsLimit()).isEqualTo(34);
        client.put(user, "one-more", new byte[100]);
        assertThatThrownBy(() -> client.put(user, "and-another", new byte[0]))
                .isInstanceOf(QuotaExceededException.class)
                .hasMessageContaining("35 blobs, and his quota is 34");
        assertThat(client.users().resetQuota(user).bytesLimit()).isEqualTo(10_000);

        assertThatThrownBy(() -> client.admin().changePool(PoolEdit.of(pool).userBytes(500)))
                .isInstanceOf(PoolInUseException.class)
                .hasMessageStartingWith("1 users have more than the new quota");
        client.admin().changePool(PoolEdit.of(pool).userBytes(500).allowOverLimit(true));
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> client.users().usage(user).bytesLimit() == 500);
        assertThatThrownBy(() -> client.put(user, "more", new byte[1])).isInstanceOf(QuotaExceededException.class);
        client.put(user, "blob-never", new byte[0]);
    }

    @Test
    void copiesInOtherRegionsAreMadeWhereAllowedAndGoAgain() throws Exception {
        var pool = new PoolId("eu", "observed");
        create(new PoolInfo(pool, 3, 2, 100, 1));
        var user = "observed-" + "u".repeat(503);
        client.users().register(user, pool);
        client.put(user, "a", new byte[70_000]);
        assertThat(homes(user)).hasSize(3).allMatch(place -> place.region().equals("eu"));
        assertThat(client.users().locate(user).pinned()).isTrue();
        assertThat(homes(user).stream().map(UserLocation.Place::zone)).containsExactlyInAnyOrder("a", "b", "c");

        client.admin().changePool(PoolEdit.of(pool).unpinned(true).observers(List.of("us", "ap")));
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
            var copies = client.admin().pool(pool).shards().get(0).copies();
            assertThat(copies).hasSize(2).allSatisfy(copy -> {
                assertThat(copy.node()).isEqualTo(copy.region().equals("us") ? "n4" : "n5");
                assertThat(copy.error()).isEmpty();
                assertThat(copy.lagRecords()).isZero();
                assertThat(copy.asOf())
                        .hasValueSatisfying(
                                at -> assertThat(at).isBetween(Instant.now().minus(PATIENCE), Instant.now()));
            });
            assertThat(copies).extracting(copy -> copy.region()).containsExactlyInAnyOrder("us", "ap");
        });
        assertThat(homes(user))
                .filteredOn(place -> !place.region().equals("eu"))
                .hasSize(2)
                .allSatisfy(place -> {
                    assertThat(place.role()).isEqualTo("observer");
                    assertThat(place.bytes()).isEqualTo(70_000);
                });
        assertThat(Command.run(cluster.server(), "pool", "show", pool.toString())
                        .text())
                .contains("n4 in us: 0 records behind, has all as of ")
                .contains("n5 in ap: 0 records behind, has all as of ");

        try (var near = TintypeClient.builder()
                .seeds(cluster.server())
                .location("us", "a")
                .nearCacheBytes(0)
                .build()) {
            // Until the client knows the map, it asks a coordinator; and a node counts a call a moment after its
            // answer.
            Awaitility.await()
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(getsOfTen("n4", near, user, Consistency.boundedStaleness(PATIENCE)))
                            .as("by the copy in the reader's region")
                            .isEqualTo(10));
            Awaitility.await()
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(getsOfTen("n4", near, user, Consistency.linearizable()))
                            .as("which cannot know what is true now")
                            .isZero());
        }
        refused(PoolEdit.of(pool).unpinned(false), "pool eu.observed is pinned to region eu");
        client.admin().changePool(PoolEdit.of(pool).unpinned(false).observers(List.of()));
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(homes(user))
                        .hasSize(3)
                        .allMatch(place -> place.region().equals("eu")));
        assertThat(client.get(user, "a").bytes()).hasSize(70_000);
    }

    /** How many of ten reads a node is asked for. */
    private static long getsOfTen(String node, TintypeClient reader, String user, Consistency consistency) {
        long before = cluster.gets(node);
        for (int i = 0; i < 10; i++) {
            assertThat(reader.get(user, "a", GetOptions.DEFAULT.withConsistency(consistency))
                            .bytes())
                    .hasSize(70_000);
        }
        return cluster.gets(node) - before;
    }

    @Test
    void aUserMovesToAnotherRegionAndBackWhileHeReadsAndWrites() throws Exception {
        var us = new PoolId("us", "abroad");
        create(new PoolInfo(us, 1, 1, 100, 1));
        var user = "traveller";
        var moves = new MeasuredMoves(client, user);
        moves.store();
        var eu = client.users().lookup(user).pool();
        assertThat(eu).as("the coordinator's region and the default tier").isEqualTo(new PoolId("eu", "standard"));
        moves.backAndForth(
                "between regions",
                List.of(us, eu),
                2,
                pool -> Awaitility.await("the target knows")
                        .atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(homes(user))
                                .isNotEmpty()
                                .allMatch(place -> place.region().equals(pool.region()))));
        create(new PoolInfo(new PoolId("us", eu.tier()), 1, 1, 100, 1));
        var expat = LongestIds.of("expat ", "語");
        client.put(expat, "cat", new byte[] {7});
        var moved = CommandLines.run("user", "move", expat, "--region", "us", "--server", cluster.server());
        assertThat(moved.code()).as("%s", moved).isZero();
        assertThat(client.users().lookup(expat).pool()).isEqualTo(new PoolId("us", eu.tier()));
        assertThat(client.get(expat, "cat").bytes()).containsExactly(7);
    }

    /**
     * Tintype makes no backups; what comes nearest to one is the copy that a new replica is sent. Every file of the cluster
     * that has the bytes, or his id, lies in the data directory of a node of the region.
     */
    @Test
    void noFileOutsideTheRegionOfAPinnedPoolEverHasAByteOfIt() throws Exception {
        var pool = new PoolId("eu", "pinned");
        create(new PoolInfo(pool, 1, 1, 100, 1));
        var user = "pinned-" + "p".repeat(60);
        byte[] image = new byte[200_000];
        new Random(7).nextBytes(image); // nothing compresses it
        client.users().register(user, pool);
        client.put(user, "cat", image);
        client.admin().changePool(PoolEdit.of(pool).replicationFactor(3).minInsync(2));
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(client.admin().shards(pool))
                        .allMatch(shard -> shard.inSync().size() == 3));
        var found = cluster.filesWith(Arrays.copyOfRange(image, 100_000, 100_064));
        assertThat(found.keySet()).as("%s", found).containsExactlyInAnyOrder("n1", "n2", "n3");
        assertThat(cluster.filesWith(user.getBytes(StandardCharsets.UTF_8)))
                .as("his id, but for the directory, which is of the region too")
                .containsOnlyKeys("n1", "n2", "n3");
    }

    private static List<UserLocation.Place> homes(String user) {
        return client.users().locate(user).places().stream()
                .filter(place -> place.holds().equals("home"))
                .toList();
    }

    @Test
    void whatCannotBeIsRefusedByName() throws Exception {
        var pool = new PoolId("eu", "bad-input");
        create(new PoolInfo(pool, 1, 1, 2, 1));
        refused(PoolEdit.of(pool).replicationFactor(8), "replication_factor is 8; give 1 to 7");
        refused(
                PoolEdit.of(pool).replicationFactor(5),
                "replication_factor is 5, but region eu has 3 live storage nodes");
        refused(PoolEdit.of(pool).minInsync(2), "min_insync is 2; give 1 to 1");
        refused(PoolEdit.of(pool).usersPerShard(0), "users_per_shard is 0; give 1 to 10000000");
        refused(PoolEdit.of(pool).bytesPerShard(-1), "bytes_per_shard is 18446744073709551615; give 0 (no limit)");
        refused(PoolEdit.of(pool).observers(List.of("us")), "pool eu.bad-input is pinned to region eu");
        refused(PoolEdit.of(pool).unpinned(true).observers(List.of("mars")), "region mars, which has no storage nodes");
        refused(PoolEdit.of(pool).unpinned(true).observers(List.of("eu")), "where the pool's voters stand");
        refused(PoolEdit.of(pool).cacheControl("a\nb"), "cache_control has 3 characters");

        assertThatThrownBy(() -> client.admin().changePool(PoolEdit.of(new PoolId("eu", "nowhere"))))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("There is no pool eu.nowhere. There are: ")
                .hasMessageContaining("eu.bad-input");
        assertThatThrownBy(() -> client.users().register("nobody", new PoolId("mars", "standard")))
                .isInstanceOf(NotFoundException.class)
                .hasMessageContaining("There is no pool mars.standard. Create it, or register");

        client.users().register("bad-1", pool);
        client.users().register("bad-2", pool);
        assertThatThrownBy(() -> client.admin().changePool(PoolEdit.of(pool).usersPerShard(1)))
                .isInstanceOf(PoolInUseException.class)
                .hasMessageContaining("users_per_shard is 1, but shards hold more already");
        assertThatThrownBy(() -> client.admin().deletePool(pool)).isInstanceOf(PoolInUseException.class);

        var misspelt = new PoolId("mars", "standard");
        client.admin().createPool(new PoolInfo(misspelt, 1, 1, 1, 1));
        client.admin().deletePool(misspelt);
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(client.admin().pools())
                        .noneMatch(there -> there.id().equals(misspelt)));
    }

    private static void refused(PoolEdit edit, String why) {
        assertThatThrownBy(() -> client.admin().changePool(edit))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(why);
    }

    private static void create(PoolInfo pool) {
        client.admin().createPool(pool);
        Awaitility.await().atMost(PATIENCE).until(() -> {
            var shards = client.admin().shards(pool.id());
            return !shards.isEmpty()
                    && shards.stream().allMatch(shard -> shard.primary().isPresent());
        });
    }
}
