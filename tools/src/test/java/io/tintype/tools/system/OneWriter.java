// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.client.TintypeClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Writes one small image after the other, and notes when each was acknowledged. Used by one thread; it has one of its own, which
 * ends with the first write that fails.
 */
final class OneWriter implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final TintypeClient client;
    private final String user;
    private final ConcurrentLinkedQueue<Long> acknowledged = new ConcurrentLinkedQueue<>();
    private final Map<String, byte[]> stored = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Thread thread = new Thread(this::write, "writer");
    private volatile boolean over;

    /** Begins to write. */
    OneWriter(TintypeClient client, String user) {
        this.client = client;
        this.user = user;
        thread.start();
    }

    private void write() {
        for (int i = 0; !over; i++) {
            var name = "image-" + i % 500;
            var bytes = Integer.toString(i).getBytes(StandardCharsets.UTF_8);
            try {
                client.put(user, name, bytes);
                acknowledged.add(System.nanoTime());
                stored.put(name, bytes);
            } catch (RuntimeException e) {
                failures.add(e);
                return;
            }
        }
    }

    /** Waits until so many more were acknowledged; none may have failed. */
    void awaitMore(int count) {
        int wanted = acknowledged.size() + count;
        await("writes go on")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> acknowledged.size() >= wanted || !failures.isEmpty());
        assertThat(failures).isEmpty();
    }

    /** The longest time between two acknowledgements, from the last one before {@code since} on. */
    long longestPauseMs(long since) {
        long last = since;
        long longest = 0;
        for (long at : acknowledged) {
            if (at - since >= 0) {
                longest = Math.max(longest, at - last);
                last = at;
            }
        }
        return longest / 1_000_000;
    }

    /** What was acknowledged is there, and no write failed. */
    void assertNothingLost() {
        assertThat(failures).isEmpty();
        stored.forEach((name, bytes) ->
                assertThat(client.get(user, name).bytes()).as(name).isEqualTo(bytes));
    }

    /** Writes no more. */
    void end() throws InterruptedException {
        over = true;
        thread.join(PATIENCE.toMillis());
    }

    @Override
    public void close() {
        over = true;
    }
}
