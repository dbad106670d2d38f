// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.ChannelCache;
import io.tintype.client.internal.net.ClientSettings;
import io.tintype.client.internal.net.ClientThreads;
import io.tintype.client.internal.net.Op;
import io.tintype.client.internal.net.Race;
import io.tintype.client.internal.net.Retrier;
import io.tintype.client.internal.net.StallWatch;
import io.tintype.client.internal.net.UnaryCall;
import io.tintype.client.internal.route.ReadMode;
import io.tintype.client.internal.route.Route;
import io.tintype.client.internal.route.Router;
import io.tintype.client.internal.route.Target;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobVersion;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ReadOptions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads blobs. Thread-safe. */
public final class Downloads {
    private static final ReadMode EXACT = new ReadMode(
            ReadMode.Reach.ANYWHERE,
            shard -> ReadOptions.newBuilder()
                    .setConsistency(Consistency.CONSISTENCY_EXACT_VERSION)
                    .build());

    private final Router router;
    private final Retrier retrier;
    private final ChannelCache channels;
    private final GetStream.Watch watch;
    private final ClientThreads threads;
    private final ClientSettings settings;

    public Downloads(
            Router router,
            Retrier retrier,
            ChannelCache channels,
            StallWatch stalls,
            ClientThreads threads,
            ClientSettings settings) {
        this.router = router;
        this.retrier = retrier;
        this.channels = channels;
        this.watch = new GetStream.Watch(stalls, threads.workers());
        this.threads = threads;
        this.settings = settings;
    }

    /** Makes a download, to be begun by {@link #start} once its sink knows of it. */
    public Download prepare(GetRequest asked, ReadMode mode, Op op, DownloadSink sink) {
        return new Download(
                asked, op, retrier, (request, avoid, operation) -> open(request, mode, avoid, operation), sink);
    }

    /** Begins. */
    public void start(Download download) {
        download.start();
    }

    private CompletableFuture<GetStream> open(GetRequest request, ReadMode mode, Set<String> avoid, Op op) {
        return mode.reach() == ReadMode.Reach.BYTES_ANYWHERE
                        && router.nearerThanPrimary(request.getUser()).isPresent()
                ? openNear(request, mode, avoid, op)
                : open(request, mode, avoid, op, false);
    }

    /** The primary says which version is current, and the nearest replica sends it; where that fails, the primary does. */
    private CompletableFuture<GetStream> openNear(GetRequest request, ReadMode mode, Set<String> avoid, Op op) {
        return current(request, mode, op).thenCompose(version -> {
            if (request.hasIfNotVersion() && request.getIfNotVersion().equals(version)) {
                return open(request, mode, avoid, op, false);
            }
            var exact = request.toBuilder()
                    .clearIfNotVersion()
                    .setIfVersion(version)
                    .build();
            return open(exact, EXACT, avoid, op, true)
                    .exceptionallyCompose(thrown -> CallFailure.isOne(thrown)
                            ? open(request, mode, avoid, op, false)
                            : CompletableFuture.failedFuture(CallFailure.unwrap(thrown)));
        });
    }

    private CompletableFuture<BlobVersion> current(GetRequest request, ReadMode mode, Op op) {
        var head = HeadRequest.newBuilder().setUser(request.getUser()).setName(request.getName());
        if (request.hasIfVersion()) {
            head.setIfVersion(request.getIfVersion());
        }
        CompletableFuture<HeadResponse> answer = router.attempt(
                Route.read(request.getUser(), false, op),
                target -> UnaryCall.send(
                        channels.to(target.address()),
                        BlobRetrievalGrpc.getHeadMethod(),
                        op.unaryOptions(settings.attemptTimeout()),
                        op,
                        head.setShard(target.shard())
                                .setOptions(mode.options(target))
                                .build()));
        return answer.thenApply(found -> found.getHead().getVersion());
    }

    private CompletableFuture<GetStream> open(
            GetRequest request, ReadMode mode, Set<String> avoid, Op op, boolean verified) {
        var route = Route.read(request.getUser(), mode.followersMayServe(), op).avoiding(avoid);
        var patience = mode.followersMayServe()
                ? settings.routing().patience()
                : settings.routing().hedgeAfter();
        return router.attempt(route, target -> {
            var tried = ConcurrentHashMap.<String>newKeySet();
            tried.addAll(avoid);
            Function<Target, Race.Running<GetStream>> ask = server -> {
                tried.add(server.address());
                return ask(server, request, mode, op, verified);
            };
            return first(route, target, patience, op, tried, ask);
        });
    }

    private CompletableFuture<GetStream> first(
            Route route,
            Target target,
            @Nullable Duration patience,
            Op op,
            Set<String> tried,
            Function<Target, Race.Running<GetStream>> ask) {
        var asked = ask.apply(target);
        if (patience == null) {
            op.onCancel(() -> asked.cancel().cancel("cancelled by the reader"));
            return asked.answer();
        }
        return new Race<GetStream>(
                        op,
                        threads,
                        patience,
                        () -> router.alternative(route, target.shard(), tried)
                                .map(ask)
                                .orElse(null))
                .run(asked);
    }

    private Race.Running<GetStream> ask(Target target, GetRequest request, ReadMode mode, Op op, boolean verified) {
        var addressed = request.toBuilder()
                .setShard(target.shard())
                .setOptions(mode.options(target))
                .build();
        var server = new GetStream.Server(channels.to(target.address()), target.address(), verified);
        var stream = GetStream.open(server, addressed, op, watch);
        return new Race.Running<>(stream.opened(), stream::cancel, () -> router.slow(target));
    }
}
