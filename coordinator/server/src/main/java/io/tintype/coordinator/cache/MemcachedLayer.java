// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import com.spotify.folsom.BinaryMemcacheClient;
import com.spotify.folsom.MemcacheClientBuilder;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pieces in a memcached that all coordinators share. Whatever goes wrong with it is a miss; where much goes wrong, or slowly,
 * it is left alone for a while. What it yields is checked like any other piece: it may be full of anything. Thread-safe; never
 * blocks.
 *
 * <p>Pieces are kept for a day at most, as on disk. There is no second look before one is kept: memcached's own LRU lets in for
 * good only what is asked for again.
 */
final class MemcachedLayer implements PieceLayer {
    private static final Logger log = LoggerFactory.getLogger(MemcachedLayer.class);

    /** Questions under way; each may bring a piece. */
    static final int MOST_GETS = 64;
    /** Bytes of pieces on their way there. */
    static final long MOST_SET_BYTES = 32L << 20;

    private static final String PREFIX = "tintype1:";
    private static final int LIFETIME_S = (int) Duration.ofHours(24).toSeconds();
    private static final int CONNECTIONS = 2;
    /** Requests of any kind under way: more than are ever made, see the two limits above, for deletions too. */
    private static final int MOST_REQUESTS = 4_096;
    /** A connection on which an answer is overdue by so much is closed. */
    private static final int TIMEOUTS_TO_CLOSE = 20;

    private static final int CALLS_LOOKED_AT = 50;
    private static final int CALLS_AT_LEAST = 10;
    private static final int PERCENT = 50;
    private static final Duration PAUSE = Duration.ofSeconds(2);
    private static final int TRIALS = 5;

    private final BinaryMemcacheClient<byte[]> client;
    private final PieceCodec codec;
    private final Predicate<String> mayLieThere;
    private final long timeoutMs;
    private final long maxValueBytes;
    private final CircuitBreaker circuit;
    private final Semaphore gets = new Semaphore(MOST_GETS);
    private final AtomicLong setBytes = new AtomicLong();
    private final QuietLog quietly = new QuietLog(log, System::nanoTime);

    /**
     * Begins to connect, in the background; until then everything is a miss.
     *
     * @param mayLieThere whose bytes may be where the servers stand; what was written of others before is not read any more
     */
    MemcachedLayer(MemcachedSettings settings, PieceCodec codec, Predicate<String> mayLieThere) {
        this.codec = codec;
        this.mayLieThere = mayLieThere;
        this.timeoutMs = settings.timeout().toMillis();
        this.maxValueBytes = settings.maxValueBytes();
        this.circuit = CircuitBreaker.of(
                "memcached",
                CircuitBreakerConfig.custom()
                        .slidingWindowSize(CALLS_LOOKED_AT)
                        .minimumNumberOfCalls(CALLS_AT_LEAST)
                        .failureRateThreshold(PERCENT)
                        .slowCallRateThreshold(PERCENT)
                        .slowCallDurationThreshold(settings.timeout().dividedBy(2))
                        .waitDurationInOpenState(PAUSE)
                        .permittedNumberOfCallsInHalfOpenState(TRIALS)
                        .build());
        circuit.getEventPublisher().onStateTransition(change -> log.info("memcached: {}", change.getStateTransition()));
        var builder = MemcacheClientBuilder.newByteArrayClient()
                .withConnections(CONNECTIONS)
                .withMaxOutstandingRequests(MOST_REQUESTS)
                .withMaxSetLength((int) maxValueBytes)
                .withConnectionTimeoutMillis(timeoutMs * TIMEOUTS_TO_CLOSE)
                .withRetry(false)
                .withReplyExecutor(Runnable::run); // nothing that follows blocks
        settings.addresses().forEach(address -> builder.withAddress(address.getHost(), address.getPort()));
        this.client = builder.connectBinary();
    }

    @Override
    public String name() {
        return "memcached";
    }

    @Override
    public int underWay() {
        return MOST_GETS - gets.availablePermits();
    }

    @Override
    public boolean mayHelp(PieceKey key) {
        return mayLieThere.test(key.user()) && circuit.getState() != CircuitBreaker.State.OPEN;
    }

    @Override
    public CompletableFuture<Optional<Piece>> get(PieceSpec spec) {
        if (!fits(spec.length()) || !mayLieThere.test(spec.key().user())) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        var digest = codec.key(spec.key());
        if (!gets.tryAcquire()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        return timed(() -> client.get(text(digest)))
                .whenComplete((stored, failure) -> gets.release())
                .thenApply(stored -> stored.flatMap(bytes -> codec.decode(digest, spec.length(), bytes)));
    }

    @Override
    public CompletableFuture<Look> look(PieceSpec spec) {
        return mayHelp(spec.key())
                ? PieceLayer.super.look(spec)
                : CompletableFuture.completedFuture(Look.without(Look.State.NOT_ASKED, ""));
    }

    @Override
    public void offer(PieceKey key, Piece piece) {
        int length = piece.length();
        if (length == 0 || !fits(length) || !mayLieThere.test(key.user())) {
            return;
        }
        var digest = codec.key(key);
        long under = setBytes.getAndUpdate(now -> now + length > MOST_SET_BYTES ? now : now + length);
        if (under + length > MOST_SET_BYTES) {
            return;
        }
        var unused = timed(() -> client.set(text(digest), codec.encode(digest, piece), LIFETIME_S))
                .whenComplete((done, failure) -> setBytes.addAndGet(-length));
    }

    @Override
    public void drop(PieceKey key) {
        if (mayLieThere.test(key.user())) {
            var unused = timed(() -> client.delete(text(codec.key(key))));
        }
    }

    private boolean fits(int length) {
        return length + PieceCodec.HEADER_BYTES <= maxValueBytes;
    }

    private static String text(byte[] digest) {
        return PREFIX + HexFormat.of().formatHex(digest);
    }

    /** One call: whatever prevents it, or its answer in time, is counted and is no answer. Never fails. */
    <T> CompletableFuture<Optional<T>> timed(Supplier<CompletionStage<T>> call) {
        if (!circuit.tryAcquirePermission()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        long begun = System.nanoTime();
        CompletableFuture<T> answer;
        try {
            answer = call.get().toCompletableFuture().copy();
        } catch (RuntimeException | Error e) { // no memory, say: its place is given back all the same
            answer = CompletableFuture.failedFuture(e);
        }
        return answer.orTimeout(timeoutMs, TimeUnit.MILLISECONDS).handle((value, failure) -> {
            long took = System.nanoTime() - begun;
            if (failure == null) {
                circuit.onSuccess(took, TimeUnit.NANOSECONDS);
                return Optional.ofNullable(value);
            }
            circuit.onError(took, TimeUnit.NANOSECONDS, failure);
            quietly.warn("memcached does not answer, and pieces are read elsewhere", failure);
            return Optional.empty();
        });
    }

    /** Whether it is left alone for the moment. */
    boolean isLeftAlone() {
        return circuit.getState() == CircuitBreaker.State.OPEN;
    }

    @Override
    public boolean isLocal() {
        return false;
    }

    @Override
    public void close() {
        client.shutdown();
    }
}
