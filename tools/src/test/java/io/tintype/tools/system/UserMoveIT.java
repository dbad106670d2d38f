// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.client.BlobSource;
import io.tintype.client.MoveConflictException;
import io.tintype.client.MoveInfo;
import io.tintype.client.MoveTarget;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.move.MoveSettings;
import io.tintype.tools.CommandLines;
import io.tintype.tools.console.ExitCode;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Users move between tiers of a running cluster while they read and write; {@link MeasuredMoves} says by which settings. */
@Tag("beside-another")
final class UserMoveIT {
    private static final Duration PATIENCE = MeasuredMoves.PATIENCE;
    private static final PoolId PAID = PoolId.parse("local.paid");
    private static final PoolId SMALL = PoolId.parse("local.small");

    private static Dev dev;
    private static TintypeClient client;
    private static PoolId standard;

    @BeforeAll
    static void start() throws Exception {
        dev = Dev.start(Dev.folder("moves").resolve("data"));
        client = dev.client();
        standard = client.users().register("first").user().pool();
        assertThat(Command.run(dev.server(), "pool", "create", PAID.toString(), "--shards", "2")
                        .code())
                .isZero();
        assertThat(Command.run(
                                dev.server(),
                                "pool",
                                "create",
                                SMALL.toString(),
                                "--shards",
                                "1",
                                "--users-per-shard",
                                "1",
                                "--user-blobs",
                                "1")
                        .code())
                .isZero();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> shardsOf(PAID).size() >= 2 && !shardsOf(SMALL).isEmpty());
    }

    @AfterAll
    static void stop() {
        client.close();
        dev.close();
    }

    private static List<ShardId> shardsOf(PoolId pool) {
        return client.admin().shards(pool).stream()
                .filter(shard -> !shard.directory() && shard.primary().isPresent())
                .map(shard -> shard.id())
                .toList();
    }

    @Test
    void movesBackAndForthUnderLoad() throws Exception {
        var moves = new MeasuredMoves(client, "alice");
        moves.store();
        moves.backAndForth("between tiers", List.of(PAID, standard), 4, pool -> {});
    }

    private static MovesDone.Done awaitDone(String user, MoveTarget target) {
        return MovesDone.awaitDone(client, user, target, PATIENCE);
    }

    @Test
    void badInputHasExactAnswers() {
        String user = "bob";
        client.put(user, "cat", BlobSource.of(new byte[] {1}), PutOptions.DEFAULT);
        var home = client.users().lookup(user);

        assertThat(reason(user, MoveTarget.tier("nosuch"))).isEqualTo(Reason.POOL_NOT_FOUND);
        assertThat(reason(user, MoveTarget.region("mars"))).isEqualTo(Reason.POOL_NOT_FOUND);
        assertThat(reason(user, MoveTarget.shard(new ShardId(99_999)))).isEqualTo(Reason.SHARD_NOT_FOUND);
        assertThat(reason("nobody", MoveTarget.tier("paid"))).isEqualTo(Reason.USER_NOT_FOUND);
        assertThat(reason(user, new MoveTarget("", "", 0))).isEqualTo(Reason.INVALID_ARGUMENT);
        int directory = client.admin().shards().stream()
                .filter(shard -> shard.directory())
                .findFirst()
                .orElseThrow()
                .id()
                .value();
        assertThat(reason(user, new MoveTarget("", "", directory))).isEqualTo(Reason.INVALID_ARGUMENT);
        assertThat(reason(user, new MoveTarget("", "paid", home.shard().value())))
                .isEqualTo(Reason.INVALID_ARGUMENT);

        assertThat(text(user, MoveTarget.tier("nosuch")))
                .startsWith(
                        "There is no pool local.nosuch. Create it, or register the user with a region and tier of: ")
                .contains("local.paid");
        assertThat(text(user, MoveTarget.region("mars"))).startsWith("There is no pool mars." + standard.tier() + ". ");
        assertThat(text(user, MoveTarget.shard(new ShardId(99_999))))
                .isEqualTo("There is no shard 99999. List the shards there are, and name one of them.");

        var same = client.users().moves().begin(user, MoveTarget.shard(home.shard()));
        assertThat(same.isUnderWay()).as("to the place where he is").isFalse();
        assertThat(same.user()).isEqualTo(home);
        assertThatThrownBy(() -> client.users().moves().abort(user))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.MOVE_NOT_FOUND));

        var full = client.users().register("tenant", SMALL).user().shard();
        assertThat(reason(user, MoveTarget.shard(full))).isEqualTo(Reason.SHARD_FULL);
        assertThat(text(user, MoveTarget.shard(full)))
                .isEqualTo(
                        "Shard " + full + " holds 1 users, which is its limit. Name another shard, or only the pool.");
        client.put(user, "dog", BlobSource.of(new byte[] {2}), PutOptions.DEFAULT);
        assertThat(reason(user, MoveTarget.pool(SMALL)))
                .as("two blobs to a pool that grants one")
                .isEqualTo(Reason.QUOTA_EXCEEDED);
        assertThat(text(user, MoveTarget.pool(SMALL)))
                .isEqualTo("User 'bob' has 2 blobs of 2 bytes, and pool local.small grants 1 blobs and 0 bytes (0: no"
                        + " limit). Raise the pool's quota, give him one of his own, or let him delete some first.");
        assertThat(client.users().lookup(user)).as("nothing came of any of it").isEqualTo(home);
        assertThat(client.get(user, "cat").bytes()).containsExactly(1);
    }

    private static String text(String user, MoveTarget target) {
        try {
            var move = client.users().moves().begin(user, target);
            throw new AssertionError("begun: " + move);
        } catch (TintypeException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static Reason reason(String user, MoveTarget target) {
        try {
            var move = client.users().moves().begin(user, target);
            throw new AssertionError("begun: " + move);
        } catch (TintypeException e) {
            return e.reason();
        }
    }

    @Test
    void ofManyWhoMoveOneUserElsewhereOneWins() throws Exception {
        var targets = shardsOf(PAID);
        for (int round = 0; round < 5; round++) {
            String user = "carol" + round;
            client.users().register(user, standard);
            var gate = new CyclicBarrier(8);
            var threads = Executors.newFixedThreadPool(8);
            try {
                var running = new ArrayList<Future<Integer>>();
                for (int i = 0; i < 8; i++) {
                    var target = targets.get(i % 2);
                    running.add(threads.submit((Callable<Integer>) () -> {
                        gate.await();
                        try {
                            client.users().moves().begin(user, MoveTarget.shard(target));
                            return target.value();
                        } catch (MoveConflictException e) {
                            return 0;
                        }
                    }));
                }
                var winners = new ArrayList<Integer>();
                for (var one : running) {
                    winners.add(one.get());
                }
                winners.removeIf(winner -> winner == 0);
                assertThat(winners).isNotEmpty().containsOnly(winners.get(0));
                var done = awaitDone(user, MoveTarget.shard(new ShardId(winners.get(0))));
                assertThat(done.end().number())
                        .as("one move was made; each try that was given up took two numbers")
                        .isEqualTo(2 + 2 * done.more());
                assertThat(done.end().user().shard().value()).isEqualTo(winners.get(0));
            } finally {
                threads.shutdownNow();
            }
        }
    }

    @Test
    void usersWhoseIdsAreAwkwardMoveByCommandLine() {
        for (String user : List.of("ユーザー-名", "مستخدم", "användare", "u/..%2F;'\"")) {
            client.put(user, "cat", BlobSource.of(new byte[] {7}), PutOptions.DEFAULT);
            var moved = Command.run(dev.server(), "user", "move", user, "--tier", "paid", "--json");
            assertThat(moved.code()).as("%s", moved).isZero();
            assertThat(moved.text()).contains("\"pool\" : \"local.paid\"").contains("\"result\" : \"done\"");
            assertThat(client.get(user, "cat").bytes()).containsExactly(7);
        }
    }

    @Test
    void manyMoveByPlanAndOnlyThat() {
        for (int i = 0; i < 6; i++) {
            client.put("many" + i, "cat", BlobSource.of(new byte[] {(byte) i}), PutOptions.DEFAULT);
        }
        int from = client.users().lookup("many0").shard().value();
        String[] plan = {"user", "move", "--from-shard", Integer.toString(from), "--to", PAID.toString(), "--json"};
        var planned = Command.run(dev.server(), plan);
        assertThat(planned.code()).as("%s", planned).isZero();
        assertThat(planned.text()).contains("\"made\" : false");
        assertThat(client.users().lookup("many0").shard().value()).isEqualTo(from);

        var args = new ArrayList<>(List.of(plan));
        args.addAll(List.of("--hash", "000000000000"));
        assertThat(Command.run(dev.server(), args.toArray(String[]::new)).code())
                .isEqualTo(ExitCode.CONFLICT.number());
        args.set(args.size() - 2, "--yes");
        args.remove(args.size() - 1);
        var made = Command.run(dev.server(), args.toArray(String[]::new));
        assertThat(made.code()).as("%s", made).isZero();
        assertThat(made.text()).contains("\"failed\" : [ ]");
        for (int i = 0; i < 6; i++) {
            assertThat(client.users().lookup("many" + i).shard().value()).isNotEqualTo(from);
            assertThat(client.get("many" + i, "cat").bytes()).containsExactly(i);
        }
    }

    @Test
    void eachWayToSayWhereByCommandLine() {
        String user = "erin";
        client.put(user, "cat", new byte[] {3});
        int alone = shardsOf(PAID).get(1).value();
        var isolated = Command.run(dev.server(), "user", "move", user, "--shard", Integer.toString(alone));
        assertThat(isolated.code()).as("%s", isolated).isZero();
        assertThat(isolated.text()).contains("erin: lives on shard " + alone + " of pool local.paid");
        assertThat(client.users().lookup(user).shard().value()).isEqualTo(alone);
        assertThat(client.get(user, "cat").bytes()).containsExactly(3);

        var sameRegion = Command.run(dev.server(), "user", "move", user, "--region", "local");
        assertThat(sameRegion.code()).as("where he is: %s", sameRegion).isZero();
        assertRefused(ExitCode.NOT_FOUND, "There is no pool mars.paid. ", "user", "move", user, "--region", "mars");
        assertRefused(
                ExitCode.NOT_FOUND,
                "User 'erin' is not being moved; he lives on shard " + alone + " of pool local.paid.",
                "user",
                "move",
                user,
                "--abort");
        assertRefused(ExitCode.USAGE, "Say where the user is to live", "user", "move", user);
        assertRefused(ExitCode.USAGE, "Name either a user, or", "user", "move", "--tier", "paid");
        assertRefused(
                ExitCode.USAGE,
                "--at-once is 65; give 1 to 64",
                "user",
                "move",
                user,
                "--tier",
                "paid",
                "--at-once",
                "65");
        assertThat(client.users().lookup(user).shard().value()).isEqualTo(alone);
    }

    @Test
    void whoDoesNotWaitIsToldThatItBeganAndItGoesOn() {
        String user = "ivan";
        byte[] large = new byte[4 << 20];
        for (int i = 0; i < 8; i++) { // a second at 32 MiB/s: it is under way when the command ends
            client.put(user, "large" + i, BlobSource.of(large), PutOptions.DEFAULT);
        }
        var begun = Command.run(dev.server(), "user", "move", user, "--tier", "paid", "--no-wait", "--json");
        assertThat(begun.code()).as("%s", begun).isZero();
        assertThat(begun.text()).contains("\"user\" : \"ivan\"").contains("\"toPool\" : \"local.paid\"");
        assertThat(begun.err()).as("no progress is shown").isEmpty();
        var end = awaitDone(user, MoveTarget.pool(PAID)).end();
        assertThat(end.user().pool()).isEqualTo(PAID);
        assertThat(client.get(user, "large7").bytes()).hasSize(large.length);

        var other = shardsOf(PAID).stream()
                .filter(shard -> !shard.equals(end.user().shard()))
                .findFirst()
                .orElseThrow();
        long from = System.nanoTime();
        client.users().moves().begin(user, MoveTarget.shard(other));
        var under = Awaitility.await()
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> client.users().moves().get(user), move -> !move.isUnderWay() || move.bytesDone() > 0);
        assertThat(under.isUnderWay()).as("%s", under).isTrue();
        assertThat(under.bytesTotal()).isEqualTo(8L * large.length);
        assertThat(under.bytesDone()).isLessThanOrEqualTo(under.bytesTotal());
        assertThat(under.blobsTotal()).isEqualTo(8);
        assertThat(under.bytesPerSecond()).isPositive();
        assertThat(awaitDone(user, MoveTarget.shard(other)).end().user().shard())
                .isEqualTo(other);
        double seconds = (System.nanoTime() - from) / 1e9;
        double bytesPerSecond = MoveSettings.DEFAULT.bytesPerSecond();
        assertThat(seconds).as("no faster than moves may").isGreaterThan(0.95 * 8 * large.length / bytesPerSecond);
        theStatusPageShowsTheMoveButNotWhose(user);
    }

    /** The page asks every two seconds at most; a move that ended between two looks is followed by one back. */
    private static void theStatusPageShowsTheMoveButNotWhose(String user) {
        var page = URI.create(dev.file().http() + "/status.json");
        var seen = Awaitility.await()
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(
                        () -> {
                            if (!client.users().moves().get(user).isUnderWay()) {
                                client.users().moves().begin(user, otherPool(user));
                            }
                            try (var body = page.toURL().openStream()) {
                                return new ObjectMapper().readTree(body);
                            }
                        },
                        status -> status.get("moves").get("underWay").asInt() > 0);
        var move = seen.get("moves").get("oldest").get(0);
        assertThat(List.of(move.get("fromPool").asText(), move.get("toPool").asText()))
                .containsExactlyInAnyOrder(PAID.toString(), standard.toString());
        assertThat(seen.toString()).doesNotContain(user);
        awaitDone(user, otherPool(user)); // he goes there, or has arrived
    }

    private static MoveTarget otherPool(String user) {
        boolean paid = client.users().lookup(user).pool().equals(PAID);
        return MoveTarget.pool(paid ? standard : PAID);
    }

    private static void assertRefused(ExitCode code, String words, String... command) {
        var refused = Command.run(dev.server(), command);
        assertThat(refused.code()).as("%s", refused).isEqualTo(code.number());
        assertThat(refused.err()).contains(words);
    }

    @Test
    void aWholeTierMovesByPlan() {
        var crowd = "local.crowd";
        var created = Command.run(dev.server(), "pool", "create", crowd, "--shards", "2");
        assertThat(created.code()).as("%s", created).isZero();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> shardsOf(PoolId.parse(crowd)).size() == 2);
        var users = List.of("frank", "grace", "heidi");
        for (var user : users) {
            client.users().register(user, PoolId.parse(crowd));
            client.put(user, "cat", new byte[] {4});
        }
        String[] plan = {"user", "move", "--all-of-tier", crowd, "--to", PAID.toString(), "--at-once", "2", "--json"};
        var planned = Command.run(dev.server(), plan);
        assertThat(planned.text())
                .contains("\"users\" : 3,")
                .contains("\"bytes\" : 3,")
                .contains("\"made\" : false");
        var args = new ArrayList<>(List.of(plan));
        args.add("--yes");
        var made = Command.run(dev.server(), args.toArray(String[]::new));
        assertThat(made.code()).as("%s", made).isZero();
        assertThat(made.text()).contains("\"moved\" : 3,");
        for (var user : users) {
            assertThat(client.users().lookup(user).pool()).isEqualTo(PAID);
            assertThat(client.get(user, "cat").bytes()).containsExactly(4);
        }

        String[] change = {"pool", "change", crowd, "--user-blobs", "5"};
        assertThat(Command.run(dev.server(), change).text())
                .contains("would be changed:")
                .contains("blobs a user: 0 -> 5")
                .contains("Nothing was changed. --yes makes the change");
        assertThat(client.admin().pool(PoolId.parse(crowd)).pool().userBlobs()).isZero();
    }

    @Test
    void anAbortedMoveLeavesHimWhereHeWas() {
        String user = LongestIds.of("dave ", "語");
        byte[] large = new byte[8 << 20];
        for (int i = 0; i < 12; i++) {
            client.put(user, "large" + i, BlobSource.of(large), PutOptions.DEFAULT);
        }
        var home = client.users().lookup(user);
        var to = home.pool().equals(PAID) ? standard : PAID;
        var begun = client.users().moves().begin(user, MoveTarget.pool(to));
        assertThat(begun.isUnderWay()).isTrue();
        assertThat(reason(user, MoveTarget.pool(SMALL))).isEqualTo(Reason.MOVE_CONFLICT);
        assertThat(text(user, MoveTarget.pool(SMALL)))
                .startsWith("User '" + user + "' is being moved to shard ")
                .endsWith(" of pool " + to + " already. Wait for that move to end, or abort it first.");
        assertThat(client.users().moves().begin(user, MoveTarget.pool(to)).isUnderWay())
                .as("to where he is on his way already")
                .isTrue();
        var aborted = CommandLines.run("user", "move", user, "--abort", "--server", dev.server());
        assertThat(aborted.code()).as("%s", aborted).isZero();
        var end = MovesDone.awaitEnd(client, user, PATIENCE);
        assertThat(end.result()).isEqualTo(MoveInfo.Result.ABORTED);
        assertThat(end.user().shard()).isEqualTo(home.shard());
        client.put(user, "large0", BlobSource.of(new byte[] {5}), PutOptions.DEFAULT);
        assertThat(client.get(user, "large0").bytes()).containsExactly(5);
    }
}
