// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.TintypeClient;
import java.time.Duration;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads one image again and again, and notes how long the longest read took. Used by one thread; it has one of its own, which ends
 * with the first read that fails.
 */
final class OneReader implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final TintypeClient client;
    private final String user;
    private final String name;
    private final AtomicLong longest = new AtomicLong();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Thread thread = new Thread(this::read, "reader");
    private volatile boolean over;

    /** Begins to read. */
    OneReader(TintypeClient client, String user, String name) {
        this.client = client;
        this.user = user;
        this.name = name;
        thread.start();
    }

    private void read() {
        while (!over) {
            long began = System.nanoTime();
            try {
                client.get(user, name);
            } catch (RuntimeException e) {
                failures.add(e);
                return;
            }
            longest.accumulateAndGet(System.nanoTime() - began, Math::max);
        }
    }

    /** Forgets how long reads took. */
    void begin() {
        longest.set(0);
    }

    /** How long the longest read took that ended since {@link #begin}; none may have failed. */
    long longestMs() {
        assertThat(failures).isEmpty();
        return TimeUnit.NANOSECONDS.toMillis(longest.get());
    }

    /** Reads no more. */
    void end() throws InterruptedException {
        over = true;
        thread.join(PATIENCE.toMillis());
    }

    @Override
    public void close() {
        over = true;
    }
}
