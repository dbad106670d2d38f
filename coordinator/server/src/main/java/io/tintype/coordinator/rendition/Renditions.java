// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceKey;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;

/**
 * Renditions of images: out of the caches where they are, else made, once for all who ask at the same time, on threads of their
 * own. Thread-safe; no call blocks.
 *
 * <p>A rendition belongs to one version of an image, like its bytes, and like them never changes: whoever asks has found out
 * which version is current. What no rendition can be made of is remembered for a minute.
 */
public final class Renditions implements AutoCloseable {
    /** Longest time that reading the image may take. */
    private static final int READ_S = 30;

    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration REMEMBERED = Duration.ofMinutes(1);
    private static final int MOST_REMEMBERED = 10_000;

    private final RetrievalGateway gateway;
    private final long maxSourceBytes;
    private final Renderer renderer;
    private final ThreadPoolExecutor threads;
    private final Map<PieceKey, RenditionFlight> flights = new ConcurrentHashMap<>();
    private final Cache<PieceKey, RenditionRefusal> refusals = Caffeine.newBuilder()
            .maximumSize(MOST_REMEMBERED)
            .expireAfterWrite(REMEMBERED)
            .build();
    private final LongAdder made = new LongAdder();
    private final LongAdder refused = new LongAdder();

    /** Over a gateway, which outlives it. */
    public Renditions(RenditionSettings settings, RetrievalGateway gateway) {
        this.gateway = gateway;
        this.maxSourceBytes = settings.maxSourceBytes();
        this.renderer = new Renderer(settings.memory(), settings.maxPixels());
        int count = settings.threadsOrDefault();
        this.threads = new ThreadPoolExecutor(
                count, count, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(settings.waiting()), work -> {
                    var thread = new Thread(work, "rendition");
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * The rendition of a version; whoever gets it releases it. Fails with {@link RenditionRefusal} where there can be none,
     * OVERLOADED where too many are being made, VERSION_GONE where the version was replaced meanwhile, and as reads do. Whoever
     * waits no more cancels the future: what nobody waits for is not made, unless it is being decoded already.
     */
    public CompletableFuture<Rendition> get(BlobHead head, RenditionSpec spec) {
        var key = Rendition.key(head, spec);
        var refusal = refusals.getIfPresent(key);
        if (refusal != null) {
            return CompletableFuture.failedFuture(refusal);
        }
        var mine = new CompletableFuture<Rendition>();
        var unused = cached(key)
                .thenAccept(found -> {
                    if (found.isEmpty()) {
                        make(key, head, spec, mine);
                    } else if (!mine.complete(found.get())) {
                        found.get().release();
                    }
                })
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        mine.completeExceptionally(failure);
                    }
                });
        return mine;
    }

    /** The rendition, where caches have all of it. */
    private CompletableFuture<Optional<Rendition>> cached(PieceKey key) {
        return gateway.caches().cached(PieceSpec.ofAnyLength(key)).thenCompose(found -> {
            if (found.isEmpty()) {
                return CompletableFuture.completedFuture(Optional.empty());
            }
            var first = found.get();
            long length = Rendition.lengthOf(first);
            if (first.length() != Math.min(length, PieceKey.BYTES)) {
                return without(key, List.of(first)); // written by who knows whom
            }
            return others(key, length, new ArrayList<>(List.of(first)));
        });
    }

    private CompletableFuture<Optional<Rendition>> others(PieceKey key, long length, List<Piece> have) {
        long from = (long) have.size() * PieceKey.BYTES;
        if (from >= length) {
            return Rendition.areOne(have)
                    ? CompletableFuture.completedFuture(Optional.of(Rendition.ofPieces(have)))
                    : without(key, have);
        }
        int wanted = (int) Math.min(PieceKey.BYTES, length - from);
        return gateway.caches()
                .cached(PieceSpec.ofLength(key.at(have.size()), wanted))
                .thenCompose(found -> {
                    if (found.isEmpty()) {
                        have.forEach(Piece::release);
                        return CompletableFuture.completedFuture(Optional.empty());
                    }
                    have.add(found.get());
                    return others(key, length, have);
                });
    }

    /** Pieces that make no rendition are in the way of those that do. */
    private CompletableFuture<Optional<Rendition>> without(PieceKey key, List<Piece> useless) {
        for (int i = 0; i < useless.size(); i++) {
            useless.get(i).release();
            gateway.caches().drop(key.at(i));
        }
        return CompletableFuture.completedFuture(Optional.empty());
    }

    private void keep(PieceKey key, ByteString file) {
        var pieces = Rendition.cut(file);
        for (int i = pieces.size() - 1; i >= 0; i--) { // the first last: where it is, the others mostly are
            gateway.caches().keep(key.at(i), pieces.get(i));
        }
    }

    /** Has it made, or waits with those for whom it is being made. */
    private void make(PieceKey key, BlobHead head, RenditionSpec spec, CompletableFuture<Rendition> waiter) {
        while (!waiter.isDone()) {
            var fresh = new RenditionFlight(flight -> run(key, head, spec, flight), flight -> drop(key, flight));
            var there = flights.putIfAbsent(key, fresh);
            var flight = there == null ? fresh : there;
            if (flight.join(waiter)) {
                if (there == null) {
                    begin(key, fresh);
                }
                return;
            }
            flights.remove(key, flight);
        }
    }

    private void begin(PieceKey key, RenditionFlight flight) {
        try {
            threads.execute(flight);
            if (!flight.isWanted()) { // any more, and whoever noticed may have looked for it too early
                threads.remove(flight);
            }
        } catch (RejectedExecutionException full) {
            flights.remove(key, flight);
            flight.fail(new TintypeException(
                    Reason.OVERLOADED,
                    "This coordinator is making as many renditions as it may, and more wait. Try again a little later, or add"
                            + " coordinators of role retrieval.",
                    RETRY));
        } catch (RuntimeException
                | Error e) { // no thread can be made; it must not stand in the way of all who come after
            flights.remove(key, flight);
            flight.fail(e instanceof RuntimeException ? e : outOfMemory(e));
        }
    }

    private void drop(PieceKey key, RenditionFlight flight) {
        flights.remove(key, flight);
        threads.remove(flight);
    }

    private void run(PieceKey key, BlobHead head, RenditionSpec spec, RenditionFlight flight) {
        try {
            byte[] source = flight.isWanted() ? source(head) : null;
            if (source == null || !flight.beginsToDecode()) {
                return;
            }
            var bytes = UnsafeByteOperations.unsafeWrap(renderer.render(source, spec));
            made.increment();
            keep(key, bytes);
            flights.remove(key, flight);
            flight.complete(bytes);
        } catch (RenditionRefusal e) {
            refused.increment();
            refusals.put(key, e);
            flights.remove(key, flight);
            flight.fail(e);
        } catch (RuntimeException | Error e) { // an image too many for the heap must not take its thread along
            flights.remove(key, flight);
            flight.fail(e instanceof RuntimeException ? e : outOfMemory(e));
        }
    }

    private static TintypeException outOfMemory(Throwable error) {
        return new TintypeException(
                Reason.OVERLOADED,
                "There was no memory for this rendition: " + error + ". Try again a little later.",
                Map.of(),
                RETRY,
                error);
    }

    private byte[] source(BlobHead head) {
        if (head.getSize() > maxSourceBytes) {
            throw RenditionRefusal.tooLarge("it has " + head.getSize() + " bytes, and at most " + maxSourceBytes
                    + " are allowed (renditions.maxSourceBytes)");
        }
        try {
            return SourceBytes.read(gateway.known(head), Duration.ofSeconds(READ_S));
        } catch (ExecutionException e) {
            throw Errors.fromWire(e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            throw new TintypeException(
                    Reason.UNAVAILABLE, "The image could not be read within " + READ_S + " s. Try again.", RETRY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TintypeException(Reason.UNAVAILABLE, "This coordinator is stopping. Ask another one.", RETRY);
        }
    }

    /** Renditions made so far. */
    public long made() {
        return made.sum();
    }

    /** Images so far of which there could be none. */
    public long refused() {
        return refused.sum();
    }

    /** Those that wait for a thread. */
    public int waiting() {
        return threads.getQueue().size();
    }

    /** Makes none any more. */
    @Override
    public void close() {
        threads.shutdownNow();
        flights.values()
                .forEach(flight -> flight.fail(new TintypeException(
                        Reason.UNAVAILABLE, "This coordinator is stopping. Ask another one.", RETRY)));
    }
}
