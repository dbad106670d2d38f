// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import com.google.protobuf.ByteString;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A source that may hang, as a folder on another machine does, asked on a few threads of its own: whoever asks waits for so
 * long at most, and for a while after that nobody waits at all. So a source that is away costs sealed blobs, and nothing else.
 *
 * <p>Thread-safe.
 */
final class PatientSource implements KeySource {
    /** How long an answer may take. */
    static final Duration PATIENCE = Duration.ofSeconds(2);

    /** For how long nobody asks after one that took longer. */
    static final Duration PAUSE = Duration.ofSeconds(5);

    private static final int THREADS = 4;
    static final int WAITING = 256;

    private final KeySource source;
    private final Duration patience;
    private final LongSupplier nanoTime;
    private final ThreadPoolExecutor threads;
    private volatile @Nullable Long silentAtNanos;

    PatientSource(KeySource source) {
        this(source, PATIENCE, System::nanoTime);
    }

    PatientSource(KeySource source, Duration patience, LongSupplier nanoTime) {
        this.source = source;
        this.patience = patience;
        this.nanoTime = nanoTime;
        var count = new AtomicInteger();
        threads = new ThreadPoolExecutor(
                THREADS, THREADS, 1, TimeUnit.MINUTES, new ArrayBlockingQueue<>(WAITING), task -> {
                    var thread = new Thread(task, "keys-" + count.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    @Override
    public UserKey current(UserId user) {
        return ask(() -> source.current(user));
    }

    @Override
    public Optional<UserKey> find(UserId user) {
        return ask(() -> source.find(user));
    }

    @Override
    public void destroy(UserId user, ByteString id) {
        ask(() -> {
            source.destroy(user, id);
            return id;
        });
    }

    /** Questions that wait for a thread. */
    int waiting() {
        return threads.getQueue().size();
    }

    private <T> T ask(Callable<T> question) {
        var silentAt = silentAtNanos;
        if (silentAt != null && nanoTime.getAsLong() - silentAt < PAUSE.toNanos()) {
            throw unavailable("did not answer within " + patience.toMillis() + " ms a moment ago", null);
        }
        try {
            var answer = threads.submit(question);
            try {
                var given = answer.get(patience.toNanos(), TimeUnit.NANOSECONDS);
                silentAtNanos = null;
                return given;
            } finally {
                answer.cancel(true);
            }
        } catch (TimeoutException e) {
            silentAtNanos = nanoTime.getAsLong();
            throw unavailable("does not answer within " + patience.toMillis() + " ms", e);
        } catch (RejectedExecutionException e) {
            throw unavailable("is asked by " + WAITING + " others already", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TintypeException known) {
                throw known;
            }
            throw unavailable("fails: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable("was not waited for: this node is stopping", e);
        }
    }

    private static TintypeException unavailable(String how, @Nullable Throwable cause) {
        return new TintypeException(
                Reason.UNAVAILABLE,
                "the source of users' keys " + how + "; blobs that are not sealed go on (keys.source, see"
                        + " docs/operations.md)",
                Map.of(),
                PAUSE,
                cause);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        source.close();
    }
}
