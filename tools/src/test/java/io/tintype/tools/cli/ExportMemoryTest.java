// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.tintype.client.TintypeClient;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.BlobVersion;
import io.tintype.proto.v1.ExportUserRequest;
import io.tintype.proto.v1.ExportUserResponse;
import io.tintype.proto.v1.User;
import io.tintype.proto.v1.UsersGrpc;
import io.tintype.tools.console.Json;
import io.tintype.wire.Wire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** As many blobs as an export takes without being asked for more fit into what the launcher gives it; here half of both. */
final class ExportMemoryTest {
    private static final int BLOBS = ExportCommand.MOST_BLOBS / 2;
    private static final String HALF_OF_THE_HEAP = "-Xmx128m";
    private static final int PAGE = 1_000;

    @TempDir
    private Path folder;

    @Test
    void anExportOfTheMostBlobsFitsIntoTheHeapOfTheLauncher() throws Exception {
        var to = Files.createDirectories(folder.resolve("export"));
        writeJournal(to.resolve("export.journal"));
        try (var server = OneServer.serving(new Users())) {
            var process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-XX:+UseSerialGC",
                            HALF_OF_THE_HEAP,
                            "-cp",
                            System.getProperty("java.class.path"),
                            ExportMemoryTest.class.getName(),
                            server.address(),
                            to.toString())
                    .redirectErrorStream(true)
                    .start();
            var said = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor()).as(said).isZero();
        }
        try (var sums = Files.lines(to.resolve("SHA256SUMS"))) {
            assertThat(sums.count()).isEqualTo(BLOBS);
        }
        assertThat(to.resolve("manifest.json")).exists();
        assertThat(to.resolve("export.journal")).doesNotExist();
    }

    /** All that an export keeps in memory: what is in the folder, and what there is to be. */
    public static void main(String[] args) throws IOException {
        try (var client =
                        TintypeClient.builder().seeds(args[0]).nearCacheBytes(0).build();
                var folder = ExportFolder.open(Path.of(args[1]), "alice")) {
            folder.finish(client.users().blobs("alice", BLOBS));
        }
        System.exit(0);
    }

    private static void writeJournal(Path file) throws IOException {
        try (var journal = Files.newBufferedWriter(file)) {
            journal.write("\"alice\"\n");
            for (int i = 0; i < BLOBS; i++) {
                var head = head(i);
                journal.write(
                        Json.line(Map.of("name", head.getName(), "version", head.getEtag(), "sha256", "00".repeat(32)))
                                + "\n");
            }
        }
    }

    private static BlobHead head(int number) {
        var version = BlobVersion.newBuilder()
                .setNumber(1_000 + number)
                .setNonce(number * 31)
                .build();
        return BlobHead.newBuilder()
                .setUser("alice")
                .setName("%d/holidays/image-%08d.jpg".formatted(2_000 + number / 20_000, number))
                .setVersion(version)
                .setEtag(Wire.version(version).etag())
                .setSize(300_000)
                .setCrc32C(number)
                .setContentType("image/jpeg")
                .putMetadata("camera", "x100")
                .setWrittenAtMs(1_700_000_000_000L + number)
                .build();
    }

    private static final class Users extends UsersGrpc.UsersImplBase {
        @Override
        public void exportUser(ExportUserRequest request, StreamObserver<ExportUserResponse> answer) {
            OneServer.answer(answer, () -> {
                int from = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
                int to = Math.min(BLOBS, from + PAGE);
                var page = ExportUserResponse.newBuilder()
                        .setUser(User.newBuilder()
                                .setId("alice")
                                .setRegion("here")
                                .setTier("standard")
                                .setShard(1))
                        .setSequence(1)
                        .setNextPageToken(to < BLOBS ? Integer.toString(to) : "");
                for (int i = from; i < to; i++) {
                    page.addBlobs(head(i));
                }
                return page.build();
            });
        }
    }
}
