// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.grpc.Status;
import io.tintype.client.TintypeClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Five thousand uploads of 1 MiB that come slowly fit into 512 MiB of server memory, and reads do not notice. */
final class SlowUploadsIT {
    private static final int UPLOADS = 5_000;
    private static final int PIECE = 16 << 10;
    private static final int PIECES = 24;
    private static final long MEMORY_KIB = 512 << 10;

    @Test
    void fiveThousandSlowUploadsLeaveReadsAlone() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/status")), "a process's memory is read from /proc");
        var data = Dev.folder("slow-uploads").resolve("data");
        try (var dev = Dev.start(
                        data,
                        "--processes",
                        "--nodes",
                        "1",
                        "--jvm-option=-Xmx192m",
                        "--jvm-option=-XX:MaxDirectMemorySize=128m");
                var client = dev.client()) {
            var node = dev.file().nodes().get(0);
            var image = new byte[100_000];
            new Random(7).nextBytes(image);
            client.put("alice", "cat.jpg", image);

            try (var reader = new Reader(client, image);
                    var uploads = new HalfUploads(node.address(), UPLOADS)) {
                for (int i = 0; i < PIECES; i++) {
                    uploads.send(PIECE);
                }
                Awaitility.await()
                        .atMost(Duration.ofSeconds(60))
                        .untilAsserted(() -> assertThat(uploads.open()
                                        + uploads.ended().values().stream()
                                                .mapToInt(Integer::intValue)
                                                .sum())
                                .isEqualTo(UPLOADS));
                assertThat(uploads.open()).as("some are still taken").isPositive();
                assertThat(uploads.ended())
                        .as("the others are told why")
                        .containsOnlyKeys(String.valueOf(Status.Code.RESOURCE_EXHAUSTED.value()));
                reader.check();
            }
            assertThat(peakKib(node.pid()))
                    .as("most memory the node ever had, in KiB")
                    .isLessThan(MEMORY_KIB);

            // Those that were given up left nothing behind.
            client.put("alice", "dog.jpg", image);
            assertThat(client.get("alice", "dog.jpg").bytes()).isEqualTo(image);
        }
        Dev.delete(data);
    }

    private static long peakKib(long pid) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    /** Reads one image again and again. */
    private static final class Reader implements AutoCloseable {
        private final AtomicBoolean stop = new AtomicBoolean();
        private final AtomicInteger reads = new AtomicInteger();
        private final CompletableFuture<Void> reading;

        Reader(TintypeClient client, byte[] image) {
            reading = CompletableFuture.runAsync(() -> {
                while (!stop.get()) {
                    assertThat(client.get("alice", "cat.jpg").bytes()).isEqualTo(image);
                    reads.incrementAndGet();
                }
            });
        }

        /** All reads so far were right, and they go on. */
        void check() {
            int before = reads.get();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> reading.isDone() || reads.get() > before + 10);
            assertThat(reading).as("reading").isNotDone();
        }

        @Override
        public void close() {
            stop.set(true);
            reading.join();
        }
    }
}
