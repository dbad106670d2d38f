// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A blob of 2 GiB passes through servers with 256 MiB of heap each, and through a client with 64 MiB. */
@Tag("beside-another")
final class BigBlobIT {
    private static final long SIZE = 2L << 30;
    private static final int PIECE = 1 << 20;
    private static final long SEED = 41;

    @Test
    void twoGibibytesPassThroughSmallHeaps() throws Exception {
        var data = Dev.folder("big-blob").resolve("data");
        try (var dev = Dev.start(data, "--processes", "--jvm-option=-Xmx256m")) {
            assertSmall(dev);
            var environment = Map.of("TINTYPE_SERVER", dev.server());
            var sent = new CRC32C();
            var put = Command.finish(
                    Command.start(
                            Command.line(List.of("-Xmx64m"), "put", "big", "two-gibibytes.bin", "-", "--json"),
                            environment),
                    stdin -> {
                        for (long piece = 0; piece < SIZE / PIECE; piece++) {
                            byte[] bytes = piece(piece);
                            sent.update(bytes);
                            stdin.write(bytes);
                        }
                    });
            assertThat(put.code()).as("%s", put).isZero();
            assertThat(put.text())
                    .contains("\"size\" : " + SIZE)
                    .contains(String.format(Locale.ROOT, "\"crc32c\" : \"%08x\"", sent.getValue()));

            var get = Command.start(
                    Command.line(List.of("-Xmx64m"), "get", "big", "two-gibibytes.bin", "-o", "-"), environment);
            var complaints = CompletableFuture.supplyAsync(() -> text(get.getErrorStream()));
            long equal = countEqualPieces(get.getInputStream());
            assertThat(get.waitFor()).as(complaints.join()).isZero();
            assertThat(equal)
                    .as("pieces of 1 MiB that came back as they were sent")
                    .isEqualTo(SIZE / PIECE);

            for (long pid : dev.file().allPids()) {
                assertThat(ProcessHandle.of(pid))
                        .as("process %d is still there", pid)
                        .isPresent();
            }
        }
        Dev.delete(data);
    }

    /** Coordinator, storage nodes and ZooKeeper: the last heap size that each was given. */
    private static void assertSmall(Dev dev) throws IOException {
        assertThat(dev.file().allPids()).hasSize(5);
        for (long pid : dev.file().allPids()) {
            var line = Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"))
                    .split("\0", -1);
            assertThat(Stream.of(line).filter(word -> word.startsWith("-Xmx")).reduce((first, last) -> last))
                    .as("heap of %s", String.join(" ", line))
                    .contains("-Xmx256m");
        }
    }

    /** Reads all there is; stops counting at the first piece that differs. */
    private static long countEqualPieces(InputStream in) throws IOException {
        long equal = 0;
        var read = new byte[PIECE];
        try (in) {
            while (in.readNBytes(read, 0, PIECE) == PIECE && Arrays.equals(read, piece(equal))) {
                equal++;
            }
            return in.read() < 0 ? equal : -1;
        }
    }

    private static byte[] piece(long number) {
        var bytes = new byte[PIECE];
        new SplittableRandom(SEED + number).nextBytes(bytes);
        return bytes;
    }

    private static String text(InputStream stream) {
        try {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
