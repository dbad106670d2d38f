// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.client.InvalidRequestException;
import io.tintype.client.ListEntry;
import io.tintype.client.ListOptions;
import io.tintype.client.MoveTarget;
import io.tintype.client.PoolInfo;
import io.tintype.client.TintypeClient;
import io.tintype.client.UserErasedException;
import io.tintype.model.Limits;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.AbortMoveRequest;
import io.tintype.proto.v1.EraseUserRequest;
import io.tintype.proto.v1.ExportUserRequest;
import io.tintype.proto.v1.FreezeUserRequest;
import io.tintype.proto.v1.GetMoveRequest;
import io.tintype.proto.v1.GetUsageRequest;
import io.tintype.proto.v1.LocateUserRequest;
import io.tintype.proto.v1.LookupUserRequest;
import io.tintype.proto.v1.MoveUserRequest;
import io.tintype.proto.v1.RegisterUserRequest;
import io.tintype.proto.v1.SetUserQuotaRequest;
import io.tintype.proto.v1.UnfreezeUserRequest;
import io.tintype.proto.v1.UsersGrpc;
import io.tintype.tools.CommandLines;
import io.tintype.tools.console.ExitCode;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Wherever users occur an id of 512 bytes, whatever its script, is one like any other; one of 513 is refused, and why is said. */
@Tag("beside-another")
@ExtendWith(SharedDev.class)
final class LongestIdIT {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final PoolId HERE = PoolId.parse("local.longest");
    private static final PoolId THERE = PoolId.parse("local.longest-there");
    private static final int EACH = Integer.getInteger("tintype.ids.each", 8);
    private static final String WHY = "user id has 513 bytes of UTF-8; at most 512 are allowed";

    private static Dev dev;
    private static TintypeClient client;
    private static ShardId here;
    private static ShardId there;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start(Dev shared) {
        dev = shared;
        client = dev.client();
        here = shardOf(HERE);
        there = shardOf(THERE);
    }

    private static ShardId shardOf(PoolId pool) {
        client.admin().createPool(new PoolInfo(pool, 3, 2, 1_000, 1));
        return Awaitility.await()
                .atMost(PATIENCE)
                .until(
                        () -> client.admin().shards(pool),
                        shards -> shards.stream()
                                .anyMatch(shard -> shard.primary().isPresent()))
                .get(0)
                .id();
    }

    @AfterAll
    static void stop() {
        client.close();
    }

    /** One of eight is moved and erased too, which takes longer; with {@code -Dtintype.ids.each=1} all of them. */
    @Test
    void inEveryScriptByClientByHttpAndInMovesOfAll() throws Exception {
        var all = LongestIds.ofEveryScript();
        assertThat(all.size()).as("scripts").isGreaterThan(100);
        var standard = client.users().register("first").user().pool();
        var scripts = new TreeMap<String, String>();
        int seen = 0;
        for (var one : all.entrySet()) {
            boolean moves = seen++ % EACH == 0;
            byClient(one.getKey(), one.getValue(), moves ? HERE : standard);
            byHttp(one.getKey(), one.getValue());
            if (moves) {
                scripts.put(one.getKey(), one.getValue());
            }
        }
        allMoved(scripts, THERE, "--all-of-tier", HERE.toString(), "--to", THERE.toString());
        allMoved(scripts, HERE, "--from-shard", there.toString(), "--to", HERE.toString());
        for (var one : scripts.entrySet()) {
            client.users().erase(one.getValue(), 0);
            assertThatThrownBy(() -> client.users().lookup(one.getValue()))
                    .as(one.getKey())
                    .isInstanceOf(UserErasedException.class)
                    .hasMessageContaining(one.getValue());
        }
    }

    private static void byClient(String script, String user, PoolId pool) {
        assertThat(user.getBytes(StandardCharsets.UTF_8)).as(script).hasSize(Limits.MAX_USER_BYTES);
        assertThat(client.users().register(user, pool).created()).as(script).isTrue();
        client.put(user, script, new byte[] {7});
        assertThat(client.get(user, script).bytes()).as(script).containsExactly(7);
        client.copy(user, script, "copy");
        assertThat(client.head(user, "copy").size()).isEqualTo(1);
        assertThat(client.delete(user, "copy").existed()).isTrue();
        assertThat(client.listAll(user, ListOptions.DEFAULT).map(ListEntry::name))
                .as("%s: his blob and nobody else's", script)
                .containsExactly(script);
        assertThat(client.users().lookup(user).id()).isEqualTo(user);
        assertThat(client.users().setQuota(user, null, 2L).blobsLimit()).isEqualTo(2);
        assertThat(client.users().usage(user).blobs()).isEqualTo(1);
        assertThat(client.users().blobs(user, 10).blobs()).as(script).hasSize(1);
    }

    private static void byHttp(String script, String user) throws Exception {
        assertThat(http("PUT", user, "/by-http").statusCode()).as(script).isEqualTo(200);
        assertThat(http("GET", user, "/by-http").body()).as(script).isEqualTo("x");
        assertThat(http("HEAD", user, "/by-http").statusCode()).isEqualTo(200);
        assertThat(http("DELETE", user, "/by-http").statusCode()).isEqualTo(204);
        var names = JSON.readTree(http("GET", user, "").body()).findValuesAsText("name");
        assertThat(names).as(script).containsExactly(script);
    }

    private static HttpResponse<String> http(String method, String user, String rest) throws Exception {
        var segment = URLEncoder.encode(user, StandardCharsets.UTF_8).replace("+", "%20");
        return HTTP.send(
                HttpRequest.newBuilder(URI.create(dev.file().http() + "/v1/users/" + segment + "/blobs" + rest))
                        .method(method, method.equals("PUT") ? BodyPublishers.ofString("x") : BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
    }

    private static void allMoved(Map<String, String> scripts, PoolId to, String... which) throws Exception {
        var line = new ArrayList<>(List.of("user", "move", "--at-once", "32", "--yes"));
        line.addAll(List.of(which));
        var report = command(line.toArray(String[]::new));
        assertThat(report.get("moved").asInt()).as("%s", report).isGreaterThanOrEqualTo(scripts.size());
        assertThat(report.get("failed")).isEmpty();
        scripts.forEach((script, user) -> {
            assertThat(client.users().lookup(user).pool()).as(script).isEqualTo(to);
            assertThat(client.get(user, script).bytes()).as(script).containsExactly(7);
            assertThat(client.users().usage(user).blobsLimit()).as(script).isEqualTo(2);
        });
    }

    /** Runs a command line that must succeed; what it printed. */
    private static JsonNode command(String... arguments) throws Exception {
        var result = run(arguments);
        assertThat(result.code()).as("%s: %s", List.of(arguments), result).isZero();
        return JSON.readTree(result.out());
    }

    private static CommandLines.Result run(String... arguments) {
        var line = new ArrayList<>(List.of(arguments));
        line.addAll(List.of("--server", dev.server(), "--json"));
        return CommandLines.run(line.toArray(String[]::new));
    }

    @Test
    void inEveryCommand() throws Exception {
        var file = Files.write(folder.resolve("cat.jpg"), new byte[] {1, 2, 3});
        for (String letter : List.of("é", "𐌰")) {
            String user = LongestIds.of("by command ", letter);
            var files = Files.createDirectory(folder.resolve("of " + letter));
            assertThat(command("user", "register", user, "--pool", HERE.toString())
                            .at("/user/id")
                            .asText())
                    .isEqualTo(user);
            command("put", user, "cat", file.toString());
            command(
                    "get",
                    user,
                    "cat",
                    "-o",
                    folder.resolve("out-" + user.length()).toString());
            assertThat(folder.resolve("out-" + user.length())).hasSameBinaryContentAs(file);
            assertThat(command("head", user, "cat").get("size").asInt()).isEqualTo(3);
            command("cp", user, "cat", "copy");
            assertThat(command("explain", user, "cat").get("user").asText()).isEqualTo(user);
            assertThat(command("rm", user, "copy").get(0).get("existed").asBoolean())
                    .isTrue();
            assertThat(command("ls", user).get("entries")).hasSize(1);
            assertThat(command("user", "show", user).get("shard").asInt()).isEqualTo(here.value());
            assertThat(command("user", "usage", user).get("bytes").asInt()).isEqualTo(3);
            assertThat(command("user", "quota", user, "--blobs", "5").toString())
                    .contains("5");
            command("user", "quota", user, "--from-pool");
            assertThat(command("user", "freeze", user).get("frozen").asBoolean())
                    .isTrue();
            assertThat(run("rm", user, "cat").code()).isEqualTo(ExitCode.CONFLICT.number());
            assertThat(command("user", "unfreeze", user).get("frozen").asBoolean())
                    .isFalse();
            command("user", "move", user, "--tier", THERE.tier());
            assertThat(client.users().lookup(user).pool()).isEqualTo(THERE);
            command("user", "move", user, "--shard", here.toString());
            assertThat(client.users().lookup(user).shard()).isEqualTo(here);
            command("user", "move", user, "--region", "local");
            var notMoving = run("user", "move", user, "--abort");
            assertThat(notMoving.code()).isEqualTo(ExitCode.NOT_FOUND.number());
            assertThat(notMoving.err()).contains(user).contains("MOVE_NOT_FOUND");
            assertThat(command("user", "where", user).get("places"))
                    .as("home, what is left of the moves, and the directory")
                    .hasSize(9);
            var export = files.resolve("export");
            command("user", "export", user, export.toString());
            assertThat(JSON.readTree(export.resolve("manifest.json").toFile())
                            .get("user")
                            .asText())
                    .isEqualTo(user);
            assertThat(export.resolve("blobs/cat")).hasSameBinaryContentAs(file);
            assertThat(run("user", "erase", user, "--confirm", user, "--wait", "1s")
                            .code())
                    .isIn(ExitCode.OK.number(), ExitCode.UNAVAILABLE.number());
            assertThat(run("get", user, "cat", "-o", files.resolve("gone").toString())
                            .err())
                    .contains("USER_ERASED");
        }
    }

    @Test
    void oneByteMoreIsRefusedByTheClient() {
        for (String user : tooLong()) {
            var pool = new MoveTarget("", THERE.tier(), 0);
            for (Consumer<TintypeClient> call : List.<Consumer<TintypeClient>>of(
                    c -> c.put(user, "cat", new byte[1]),
                    c -> c.get(user, "cat"),
                    c -> c.head(user, "cat"),
                    c -> c.list(user, ListOptions.DEFAULT),
                    c -> c.copy(user, "cat", "copy"),
                    c -> c.delete(user, "cat"),
                    c -> c.explain(user, "cat"),
                    c -> c.users().register(user),
                    c -> c.users().lookup(user),
                    c -> c.users().usage(user),
                    c -> c.users().locate(user),
                    c -> c.users().blobs(user, 1),
                    c -> c.users().setQuota(user, 1L, null),
                    c -> c.users().resetQuota(user),
                    c -> c.users().freeze(user),
                    c -> c.users().unfreeze(user),
                    c -> c.users().erase(user, 0),
                    c -> c.users().moves().begin(user, pool),
                    c -> c.users().moves().get(user),
                    c -> c.users().moves().abort(user))) {
                assertThatThrownBy(() -> call.accept(client))
                        .isInstanceOfSatisfying(
                                InvalidRequestException.class,
                                e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_USER))
                        .hasMessage(WHY);
            }
        }
    }

    private static List<String> tooLong() {
        return List.of("u".repeat(513), LongestIds.of("", "é") + "x", LongestIds.of("", "語") + "x");
    }

    /** As a caller would who checks nothing himself. */
    @Test
    void oneByteMoreIsRefusedByEveryCallOfTheApi() {
        try (var grpc = new Grpc(dev.server())) {
            var users = UsersGrpc.newBlockingStub(grpc.channel()).withDeadlineAfter(60, TimeUnit.SECONDS);
            for (String user : tooLong()) {
                for (Runnable call : List.<Runnable>of(
                        () -> grpc.put(user, "cat", "", new byte[1]),
                        () -> grpc.get(user, "cat"),
                        () -> users.registerUser(
                                RegisterUserRequest.newBuilder().setUser(user).build()),
                        () -> users.lookupUser(
                                LookupUserRequest.newBuilder().setUser(user).build()),
                        () -> users.locateUser(
                                LocateUserRequest.newBuilder().setUser(user).build()),
                        () -> users.getUsage(
                                GetUsageRequest.newBuilder().setUser(user).build()),
                        () -> users.setUserQuota(SetUserQuotaRequest.newBuilder()
                                .setUser(user)
                                .setFromPool(true)
                                .build()),
                        () -> users.moveUser(MoveUserRequest.newBuilder()
                                .setUser(user)
                                .setShard(here.value())
                                .build()),
                        () -> users.getMove(
                                GetMoveRequest.newBuilder().setUser(user).build()),
                        () -> users.abortMove(
                                AbortMoveRequest.newBuilder().setUser(user).build()),
                        () -> users.exportUser(
                                ExportUserRequest.newBuilder().setUser(user).build()),
                        () -> users.eraseUser(
                                EraseUserRequest.newBuilder().setUser(user).build()),
                        () -> users.freezeUser(
                                FreezeUserRequest.newBuilder().setUser(user).build()),
                        () -> users.unfreezeUser(
                                UnfreezeUserRequest.newBuilder().setUser(user).build()))) {
                    try {
                        call.run();
                        throw new AssertionError("taken: " + user);
                    } catch (RuntimeException e) {
                        TintypeException known = Grpc.known(e);
                        assertThat(known.reason()).as("%s", known).isEqualTo(Reason.INVALID_USER);
                        assertThat(known).hasMessage(WHY);
                    }
                }
            }
        }
    }

    @Test
    void oneByteMoreIsRefusedOverHttp() throws Exception {
        for (String user : tooLong()) {
            for (String method : List.of("PUT", "GET", "DELETE")) {
                assertInvalid(http(method, user, "/cat"));
            }
            assertInvalid(http("GET", user, ""));
            assertThat(http("HEAD", user, "/cat").statusCode()).isEqualTo(400);
        }
    }

    private static void assertInvalid(HttpResponse<String> answer) throws Exception {
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(JSON.readTree(answer.body()))
                .isEqualTo(JSON.createObjectNode().put("reason", "INVALID_USER").put("message", WHY));
    }

    @Test
    void oneByteMoreIsRefusedByEveryCommand() throws Exception {
        var file = Files.write(folder.resolve("cat.jpg"), new byte[] {1}).toString();
        var out = folder.resolve("out").toString();
        for (String user : tooLong()) {
            for (String[] line : new String[][] {
                {"put", user, "cat", file},
                {"get", user, "cat", "-o", out},
                {"head", user, "cat"},
                {"ls", user},
                {"rm", user, "cat"},
                {"cp", user, "cat", "copy"},
                {"explain", user, "cat"},
                {"user", "register", user},
                {"user", "show", user},
                {"user", "usage", user},
                {"user", "quota", user, "--blobs", "1"},
                {"user", "quota", user, "--from-pool"},
                {"user", "export", user, out},
                {"user", "freeze", user},
                {"user", "unfreeze", user},
                {"user", "erase", user, "--confirm", user},
                {"user", "where", user},
                {"user", "move", user, "--tier", "longest"},
                {"user", "move", user, "--region", "local"},
                {"user", "move", user, "--shard", here.toString()},
                {"user", "move", user, "--abort"}
            }) {
                var refused = run(line);
                assertThat(refused.code()).as("%s: %s", List.of(line), refused).isEqualTo(ExitCode.USAGE.number());
                var error = JSON.readTree(refused.err()).get("error");
                assertThat(error.get("reason").asText()).isEqualTo("INVALID_USER");
                assertThat(error.get("message").asText()).isEqualTo(WHY);
            }
        }
        assertThat(Path.of(out)).doesNotExist();
    }

    @Test
    void signingAsksNobodyAndRefusesThemToo() throws Exception {
        var keys = Files.writeString(folder.resolve("keys"), "k MDEyMzQ1Njc4OWFiY2RlZg==\n")
                .toString();
        String user = LongestIds.of("", "語");
        assertThat(CommandLines.run("url", "sign", user, "cat", "--key-file", keys)
                        .out())
                .contains("/v1/users/xx%E8%AA%9E")
                .contains("tintype-signature=");
        for (String longer : tooLong()) {
            var refused = CommandLines.run("url", "sign", longer, "cat", "--key-file", keys);
            assertThat(refused.code()).isEqualTo(ExitCode.USAGE.number());
            assertThat(refused.err()).contains(WHY);
            assertThat(refused.out()).isEmpty();
        }
    }
}
