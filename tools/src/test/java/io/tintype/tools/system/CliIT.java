// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.checksum.Crc32c;
import io.tintype.tools.system.Command.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What scripts rely on: exit codes, the fields of {@code --json}, what goes to which stream. */
@Tag("beside-another")
@ExtendWith(SharedDev.class)
final class CliIT {
    private static final byte[] PHOTO = Images.photograph("rocket.jpg").bytes();
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path folder;

    @Test
    void aBlobFromPutToRm(Dev dev) throws Exception {
        var file = Files.write(folder.resolve("rocket.jpg"), PHOTO);
        var user = "cli-life";
        dev.awaitInSync();
        var blob = Awaitility.await("it is on all three nodes")
                .atMost(PATIENCE)
                .until(
                        () -> json(dev, 0, "put", user, "r.jpg", file.toString(), "--meta", "pad=40", "--ttl", "7d"),
                        put -> put.get("replicas").size() == 3)
                .get("blob");
        assertThat(fields(blob))
                .containsExactly(
                        "user",
                        "name",
                        "version",
                        "size",
                        "crc32c",
                        "contentType",
                        "metadata",
                        "cacheControl",
                        "httpExpires",
                        "writtenAt",
                        "expiresAt");
        assertThat(blob.get("size").asInt()).isEqualTo(PHOTO.length);
        assertThat(blob.get("crc32c").asText()).isEqualTo(String.format(Locale.ROOT, "%08x", Crc32c.of(PHOTO)));
        assertThat(blob.get("contentType").asText()).isEqualTo("image/jpeg");
        assertThat(blob.get("metadata").get("pad").asText()).isEqualTo("40");
        assertThat(blob.get("expiresAt").asText())
                .isGreaterThan(blob.get("writtenAt").asText());

        assertThat(json(dev, 0, "head", user, "r.jpg")).isEqualTo(blob);

        var out = folder.resolve("out.jpg");
        var got = json(dev, 0, "get", user, "r.jpg", "-o", out.toString());
        assertThat(fields(got)).containsExactly("blob", "file", "bytes");
        assertThat(out).hasBinaryContent(PHOTO);

        var part = run(dev, "get", user, "r.jpg", "-o", "-", "--range", "100-299");
        assertThat(part.out()).isEqualTo(Arrays.copyOfRange(PHOTO, 100, 300));

        var copied = json(dev, 0, "cp", user, "r.jpg", "copy.jpg");
        assertThat(copied.get("blob").get("crc32c")).isEqualTo(blob.get("crc32c"));

        var listed = json(dev, 0, "ls", user);
        assertThat(fields(listed)).containsExactly("user", "prefix", "delimiter", "entries", "nextPageToken");
        assertThat(listed.get("entries").findValuesAsText("name")).containsExactly("copy.jpg", "r.jpg");
        assertThat(listed.get("nextPageToken").isNull()).isTrue();

        var usage = json(dev, 0, "user", "usage", user);
        assertThat(usage.get("blobs").asInt()).isEqualTo(2);
        assertThat(usage.get("bytes").asInt()).isEqualTo(2 * PHOTO.length);

        var removed = json(dev, 0, "rm", user, "r.jpg", "copy.jpg", "never-was.jpg");
        assertThat(removed.findValuesAsText("existed")).containsExactly("true", "true", "false");
        assertThat(run(dev, "get", user, "r.jpg", "-o", "-").code()).isEqualTo(3);
    }

    @Test
    void exitCodesTellWhatWentWrong(Dev dev) throws Exception {
        var file = Files.write(folder.resolve("a.jpg"), PHOTO).toString();
        var user = "cli-codes";
        assertThat(run(dev, "put", user, "a.jpg", file).code()).isZero();
        expect(run(dev, "put", user, "a.jpg", folder.resolve("missing.jpg").toString()), 3, "missing.jpg");
        expect(run(dev, "get", user, "b.jpg", "-o", "-"), 3, "tintype ls USER");
        expect(run(dev, "head", "cli-nobody", "a.jpg"), 3, "cli-nobody");
        expect(run(dev, "shard", "show", "99999"), 3, "tintype shard ls");
        expect(run(dev, "put", user, "a.jpg", file, "--if-absent"), 4, "tintype head");
        expect(run(dev, "put", user, "", file), 2, "empty");
        expect(run(dev, "put", user, "a.jpg"), 3, "a.jpg");
        expect(run(dev, "get", user, "a.jpg", "-o", "-", "--range", "9-1"), 2, "--range");
        expect(run(dev, "get", user, "a.jpg", "-o", "-", "--range", "99999999-"), 2, "bytes");
        expect(run(dev, "ls", user, "--server", "nonsense"), 2, "HOST:PORT");
        expect(run(dev, "frobnicate"), 2, "frobnicate");
        expect(run(dev, "ls", user, "--server", "127.0.0.1:1", "--timeout", "2s"), 5, "tintype dev");
    }

    @Test
    void badInputIsNamedAndNothingIsStored(Dev dev) throws Exception {
        var file = Files.write(folder.resolve("a.jpg"), PHOTO).toString();
        var user = "cli-bad";
        assertThat(run(dev, "put", user, "kept.jpg", file).code()).isZero();
        refused(dev, "INVALID_NAME", "is empty", "put", user, "", file);
        refused(dev, "INVALID_NAME", "1025 bytes", "put", user, "n".repeat(1025), file);
        refused(dev, "INVALID_NAME", "normal form C", "put", user, "e\u0301.jpg", file);
        refused(dev, "INVALID_USER", "is empty", "put", "", "a.jpg", file);
        refused(dev, "INVALID_USER", "513 bytes", "put", "u".repeat(513), "a.jpg", file);
        refused(dev, "METADATA_TOO_LARGE", "8192", "put", user, "a.jpg", file, "--meta", "k=" + "v".repeat(9000));
        var part = folder.resolve("part").toString();
        refused(dev, "RANGE_NOT_SATISFIABLE", "bytes", "get", user, "kept.jpg", "-o", part, "--range", "99999999-");
        assertThat(Path.of(part)).doesNotExist();
        refused(dev, "INVALID_PAGE_TOKEN", "not one that this listing gave", "ls", user, "--page-token", "page-2");
        assertThat(json(dev, 0, "ls", user).get("entries").findValuesAsText("name"))
                .containsExactly("kept.jpg");
    }

    private static void refused(Dev dev, String reason, String text, String... arguments) throws IOException {
        var line = Arrays.copyOf(arguments, arguments.length + 1);
        line[arguments.length] = "--json";
        var result = run(dev, line);
        assertThat(result.code()).as("%s", result).isEqualTo(2);
        assertThat(result.out()).as("%s", result).isEmpty();
        var error = new ObjectMapper().readTree(result.err()).get("error");
        assertThat(error.get("reason").asText()).as("%s", result).isEqualTo(reason);
        assertThat(error.get("message").asText()).contains(text);
    }

    /** The launcher tells a command that a person sees its standard error. */
    @Test
    void longTransfersShowAPersonHowFarTheyHaveCome(Dev dev) throws Exception {
        var user = "cli-progress";
        var large = Files.write(folder.resolve("large.bin"), new byte[24 << 20]).toString();
        var small = Files.write(folder.resolve("small.jpg"), PHOTO).toString();
        var person = List.of("-Dtintype.terminal=true");
        assertThat(errorsOf(dev, person, "put", user, "large.bin", large))
                .contains("large.bin 100%")
                .contains("24/24MiB");
        assertThat(errorsOf(
                        dev,
                        person,
                        "get",
                        user,
                        "large.bin",
                        "-o",
                        folder.resolve("out").toString()))
                .contains("large.bin 100%")
                .contains("24/24MiB");
        assertThat(errorsOf(dev, person, "put", user, "small.jpg", small)).isEmpty();
        assertThat(errorsOf(dev, List.of(), "put", user, "large.bin", large)).isEmpty();
    }

    private static String errorsOf(Dev dev, List<String> jvmOptions, String... arguments) {
        var done = Command.finish(
                Command.start(Command.line(jvmOptions, arguments), Map.of("TINTYPE_SERVER", dev.server())),
                stdin -> {});
        assertThat(done.code()).as("%s", done).isZero();
        return done.err();
    }

    @Test
    void failuresAreJsonForThoseWhoAskForJson(Dev dev) throws Exception {
        var failed = run(dev, "head", "cli-nobody", "a.jpg", "--json");
        assertThat(failed.code()).isEqualTo(3);
        assertThat(failed.text()).isEmpty();
        var error = new ObjectMapper().readTree(failed.err()).get("error");
        assertThat(error.get("reason").asText()).isEqualTo("USER_NOT_FOUND");
        assertThat(error.get("message").asText()).contains("cli-nobody");
        assertThat(error.get("exitCode").asInt()).isEqualTo(3);
    }

    @Test
    void aDirectoryBecomesBlobsNamedByTheirPaths(Dev dev) throws Exception {
        var tree = Files.createDirectories(folder.resolve("tree/sub/deeper"));
        Files.write(folder.resolve("tree/1.jpg"), PHOTO);
        Files.write(folder.resolve("tree/sub/2 with space.png"), PHOTO);
        Files.write(tree.resolve("empty.gif"), new byte[0]);
        var user = "cli-tree";
        var stored = json(dev, 0, "put", user, folder.resolve("tree").toString(), "--prefix", "p/");
        assertThat(stored.get("stored").asInt()).isEqualTo(3);
        assertThat(stored.get("bytes").asLong()).isEqualTo(2L * PHOTO.length);
        assertThat(stored.get("failed")).isEmpty();
        assertThat(json(dev, 0, "ls", user).get("entries").findValuesAsText("name"))
                .containsExactly("p/1.jpg", "p/sub/2 with space.png", "p/sub/deeper/empty.gif");
        var folders = json(dev, 0, "ls", user, "p/", "--delimiter", "/");
        assertThat(folders.get("entries").findValuesAsText("commonPrefix")).containsExactly("p/sub/");
        var empty = run(dev, "get", user, "p/sub/deeper/empty.gif", "-o", "-");
        assertThat(empty.code()).isZero();
        assertThat(empty.out()).isEmpty();
    }

    @Test
    void pagesFollowOneAnother(Dev dev) throws Exception {
        var user = "cli-pages";
        var many = Files.createDirectories(folder.resolve("many"));
        for (int i = 0; i < 5; i++) {
            Files.writeString(many.resolve(i + ".txt"), "x");
        }
        json(dev, 0, "put", user, many.toString());
        var page = json(dev, 0, "ls", user, "--page-size", "2");
        assertThat(page.get("entries")).hasSize(2);
        var token = page.get("nextPageToken").asText();
        var next = json(dev, 0, "ls", user, "--page-size", "2", "--page-token", token);
        assertThat(next.get("entries").findValuesAsText("name")).containsExactly("2.txt", "3.txt");
        var all = run(dev, "ls", user, "--page-size", "2", "--all");
        assertThat(all.text()).contains("0.txt", "1.txt", "2.txt", "3.txt", "4.txt");
        var some = run(dev, "ls", user, "--page-size", "2");
        assertThat(some.err()).contains("--all").contains(token);
    }

    @Test
    void theClusterCanBeLookedAt(Dev dev) throws Exception {
        var nodes = json(dev, 0, "node", "ls").get("nodes");
        assertThat(nodes.findValuesAsText("id")).containsExactly("node-1", "node-2", "node-3");
        assertThat(nodes.findValuesAsText("live")).containsOnly("true");
        var memory = json(dev, 0, "node", "show", "node-2").get("memory");
        assertThat(memory.findValuesAsText("part")).containsExactly("heap", "store", "network");
        for (var part : memory) {
            assertThat(part.get("usedBytes").asLong())
                    .as("%s", part)
                    .isBetween(0L, part.get("limitBytes").asLong());
        }
        assertThat(run(dev, "node", "show", "nobody").err()).contains("There is no node 'nobody'");
        var registered = json(dev, 0, "user", "register", "cli-admin");
        assertThat(registered.get("created").asBoolean()).isTrue();
        assertThat(json(dev, 0, "user", "register", "cli-admin").get("created").asBoolean())
                .isFalse();
        var shard = json(dev, 0, "user", "show", "cli-admin").get("shard").asText();
        dev.awaitInSync();
        Awaitility.await("its shard is whole").atMost(PATIENCE).untilAsserted(() -> {
            var detail = json(dev, 0, "shard", "show", shard);
            assertThat(detail.get("shard").get("kind").asText()).isEqualTo("data");
            assertThat(detail.get("shard").get("inSync")).hasSize(3);
            assertThat(detail.get("replicas").findValuesAsText("state")).contains("PRIMARY");
        });
        assertThat(json(dev, 0, "shard", "ls").get("shards").findValuesAsText("kind"))
                .contains("data", "directory");
        assertThat(json(dev, 0, "pool", "ls").get("pools").findValuesAsText("id"))
                .contains("local.standard");
        for (var table : List.of(
                List.of("node", "ls"),
                List.of("node", "show", "node-1"),
                List.of("shard", "ls"),
                List.of("shard", "show", shard),
                List.of("pool", "ls"))) {
            var shown = run(dev, table.toArray(String[]::new));
            assertThat(shown.code()).as("%s", shown).isZero();
            assertThat(shown.text()).as("%s", table).isNotBlank();
        }
    }

    @Test
    void aPoolMadeHereTakesUsers(Dev dev) throws Exception {
        var pool = json(dev, 0, "pool", "create", "local.lab", "--replicas", "1", "--min-insync", "1", "--shards", "1");
        assertThat(pool.get("replicationFactor").asInt()).isEqualTo(1);
        expect(run(dev, "pool", "create", "local.lab", "--replicas", "3"), 4, "local.lab");
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> run(dev, "user", "register", "cli-lab", "--pool", "local.lab")
                                .code()
                        == 0);
        assertThat(json(dev, 0, "user", "show", "cli-lab").get("pool").asText()).isEqualTo("local.lab");
        var file = Files.write(folder.resolve("lab.jpg"), PHOTO);
        assertThat(json(dev, 0, "put", "cli-lab", file.toString()).get("replicas"))
                .hasSize(1);
    }

    @Test
    void theBenchmarkVerifiesWhatItReads(Dev dev) throws Exception {
        var report = json(dev, 0, "bench", "--keys", "50", "--users", "3", "--ops", "300", "-c", "4", "--reads", "0.7");
        assertThat(report.get("wrongReads").asInt()).isZero();
        assertThat(report.get("failures")).isEmpty();
        assertThat(report.get("put").get("operations").asInt()
                        + report.get("get").get("operations").asInt())
                .isEqualTo(300);
        assertThat(report.get("verifiedBytes").asLong()).isPositive();
    }

    @Test
    void completionIsAScriptThatBashAccepts(Dev dev) throws Exception {
        var script = run(dev, "completion", "bash");
        assertThat(script.code()).isZero();
        var checked =
                Command.finish(Command.start(List.of("bash", "-n"), Map.of()), stdin -> stdin.write(script.out()));
        assertThat(checked.code()).as("%s", checked).isZero();
        assertThat(script.text()).contains("put").contains("--if-absent");
    }

    private static void expect(Result result, int code, String text) {
        assertThat(result.code()).as("%s", result).isEqualTo(code);
        assertThat(result.err()).as("%s", result).contains(text);
        assertThat(result.out()).isEmpty();
    }

    private static Result run(Dev dev, String... arguments) {
        return Command.run(dev.server(), arguments);
    }

    private static JsonNode json(Dev dev, int code, String... arguments) throws IOException {
        var line = Arrays.copyOf(arguments, arguments.length + 1);
        line[arguments.length] = "--json";
        var result = run(dev, line);
        assertThat(result.code()).as("%s: %s", List.of(arguments), result).isEqualTo(code);
        return new ObjectMapper().readTree(result.out());
    }

    private static List<String> fields(JsonNode object) {
        var names = new ArrayList<String>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
