// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import io.grpc.MethodDescriptor;
import io.opentelemetry.api.trace.Tracer;
import io.tintype.client.internal.cache.FeedSurroundings;
import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.ChannelCache;
import io.tintype.client.internal.net.ClientSettings;
import io.tintype.client.internal.net.ClientThreads;
import io.tintype.client.internal.net.Coordinators;
import io.tintype.client.internal.net.Op;
import io.tintype.client.internal.net.Race;
import io.tintype.client.internal.net.Retrier;
import io.tintype.client.internal.net.StallWatch;
import io.tintype.client.internal.net.UnaryCall;
import io.tintype.client.internal.net.UnderWay;
import io.tintype.client.internal.route.Homes;
import io.tintype.client.internal.route.MapCache;
import io.tintype.client.internal.route.Primaries;
import io.tintype.client.internal.route.ReadMode;
import io.tintype.client.internal.route.Route;
import io.tintype.client.internal.route.Router;
import io.tintype.client.internal.route.Target;
import io.tintype.client.internal.transfer.ByteSource;
import io.tintype.client.internal.transfer.DownloadSink;
import io.tintype.client.internal.transfer.Downloads;
import io.tintype.client.internal.transfer.Uploads;
import io.tintype.heads.HeadCache;
import io.tintype.heads.feed.HeadFeeds;
import io.tintype.model.Location;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutResponse;
import io.tintype.trace.Trace;
import io.tintype.wire.Wire;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The client without its public face: all its parts, put together once. Thread-safe.
 *
 * <p>Every operation passes here: it is let in, counted, reported when over, and its failure is turned into what the
 * application is to see.
 */
public final class ClientCore implements AutoCloseable {
    private static final Duration PROBE = Duration.ofSeconds(2);

    private final ClientSettings settings;
    private final OpListener listener;
    private final @Nullable Tracer tracer;
    private final Admission admission;
    private final ClientThreads threads = new ClientThreads();
    private final UnderWay underWay = new UnderWay();
    private final ChannelCache channels;
    private final Coordinators coordinators;
    private final MapCache maps;
    private final Retrier retrier;
    private final Homes homes;
    private final Primaries primaries;
    private final Router router;
    private final Uploads uploads;
    private final Downloads downloads;

    /** @param tracer begins the traces of operations; null: there are none */
    public ClientCore(ClientSettings settings, OpListener listener, @Nullable Tracer tracer) {
        this.settings = settings;
        this.listener = listener;
        this.tracer = tracer;
        admission = new Admission(settings.maxCallsInFlight());
        channels = new ChannelCache(settings.channels(), threads.workers());
        coordinators = new Coordinators(settings, channels);
        maps = new MapCache(coordinators, threads, settings.retry());
        retrier = new Retrier(settings.retry(), threads.timer(), underWay);
        var routing = settings.routing();
        homes = new Homes(coordinators, threads.workers());
        primaries = new Primaries(maps, location());
        router = new Router(routing.direct(), coordinators, homes, primaries);
        var stalls = new StallWatch(settings.attemptTimeout(), threads);
        uploads = new Uploads(router, retrier, channels, stalls, threads);
        downloads = new Downloads(router, retrier, channels, stalls, threads, settings);
    }

    /** For what may block. */
    public Executor workers() {
        return threads.workers();
    }

    /** How many calls wait for their next attempt now. */
    public int pausing() {
        return underWay.pausing();
    }

    /** The shard a user lives on, as far as is known; 0: it is not. */
    public int shardOf(String user) {
        return homes.known(user).orElse(0);
    }

    /** Feeds for a cache of heads; empty where everything goes through coordinators. To be closed before this. */
    public Optional<HeadFeeds> feeds(HeadCache<?> heads) {
        return settings.routing().direct()
                ? Optional.of(new HeadFeeds(
                        heads,
                        new HeadFeeds.Bounds(
                                FeedSurroundings.MAX_FEEDS,
                                settings.retry().firstBackoff(),
                                settings.retry().maxBackoff()),
                        new FeedSurroundings(primaries, channels, threads)))
                : Optional.empty();
    }

    /** Calls about one user. Cancelling the future cancels the call. */
    public <Q, R> CompletableFuture<R> call(UserCall<Q, R> call) {
        var op = begin(call.method(), call.timeout(), call.age());
        return run(
                op,
                call.requestId(),
                () -> retrier.run(op, () -> {
                    var route = call.kind().isChange()
                            ? Route.change(call.user(), op)
                            : Route.read(call.user(), call.kind().isAnywhere(), op);
                    return router.attempt(
                            route,
                            target ->
                                    route.followersMayServe() ? race(call, route, target, op) : send(call, target, op));
                }));
    }

    /** A read that any replica may answer: one that is slow or hung must not hold it up. */
    private <Q, R> CompletableFuture<R> race(UserCall<Q, R> call, Route route, Target first, Op op) {
        var tried = ConcurrentHashMap.<String>newKeySet();
        Function<Target, Race.Running<R>> ask = target -> {
            tried.add(target.address());
            return UnaryCall.start(
                    channels.to(target.address()),
                    call.method(),
                    op.unaryOptions(settings.attemptTimeout()),
                    call.request().make(target, op.nextTryAgeMs()),
                    () -> router.slow(target));
        };
        var patience = settings.routing().patience();
        return new Race<R>(
                        op,
                        threads,
                        patience,
                        () -> router.alternative(route, first.shard(), tried)
                                .map(ask)
                                .orElse(null))
                .run(ask.apply(first));
    }

    private <Q, R> CompletableFuture<R> send(UserCall<Q, R> call, Target target, Op op) {
        var longest = call.kind().isSlow() ? Duration.ofNanos(Long.MAX_VALUE) : settings.attemptTimeout();
        var request = call.request().make(target, op.nextTryAgeMs());
        return UnaryCall.send(channels.to(target.address()), call.method(), op.unaryOptions(longest), op, request)
                .whenComplete((answer, thrown) -> {
                    if (thrown != null && CallFailure.of(thrown).leavesChangeInDoubt()) {
                        op.maybeApplied();
                    }
                });
    }

    /** One try of a read at one server, to see what it says: nothing is repeated, and a silent server fails soon. */
    public <Q, R> CompletableFuture<R> probe(String address, MethodDescriptor<Q, R> method, Q request) {
        var op = begin(method, PROBE, Duration.ZERO);
        return run(
                op,
                null,
                () -> underWay.until(
                        op, UnaryCall.send(channels.to(address), method, op.unaryOptions(PROBE), op, request)));
    }

    /** Where this process stands. */
    public Location location() {
        return new Location(settings.routing().region(), settings.routing().zone());
    }

    /** The coordinator that requests go to now. */
    public String coordinator() {
        return coordinators.next(Set.of()).orElseThrow();
    }

    /** Asks for what only coordinators tell. */
    public <Q, R> CompletableFuture<R> call(MethodDescriptor<Q, R> method, Q request) {
        var op = begin(method, null, Duration.ZERO);
        return run(op, null, () -> retrier.run(op, () -> coordinators.call(method, op, request)));
    }

    /** Calls what only coordinators change, which has no request id; it is repeated, for that does no harm. */
    public <Q, R> CompletableFuture<R> change(MethodDescriptor<Q, R> method, Q request) {
        var op = begin(method, null, Duration.ZERO).asCoordinatorsChange();
        return run(op, null, () -> retrier.run(op, () -> coordinators.call(method, op, request)));
    }

    /** Calls what takes a coordinator long; it is not repeated unless nobody was reached. */
    public <Q, R> CompletableFuture<R> callSlow(MethodDescriptor<Q, R> method, Q request, Duration timeout) {
        var op = begin(method, timeout, Duration.ZERO);
        return run(op, null, () -> underWay.until(op, coordinators.callSlow(method, op, request)));
    }

    /** Stores a blob whole. The header comes without shard and size. */
    public CompletableFuture<PutResponse> put(PutHeader header, ByteSource source, @Nullable Duration timeout) {
        var id = Wire.requestId(header.getRequestId());
        var age = Duration.ofMillis(header.getRetryAgeMs());
        var op = traced(new Op("Put", timeout, settings.requestTimeout(), age));
        return run(op, id, () -> uploads.put(header, source, op));
    }

    /** Prepares a download; nothing happens before {@link Reading#start}. */
    public Reading read(GetRequest request, ReadMode mode, @Nullable Duration timeout, DownloadSink sink) {
        var op = traced(new Op("Get", timeout, settings.requestTimeout()));
        var entry = Entry.of(op, null, admission, listener);
        try {
            return new Reading(downloads.prepare(request, mode, op, new DownloadSinkEnd(sink, entry)), downloads);
        } catch (RuntimeException | Error e) { // nobody else has heard of it
            entry.over(e);
            throw e;
        }
    }

    private Op begin(MethodDescriptor<?, ?> method, @Nullable Duration timeout, Duration age) {
        var name = method.getBareMethodName();
        return traced(new Op(name == null ? "" : name, timeout, settings.requestTimeout(), age));
    }

    /** Begins a part of the application's own trace, or a trace. */
    private Op traced(Op op) {
        if (tracer == null) {
            return op;
        }
        var span = tracer.spanBuilder("Tintype " + op.name()).startSpan();
        return op.traced(Trace.of(tracer, span));
    }

    private <T> CompletableFuture<T> run(Op op, @Nullable RequestId requestId, Supplier<CompletableFuture<T>> work) {
        var result = new CompletableFuture<T>() {
            @Override
            public boolean cancel(boolean mayInterrupt) {
                boolean done = super.cancel(mayInterrupt);
                op.cancel();
                return done;
            }
        };
        Entry entry;
        try {
            entry = Entry.of(op, requestId, admission, listener);
        } catch (TintypeException e) {
            result.completeExceptionally(e);
            return result;
        }
        var unused = begun(work).whenComplete((value, thrown) -> {
            var seen = entry.over(thrown);
            if (seen == null) {
                result.complete(value);
            } else {
                result.completeExceptionally(seen);
            }
        });
        return result;
    }

    private static <T> CompletableFuture<T> begun(Supplier<CompletableFuture<T>> work) {
        try {
            return work.get();
        } catch (RuntimeException | Error e) { // it is over, and is to be reported like any other
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Ends everything: calls in flight get a moment, then fail, and so do those that wait for their next attempt. */
    @Override
    public void close() {
        admission.close();
        maps.close();
        channels.close();
        underWay.close(threads.workers());
        threads.close();
    }
}
