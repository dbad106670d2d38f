// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.client.BlobNotFoundException;
import io.tintype.client.Consistency;
import io.tintype.client.GetOptions;
import io.tintype.client.InvalidRequestException;
import io.tintype.client.OutcomeUnknownException;
import io.tintype.client.PoolDetail;
import io.tintype.client.PoolEdit;
import io.tintype.client.PoolSwitch;
import io.tintype.client.TintypeClient;
import io.tintype.client.UnavailableException;
import io.tintype.client.WrongStateException;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.tools.CommandLines;
import io.tintype.tools.balance.Fleet;
import io.tintype.tools.console.ExitCode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A region is cut off, an operator lets the one with the copies serve, and the first one comes back: five processes, one
 * story, told in order. Being cut off is SIGSTOP: whoever wakes up believes that he leads, and has a tail nobody else has.
 */
@Tag("beside-another")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class RegionSwitchIT {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final PoolId POOL = PoolId.parse("eu.standard");
    private static final List<String> EU = List.of("eu1", "eu2");
    private static final List<String> US = List.of("us1", "us2");
    private static final int USERS = 4;
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Fleet fleet;
    private static TintypeClient client;
    private static int written;

    @BeforeAll
    static void start() throws Exception {
        fleet = Fleet.start(
                "region-switch",
                Map.of(
                        "TINTYPE_CONFIG_REGION", "eu",
                        "TINTYPE_CONFIG_CONTROL_REPLICATION_FACTOR", "2",
                        "TINTYPE_CONFIG_CONTROL_BALANCE_REPLACE_AFTER", "0s"));
        for (var node : EU) {
            node(node);
        }
        fleet.coordinator("c1");
        client = fleet.client("c1");
        Awaitility.await()
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(TintypeException.class)
                .until(() -> client.users().register(user(0)).user().pool(), POOL::equals);
        for (var node : US) {
            node(node);
        }
    }

    private static void node(String id) throws Exception {
        fleet.node(id, Map.of("TINTYPE_CONFIG_REGION", id.substring(0, 2), "TINTYPE_CONFIG_ZONE", id.substring(2)));
    }

    @AfterAll
    static void stop() {
        client.close();
        fleet.close();
    }

    @Test
    @Order(1)
    void withoutCopiesThereIsNothingToSwitchTo() {
        assertThatThrownBy(() -> client.admin().previewSwitch(POOL, "us"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("Pool eu.standard has no copies in region 'us'");
        client.admin().changePool(PoolEdit.of(POOL).unpinned(true).observers(List.of("us")));
        write(20);
        awaitCopies("us");
        assertThatThrownBy(() -> client.admin().previewSwitch(POOL, "mars"))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("only in us");
        var shown = client.admin().previewSwitch(POOL, "us");
        assertThat(shown.mayLose()).isFalse();
        assertThat(shown.shards()).allMatch(shard -> shard.way() == PoolSwitch.Way.HAND_OVER);
        assertThat(shown.shards()).anyMatch(PoolSwitch.Shard::directory);
        assertThat(client.admin().previewSwitch(POOL, "eu").shards())
                .allMatch(shard -> shard.way() == PoolSwitch.Way.THERE);
    }

    /** Nobody can ask copies that are cut off; as soon as they can be asked they tell what they lack, until that is nothing. */
    @Test
    @Order(2)
    void copiesThatWereCutOffTellHowFarBehindTheyAreUntilTheyAreNot() throws Exception {
        for (var node : US) {
            fleet.pause(node);
        }
        int puts = 24;
        var behind = new ConcurrentLinkedQueue<PoolDetail.Copy>();
        var stop = new AtomicBoolean();
        var looker = Executors.newSingleThreadExecutor();
        try {
            byte[] large = new byte[1 << 20];
            for (int i = 0; i < puts; i++) {
                client.put(user(i), "large/" + i, large);
            }
            var acknowledged = Instant.now();
            assertThat(copies()).isNotEmpty().allSatisfy(copy -> {
                assertThat(copy.error()).startsWith("no answer within ");
                assertThat(copy.lagRecords()).isZero();
                assertThat(copy.asOf()).isEmpty();
            });
            assertThat(CommandLines.run("pool", "show", POOL.toString(), "--server", fleet.address("c1"))
                            .out())
                    .contains("us1 in us: no answer within ");
            var looking = looker.submit(() -> {
                while (!stop.get()) {
                    copies().stream()
                            .filter(copy -> copy.error().isEmpty() && copy.lagRecords() > 0)
                            .forEach(behind::add);
                }
            });
            for (var node : US) {
                fleet.resume(node);
            }
            awaitCopies("us");
            stop.set(true);
            looking.get();
            assertThat(behind).isNotEmpty();
            var furthest = Collections.max(behind, Comparator.comparingLong(PoolDetail.Copy::lagRecords));
            assertThat(furthest.lagRecords()).isGreaterThan(1);
            assertThat(furthest.asOf())
                    .as("it does not claim to have what it lacks")
                    .satisfiesAnyOf(
                            asOf -> assertThat(asOf).isEmpty(),
                            asOf -> assertThat(asOf.orElseThrow()).isBefore(acknowledged));
        } finally {
            stop.set(true);
            looker.shutdownNow();
            for (var node : US) {
                fleet.resume(node);
            }
        }
    }

    private static List<PoolDetail.Copy> copies() {
        return client.admin().pool(POOL).shards().stream()
                .flatMap(shard -> shard.copies().stream())
                .toList();
    }

    /** By coordinators of two regions, of which each client knows one alone. */
    @Test
    @Order(3)
    void whoIsRegisteredByManyAtOnceHasOneHomeWhicheverCoordinatorTheyAsk() throws Exception {
        fleet.coordinator("c2", "upload,retrieval,control", Map.of("TINTYPE_CONFIG_REGION", "us"), List.of());
        var clients = IntStream.range(0, Race.RACERS)
                .mapToObj(i -> fleet.client(i % 2 == 0 ? "c1" : "c2"))
                .toList();
        try {
            var user = LongestIds.of("raced ", "語");
            var answers = Race.run(i -> () -> clients.get(i).users().register(user, POOL));
            assertThat(answers.stream().filter(answer -> answer.created())).hasSize(1);
            var home = client.users().lookup(user);
            assertThat(answers).allSatisfy(answer -> assertThat(answer.user()).isEqualTo(home));
            assertThat(Race.run(i -> () -> clients.get(i).put(user, "blob" + i, new byte[] {(byte) i})))
                    .hasSize(Race.RACERS);
            assertThat(client.users().usage(user).blobs()).isEqualTo(Race.RACERS);
        } finally {
            clients.forEach(TintypeClient::close);
        }
    }

    /** A coordinator and a client who never heard of these users find them by the copies of the directory in their region. */
    @Test
    @Order(4)
    void whileTheDirectorysRegionIsCutOffUsersAreFoundByItsCopies() throws Exception {
        var stale = GetOptions.DEFAULT
                .withConsistency(Consistency.boundedStaleness(PATIENCE))
                .withTimeout(Duration.ofSeconds(20));
        for (var node : EU) {
            fleet.pause(node);
        }
        try (var newcomer = fleet.builder("c2").location("us", "1").build()) {
            for (int i = 0; i < USERS; i++) {
                var found = newcomer.get(user(i), "kept/" + i, stale);
                assertThat(found.bytes()).isEqualTo(bytes(i));
                assertThat(found.freshness().stale()).isTrue();
            }
            assertThatThrownBy(() -> newcomer.get("stranger", "cat", stale.withTimeout(Duration.ofSeconds(2))))
                    .as("that somebody is not there only the primary can say")
                    .isInstanceOf(UnavailableException.class);
        } finally {
            for (var node : EU) {
                fleet.resume(node);
            }
        }
        awaitServed(EU, US);
        awaitCopies("us");
        write(5);
        fleet.kill("c2");
    }

    @Test
    @Order(5)
    void aRegionThatIsCutOffIsReplacedAndAllThatWasPromisedIsThere() throws Exception {
        var acknowledged = new ConcurrentSkipListMap<String, Instant>();
        var stop = new AtomicBoolean();
        var writer = Executors.newSingleThreadExecutor();
        try {
            var writing = writer.submit(() -> {
                for (int i = 0; !stop.get(); i++) {
                    var name = "run/" + i;
                    try {
                        client.put(user(i), name, bytes(i));
                        acknowledged.put(name, Instant.now());
                    } catch (TintypeException e) {
                        // it may be there or not; the next one waits like this one
                    }
                }
            });
            Awaitility.await().atMost(PATIENCE).until(() -> acknowledged.size() > 30);
            for (var node : EU) {
                fleet.pause(node);
            }
            var cutOff = Instant.now();
            var server = fleet.address("c1");
            var shown = awaitForced("us");
            var asOf = shown.shards().stream()
                    .map(shard -> shard.asOf().orElseThrow())
                    .min(Instant::compareTo)
                    .orElseThrow();
            assertThat(asOf)
                    .as("copies lag by less than seconds")
                    .isAfter(Instant.now().minus(PATIENCE));

            var wrong = Command.run(server, "pool", "switch", POOL.toString(), "--to", "us", "--confirm", "eu.other");
            assertThat(wrong.code()).isEqualTo(ExitCode.USAGE.number());
            assertThat(wrong.err()).contains("nothing was changed");
            var typed = Command.run(
                    server,
                    stdin -> stdin.write("no\n".getBytes(StandardCharsets.UTF_8)),
                    "pool",
                    "switch",
                    POOL.toString(),
                    "--to",
                    "us");
            assertThat(typed.code()).isEqualTo(ExitCode.USAGE.number());
            assertThat(typed.err())
                    .contains("is taken by force at record")
                    .contains("Every write acknowledged before ")
                    .contains("MAY BE LOST FOR GOOD")
                    .contains("Type the pool's name again to go on");
            assertThatThrownBy(() -> client.admin().switchPool(POOL, "us", nothingLost(shown), POOL))
                    .isInstanceOf(WrongStateException.class)
                    .hasMessageContaining("would lose acknowledged writes by now than was shown");
            assertThat(client.admin().pool(POOL).pool().servingRegion()).isEmpty();

            var done = Awaitility.await()
                    .atMost(PATIENCE)
                    .until(
                            () -> Command.run(
                                    server,
                                    "pool",
                                    "switch",
                                    POOL.toString(),
                                    "--to",
                                    "us",
                                    "--confirm",
                                    "eu.standard",
                                    "--json"),
                            result -> result.code() == ExitCode.OK.number());
            assertThat(done.err()).contains("Every write acknowledged before ");
            var report = JSON.readTree(done.text());
            assertThat(report.get("servedBy").asText()).isEqualTo("us");
            awaitServed(US, EU);

            int before = acknowledged.size();
            Awaitility.await("writes go on").atMost(PATIENCE).until(() -> acknowledged.size() > before + 10);
            stop.set(true);
            writing.get();
            check();
            var lost = new ArrayList<String>();
            for (var one : acknowledged.entrySet()) {
                int i = Integer.parseInt(one.getKey().substring(4));
                if (!isThere(i, one.getKey())) {
                    lost.add(one.getKey() + " of " + one.getValue());
                    assertThat(one.getValue())
                            .as("%s is lost, and the bound was %s", one.getKey(), asOf)
                            .isBetween(asOf, cutOff.plus(Duration.ofSeconds(2)));
                } else {
                    assertThat(client.get(user(i), one.getKey()).bytes())
                            .as(one.getKey())
                            .isEqualTo(bytes(i));
                }
            }
            System.getLogger(RegionSwitchIT.class.getName())
                    .log(
                            System.Logger.Level.INFO,
                            "of {0} acknowledged, lost behind {1}: {2}",
                            acknowledged.size(),
                            asOf,
                            lost);
        } finally {
            stop.set(true);
            writer.shutdownNow();
        }
        for (var node : EU) {
            fleet.resume(node);
        }
        awaitCopies("eu");
        awaitServed(US, EU);
        write(5);
        check();
    }

    private static PoolSwitch nothingLost(PoolSwitch shown) {
        return new PoolSwitch(shown.before(), shown.after(), false, List.of());
    }

    /** Copies that were started after they last heard their primary do not know what they lack. */
    @Test
    @Order(6)
    void anOldTailNeverComesBackThoughItsProcessesWakeUpAsPrimaries() throws Exception {
        for (var node : EU) {
            fleet.kill(node);
        }
        var tail = new ArrayList<String>();
        for (int i = 0; i < 12; i++) {
            var name = "tail/" + i;
            client.put(user(i), name, bytes(i));
            tail.add(name);
        }
        for (var node : US) {
            fleet.pause(node);
        }
        for (var node : EU) {
            node(node);
        }
        var shown = awaitForced("eu");
        assertThat(shown.shards()).allMatch(shard -> shard.asOf().isEmpty());
        var told = Command.run(fleet.address("c1"), "pool", "switch", POOL.toString(), "--to", "eu", "--preview");
        assertThat(told.err()).contains("it is not known up to when their copies have everything");

        Awaitility.await()
                .atMost(PATIENCE)
                .ignoreExceptionsMatching(e -> e instanceof WrongStateException || e instanceof OutcomeUnknownException)
                .until(() -> client.admin()
                        .switchPool(POOL, "eu", client.admin().previewSwitch(POOL, "eu"), POOL)
                        .isWhole());
        awaitServed(EU, US);
        check();
        gone(tail);
        write(10);

        for (var node : US) {
            fleet.resume(node);
        }
        awaitCopies("us");
        awaitServed(EU, US);
        gone(tail);
        write(5);
        check();
        assertThat(client.admin().pool(POOL).pool().servingRegion())
                .as("its own again")
                .isEmpty();

        var back = client.admin().previewSwitch(POOL, "us");
        assertThat(back.mayLose()).isFalse();
        client.admin().switchPool(POOL, "us", back, POOL);
        awaitServed(US, EU);
        gone(tail);
        check();
    }

    // ---- what is stored

    /** Ids as long as can be: a switch takes them along like others. */
    private static String user(int i) {
        return LongestIds.of("user" + i % USERS, "語");
    }

    private static byte[] bytes(int i) {
        byte[] bytes = new byte[i % 5 == 0 ? 700_000 : 3_000 + i];
        new Random(i).nextBytes(bytes);
        return bytes;
    }

    private static void write(int count) {
        for (int n = 0; n < count; n++, written++) {
            int i = written;
            Awaitility.await()
                    .atMost(PATIENCE)
                    .ignoreExceptionsInstanceOf(TintypeException.class)
                    .until(() -> client.put(user(i), "kept/" + i, bytes(i)) != null);
        }
    }

    private static void check() {
        for (int i = 0; i < written; i++) {
            assertThat(client.get(user(i), "kept/" + i).bytes())
                    .as("kept/%d", i)
                    .isEqualTo(bytes(i));
        }
    }

    private static boolean isThere(int i, String name) {
        try {
            client.head(user(i), name);
            return true;
        } catch (BlobNotFoundException e) {
            return false;
        }
    }

    private static void gone(List<String> names) {
        for (int i = 0; i < names.size(); i++) {
            assertThat(isThere(i, names.get(i))).as(names.get(i)).isFalse();
        }
    }

    // ---- how it stands

    /** Until every shard would be taken by force, each by a copy of the region. */
    private static PoolSwitch awaitForced(String region) {
        return Awaitility.await()
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(WrongStateException.class)
                .until(
                        () -> client.admin().previewSwitch(POOL, region),
                        shown -> shown.shards().stream().allMatch(shard -> shard.way() == PoolSwitch.Way.FORCE));
    }

    /** Until every shard has a copy in the region that has everything. */
    private static void awaitCopies(String region) {
        Awaitility.await()
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(TintypeException.class)
                .untilAsserted(() -> assertThat(client.admin().pool(POOL).shards())
                        .isNotEmpty()
                        .allSatisfy(shard -> assertThat(shard.copies())
                                .singleElement()
                                .satisfies(copy -> {
                                    assertThat(copy.region()).isEqualTo(region);
                                    assertThat(copy.error()).isEmpty();
                                    assertThat(copy.lagRecords()).isZero();
                                    assertThat(copy.asOf()).isPresent();
                                })));
    }

    /** Until every shard is led in one region, with its replicas in sync there and nobody in sync elsewhere. */
    private static void awaitServed(List<String> here, List<String> elsewhere) {
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(client.admin().shards(POOL))
                        .isNotEmpty()
                        .allSatisfy(shard -> assertThat(servedBy(shard, here, elsewhere))
                                .as("%s", shard)
                                .isTrue()));
    }

    private static boolean servedBy(ShardInfo shard, List<String> here, List<String> elsewhere) {
        var inSync = shard.inSync().stream().map(NodeId::value).toList();
        return shard.primary().filter(node -> here.contains(node.value())).isPresent()
                && inSync.containsAll(here)
                && inSync.stream().noneMatch(elsewhere::contains);
    }
}
