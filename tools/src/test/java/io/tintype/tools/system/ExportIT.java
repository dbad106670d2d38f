// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.grpc.StatusRuntimeException;
import io.tintype.client.BlobSource;
import io.tintype.client.ListEntry;
import io.tintype.client.ListOptions;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.ExportUserRequest;
import io.tintype.proto.v1.ExportUserResponse;
import io.tintype.proto.v1.UsersGrpc;
import io.tintype.tools.console.ExitCode;
import io.tintype.wire.Errors;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Users are exported: everything, as of one moment, verifiable, and taken up again where it was cut off. */
@ExtendWith(SharedDev.class)
final class ExportIT {
    private static final long SEED = 4_711;
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Dev dev;
    private static TintypeClient client;
    private static Path folder;

    @BeforeAll
    static void start(Dev shared) throws Exception {
        dev = shared;
        client = dev.client();
        folder = Dev.folder("export");
    }

    @AfterAll
    static void stop() {
        client.close();
    }

    @Test
    void everyNameAndByteIsThereAndSha256sumAgrees() throws Exception {
        String user = "exported Ω/😀";
        var random = new SplittableRandom(SEED);
        var names = List.of(
                "cat.jpg",
                "Cat.jpg",
                "CAT.jpg",
                "2024/07/cat.jpg",
                "2024",
                "猫/写真.png",
                "😀.gif",
                "con",
                ".hidden",
                "-rf",
                "a b\\c\nd",
                "n".repeat(Limits.MAX_NAME_BYTES),
                "😀".repeat(Limits.MAX_NAME_BYTES / 4));
        for (String name : names) {
            client.put(
                    user,
                    name,
                    BlobSource.of(bytes(random, random.nextInt(3) == 0 ? 1_500_000 : 5_000)),
                    PutOptions.DEFAULT
                            .withContentType("image/png")
                            .withMetadata(Map.of("name", "of " + name.length())));
        }
        client.put(user, "empty", BlobSource.of(new byte[0]), PutOptions.DEFAULT);
        client.put(
                user, "short-lived", BlobSource.of(new byte[1]), PutOptions.DEFAULT.withTimeToLive(Duration.ofDays(1)));
        var to = folder.resolve("all");

        var done = json(Command.run(dev.server(), "user", "export", user, to.toString(), "--json"));
        assertThat(done.get("blobs").asInt()).isEqualTo(names.size() + 2);
        verify(user, to);
        var manifest = JSON.readTree(to.resolve("manifest.json").toFile());
        var cat = manifest.get("blobs").findParents("name").stream()
                .filter(blob -> blob.get("name").asText().equals("cat.jpg"))
                .findFirst()
                .orElseThrow();
        assertThat(cat.get("contentType").asText()).isEqualTo("image/png");
        assertThat(cat.get("metadata").get("name").asText()).isEqualTo("of 7");
        assertThat(manifest.get("shard").asInt())
                .isEqualTo(client.users().lookup(user).shard().value());

        // Again: only what changed is read, and what is no more goes.
        client.delete(user, "2024");
        client.put(user, "cat.jpg", BlobSource.of(new byte[] {1}), PutOptions.DEFAULT);
        var again = json(Command.run(dev.server(), "user", "export", user, to.toString(), "--json"));
        assertThat(again.get("readBlobs").asInt()).isEqualTo(1);
        assertThat(again.get("blobs").asInt()).isEqualTo(names.size() + 1);
        verify(user, to);
    }

    @Test
    void whatWasCutOffGoesOn() throws Exception {
        String user = "cut-off";
        var random = new SplittableRandom(SEED);
        for (int i = 0; i < 40; i++) {
            client.put(user, "blob" + i, BlobSource.of(bytes(random, 400_000)), PutOptions.DEFAULT);
        }
        var to = folder.resolve("cut-off");
        String[] command = {"user", "export", user, to.toString(), "--json", "--at-once", "1"};
        var first = Command.start(Command.line(List.of(), command), Map.of("TINTYPE_SERVER", dev.server()));
        var journal = to.resolve("export.journal");
        Awaitility.await("some files, or all")
                .atMost(Duration.ofMinutes(2))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .ignoreException(NoSuchFileException.class) // the last thing an export does is to delete its journal
                .until(() -> !first.isAlive()
                        || (Files.exists(journal) && Files.readAllLines(journal).size() > 4));
        first.destroyForcibly().waitFor();
        if (!Files.exists(journal)) {
            // It was faster than we: what a kill would have left.
            var manifest =
                    (ObjectNode) JSON.readTree(to.resolve("manifest.json").toFile());
            var lines = new StringBuilder(JSON.writeValueAsString(user)).append('\n');
            for (int i = 0; i < 5; i++) {
                lines.append(JSON.writeValueAsString(manifest.get("blobs").get(i)))
                        .append('\n');
            }
            Files.writeString(journal, lines);
            Files.delete(to.resolve("manifest.json"));
        }
        Files.writeString(journal, "{\"name\":\"blo", StandardOpenOption.APPEND);
        Files.write(to.resolve("blobs/.123.part"), new byte[10]);

        var done = json(Command.run(dev.server(), command));
        assertThat(done.get("blobs").asInt()).isEqualTo(40);
        assertThat(done.get("readBlobs").asInt())
                .as("those from before the kill are not read again")
                .isLessThan(40);
        verify(user, to);
        assertThat(to.resolve("export.journal")).doesNotExist();
        assertThat(to.resolve("blobs/.123.part")).doesNotExist();

        var other = Command.run(dev.server(), "user", "export", "exported-other", to.toString());
        assertThat(other.code()).as("an unknown user: %s", other).isEqualTo(ExitCode.NOT_FOUND.number());
        client.users().register("exported-other");
        other = Command.run(dev.server(), "user", "export", "exported-other", to.toString());
        assertThat(other.code()).isEqualTo(ExitCode.USAGE.number());
        assertThat(other.err()).contains("has an export of user 'cut-off'. Name another folder for 'exported-other'.");
        var foreign = Files.createDirectories(folder.resolve("foreign"));
        Files.writeString(foreign.resolve("mine.txt"), "mine");
        other = Command.run(dev.server(), "user", "export", "exported-other", foreign.toString());
        assertThat(other.code()).isEqualTo(ExitCode.USAGE.number());
        assertThat(other.err()).contains("is not empty, and has no export");
    }

    /** He writes "first" and then "second", so at any moment they are equal, or "first" is one ahead. */
    @Test
    void anExportUnderWritesIsOfOneMoment() throws Exception {
        String user = "busy";
        client.put(user, "z-first", BlobSource.of(new byte[] {'0'}), PutOptions.DEFAULT);
        client.put(user, "a-second", BlobSource.of(new byte[] {'0'}), PutOptions.DEFAULT);
        for (int i = 0; i < 20; i++) {
            client.put(user, "still" + i, BlobSource.of(new byte[] {'0'}), PutOptions.DEFAULT);
        }
        var stop = new AtomicBoolean();
        var writer = new Thread(() -> {
            for (int i = 1; !stop.get(); i++) {
                for (String name : List.of("z-first", "a-second")) {
                    var bytes = Integer.toString(i).getBytes(StandardCharsets.UTF_8);
                    client.put(user, name, BlobSource.of(bytes), PutOptions.DEFAULT);
                }
            }
        });
        writer.start();
        try {
            for (int round = 0; round < 3; round++) {
                var to = folder.resolve("busy" + round);
                var done = json(Command.run(
                        dev.server(), "user", "export", user, to.toString(), "--json", "--rounds", "1000000"));
                assertThat(done.get("blobs").asInt()).isEqualTo(22);
                int first = Integer.parseInt(Files.readString(to.resolve("blobs/z-first")));
                int second = Integer.parseInt(Files.readString(to.resolve("blobs/a-second")));
                assertThat(first - second).as("%d and %d", first, second).isBetween(0, 1);
                verifySums(to);
            }
            var never = Command.run(
                    dev.server(),
                    "user",
                    "export",
                    user,
                    folder.resolve("busy0").toString(),
                    "--rounds",
                    "0");
            assertThat(never.code()).isEqualTo(ExitCode.USAGE.number());
        } finally {
            stop.set(true);
            writer.join();
        }
    }

    @Test
    void laterPagesCorrectEarlierOnes() {
        String user = "paged";
        for (int i = 0; i < 1_100; i++) {
            client.put(user, "blob%04d".formatted(i), BlobSource.of(new byte[] {1}), PutOptions.DEFAULT);
        }
        try (var grpc = new Grpc(dev.server())) {
            var users = UsersGrpc.newBlockingStub(grpc.channel()).withDeadlineAfter(60, TimeUnit.SECONDS);
            var page = users.exportUser(
                    ExportUserRequest.newBuilder().setUser(user).build());
            assertThat(page.getBlobsCount()).isBetween(1, 1_099);
            assertThat(page.getNextPageToken()).isNotEmpty();
            client.delete(user, "blob0000");
            client.put(user, "blob0001", BlobSource.of(new byte[] {2}), PutOptions.DEFAULT);
            client.put(user, "aaa", BlobSource.of(new byte[] {3}), PutOptions.DEFAULT);
            client.put(user, "blob1099", BlobSource.of(new byte[] {4}), PutOptions.DEFAULT);
            client.put(user, "gone-again", BlobSource.of(new byte[] {4}), PutOptions.DEFAULT);
            client.delete(user, "gone-again");
            var listed = new TreeMap<String, String>();
            merge(listed, page);
            String token = page.getNextPageToken();
            while (!token.isEmpty()) {
                page = users.exportUser(ExportUserRequest.newBuilder()
                        .setUser(user)
                        .setPageToken(token)
                        .build());
                merge(listed, page);
                token = page.getNextPageToken();
            }
            assertThat(page.getSequence()).isPositive();
            var now = new TreeMap<String, String>();
            client.listAll(user, ListOptions.DEFAULT)
                    .forEach(entry -> now.put(
                            entry.name(),
                            ((ListEntry.BlobEntry) entry).info().version().etag()));
            assertThat(listed).isEqualTo(now);

            var first = users.exportUser(
                    ExportUserRequest.newBuilder().setUser(user).build());
            client.users().register("paged-other");
            for (var wrong : List.of(
                    Map.entry("paged-other", first.getNextPageToken()),
                    Map.entry(user, "!"),
                    Map.entry(user, "AAAA"),
                    Map.entry(user, "A".repeat(5_000)))) {
                assertThat(reason(users, wrong.getKey(), wrong.getValue()))
                        .as("%s", wrong)
                        .isEqualTo(Reason.INVALID_PAGE_TOKEN);
            }
            assertThat(reason(users, "paged-nobody", "")).isEqualTo(Reason.USER_NOT_FOUND);
        }
        assertThat(client.users().blobs(user, 2_000).blobs()).hasSize(1_100);
    }

    private static Reason reason(UsersGrpc.UsersBlockingStub users, String user, String token) {
        try {
            var page = users.exportUser(ExportUserRequest.newBuilder()
                    .setUser(user)
                    .setPageToken(token)
                    .build());
            throw new AssertionError("answered: " + page);
        } catch (StatusRuntimeException e) {
            TintypeException known = Errors.fromWire(e);
            return known.reason();
        }
    }

    private static void merge(Map<String, String> listed, ExportUserResponse page) {
        for (BlobHead blob : page.getBlobsList()) {
            listed.put(blob.getName(), blob.getEtag());
        }
        page.getRemovedList().forEach(listed::remove);
    }

    private static JsonNode json(Command.Result result) throws Exception {
        assertThat(result.code()).as("%s", result).isZero();
        return JSON.readTree(result.text());
    }

    /** The folder holds exactly what the cluster does. */
    private static void verify(String user, Path to) throws Exception {
        var now = new HashMap<String, String>();
        client.listAll(user, ListOptions.DEFAULT)
                .forEach(entry -> now.put(
                        entry.name(),
                        ((ListEntry.BlobEntry) entry).info().version().etag()));
        var exported = new HashMap<String, String>();
        var manifest = JSON.readTree(to.resolve("manifest.json").toFile());
        assertThat(manifest.get("user").asText()).isEqualTo(user);
        for (var blob : manifest.get("blobs")) {
            String name = blob.get("name").asText();
            exported.put(name, blob.get("version").asText());
            assertThat(Files.readAllBytes(to.resolve(blob.get("file").asText())))
                    .as(name)
                    .isEqualTo(client.get(user, name).bytes());
        }
        assertThat(exported).isEqualTo(now);
        verifySums(to);
    }

    /** As {@code sha256sum -c} does, and by itself where it is installed; and no file is besides. */
    private static void verifySums(Path to) throws Exception {
        var summed = new TreeSet<String>();
        for (String line : Files.readAllLines(to.resolve("SHA256SUMS"))) {
            var file = line.substring(66);
            summed.add(file);
            var sha = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(to.resolve(file)));
            assertThat(line).startsWith(HexFormat.of().formatHex(sha) + "  ");
        }
        var there = new ArrayList<String>();
        try (var files = Files.walk(to.resolve("blobs"))) {
            files.filter(Files::isRegularFile)
                    .forEach(file -> there.add(to.relativize(file).toString()));
        }
        assertThat(there).containsExactlyInAnyOrderElementsOf(summed);
        if (Files.isExecutable(Path.of("/usr/bin/sha256sum"))) {
            var check = new ProcessBuilder("/usr/bin/sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS")
                    .directory(to.toFile())
                    .redirectErrorStream(true)
                    .start();
            var said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(check.waitFor()).as(said).isZero();
        }
    }

    private static byte[] bytes(SplittableRandom random, int most) {
        byte[] bytes = new byte[1 + random.nextInt(most)];
        random.nextBytes(bytes);
        return bytes;
    }
}
