// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import io.tintype.client.internal.net.ChannelCache;
import io.tintype.client.internal.net.ClientThreads;
import io.tintype.client.internal.net.Op;
import io.tintype.client.internal.net.Retrier;
import io.tintype.client.internal.net.StallWatch;
import io.tintype.client.internal.route.ReadMode;
import io.tintype.client.internal.route.Route;
import io.tintype.client.internal.route.Router;
import io.tintype.client.internal.route.Target;
import io.tintype.proto.v1.GetRequest;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Reads blobs. Thread-safe. */
public final class Downloads {
    private final Router router;
    private final Retrier retrier;
    private final ChannelCache channels;
    private final StallWatch stalls;
    private final ClientThreads threads;
    private final @Nullable Duration hedgeAfter;

    /** With {@code hedgeAfter} a read that has not begun by then is asked of a second server too. */
    public Downloads(
            Router router,
            Retrier retrier,
            ChannelCache channels,
            StallWatch stalls,
            ClientThreads threads,
            @Nullable Duration hedgeAfter) {
        this.router = router;
        this.retrier = retrier;
        this.channels = channels;
        this.stalls = stalls;
        this.threads = threads;
        this.hedgeAfter = hedgeAfter;
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
        var route = Route.read(request.getUser(), mode.followersMayServe(), op).avoiding(avoid);
        return router.attempt(route, target -> {
            var first = openAt(target, request, mode, op);
            op.onCancel(() -> first.cancel("cancelled by the reader"));
            return hedgeAfter == null
                    ? first.opened()
                    : new Race(
                                    first,
                                    () -> router.alternative(route, target)
                                            .map(other -> openAt(other, request, mode, op))
                                            .orElse(null))
                            .run(op, hedgeAfter);
        });
    }

    private GetStream openAt(Target target, GetRequest request, ReadMode mode, Op op) {
        var addressed = request.toBuilder()
                .setShard(target.shard())
                .setOptions(mode.options().apply(target.shard()))
                .build();
        return GetStream.open(channels.to(target.address()), target.address(), addressed, op, stalls);
    }

    /** Opens a second stream; null where there is nobody to ask. */
    private interface Second {
        @Nullable
        GetStream open();
    }

    /** Two streams of which the first to bring a message wins; both must fail for the race to fail, with the first's failure. */
    private final class Race {
        private final GetStream first;
        private final Second opener;
        private final CompletableFuture<GetStream> winner = new CompletableFuture<>();
        private final AtomicInteger running = new AtomicInteger(1);

        Race(GetStream first, Second opener) {
            this.first = first;
            this.opener = opener;
        }

        CompletableFuture<GetStream> run(Op op, Duration delay) {
            var unused = first.opened().whenComplete((stream, thrown) -> finish(first, thrown));
            threads.after(delay.toNanos(), () -> joinSecond(op));
            return winner;
        }

        private void joinSecond(Op op) {
            if (winner.isDone() || op.isCancelled() || !running.compareAndSet(1, 2)) {
                return;
            }
            var second = opener.open();
            if (second == null) {
                running.decrementAndGet();
                return;
            }
            op.onCancel(() -> {
                first.cancel("cancelled by the reader");
                second.cancel("cancelled by the reader");
            });
            var unused = second.opened().whenComplete((stream, thrown) -> finish(second, thrown));
        }

        private void finish(GetStream stream, @Nullable Throwable thrown) {
            if (thrown == null) {
                if (!winner.complete(stream)) {
                    stream.cancel("another server was faster");
                }
            } else if (running.decrementAndGet() == 0) {
                winner.completeExceptionally(thrown);
            }
        }
    }
}
