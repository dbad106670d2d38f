// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.client.BlobSource;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.model.TintypeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * How long a storage node takes, from the start of its process to an answer to a read, by what is on its disk: after it was
 * killed, with all of its write-ahead log to go through, and after it was stopped.
 *
 * <p>{@code -Dstart.blobs=1000000} fills a node with so many; {@code -Dstart.bytes=1024} gives each so many bytes.
 */
@Timeout(value = 1, unit = TimeUnit.HOURS)
@EnabledIfSystemProperty(named = "start.blobs", matches = "[1-9][0-9]*")
final class StartTimeIT {
    private static final Logger LOG = Logger.getLogger(StartTimeIT.class.getName());
    private static final Duration GOAL = Duration.ofSeconds(15);
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final String NODE = "node-1";
    private static final int USERS = 100;
    private static final int IN_FLIGHT = 256;

    @Test
    void aNodeServesSoonHoweverMuchItHas() throws Exception {
        int blobs = Integer.getInteger("start.blobs");
        int bytes = Integer.getInteger("start.bytes", 1024);
        var folder = Dev.folder("start-time");
        try (var servers = Servers.start(folder, 1);
                var client = TintypeClient.builder()
                        .seeds(servers.server())
                        .requestTimeout(LONG)
                        .backoff(Duration.ofMillis(10), Duration.ofMillis(20))
                        .build()) {
            fill(client, blobs, bytes);
            servers.kill(NODE);
            var killed = startAgain(servers, client, blobs, bytes);
            servers.stop(NODE);
            var stopped = startAgain(servers, client, blobs, bytes);
            LOG.info(String.format(
                    "| %,d | %,d | %,d | %.1f | %.1f |",
                    blobs, bytes, size(folder.resolve(NODE)) >> 20, killed.toMillis() / 1e3, stopped.toMillis() / 1e3));
            assertThat(killed).as("start after SIGKILL").isLessThan(GOAL);
            assertThat(stopped).as("start after SIGTERM").isLessThan(GOAL);
        }
    }

    private static void fill(TintypeClient client, int blobs, int bytes) throws InterruptedException {
        var content = new byte[bytes];
        new Random(1).nextBytes(content);
        var room = new Semaphore(IN_FLIGHT);
        var failure = new AtomicReference<Throwable>();
        for (int i = 0; i < blobs; i++) {
            room.acquire();
            var unused = client.async()
                    .put(user(i), name(i), BlobSource.of(content), PutOptions.DEFAULT)
                    .whenComplete((stored, thrown) -> {
                        room.release();
                        failure.compareAndSet(null, thrown);
                    });
        }
        room.acquire(IN_FLIGHT);
        assertThat(failure.get()).isNull();
    }

    /** Starts the process; the time until one of the blobs was read. */
    private static Duration startAgain(Servers servers, TintypeClient client, int blobs, int bytes) throws Exception {
        long begun = System.nanoTime();
        servers.start(NODE);
        await().atMost(LONG)
                .pollInterval(Duration.ofMillis(10))
                .ignoreExceptionsInstanceOf(TintypeException.class)
                .until(() -> client.get(user(blobs - 1), name(blobs - 1)).bytes().length == bytes);
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    private static String user(int blob) {
        return "user-" + blob % USERS;
    }

    private static String name(int blob) {
        return "images/" + blob + ".jpg";
    }

    private static long size(Path folder) throws Exception {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }
}
