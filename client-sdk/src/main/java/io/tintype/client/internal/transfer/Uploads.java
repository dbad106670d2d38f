// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.ChannelCache;
import io.tintype.client.internal.net.ClientThreads;
import io.tintype.client.internal.net.Op;
import io.tintype.client.internal.net.Retrier;
import io.tintype.client.internal.net.StallWatch;
import io.tintype.client.internal.route.Route;
import io.tintype.client.internal.route.Router;
import io.tintype.client.internal.route.Target;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Stores blobs whole, under one request id over all tries. Thread-safe. */
public final class Uploads {
    private final Router router;
    private final Retrier retrier;
    private final ChannelCache channels;
    private final StallWatch stalls;
    private final ClientThreads threads;

    public Uploads(Router router, Retrier retrier, ChannelCache channels, StallWatch stalls, ClientThreads threads) {
        this.router = router;
        this.retrier = retrier;
        this.channels = channels;
        this.stalls = stalls;
        this.threads = threads;
    }

    /**
     * Sends a blob.
     *
     * @param header without shard and size, which are added
     * @return fails with {@link CallFailure}, or {@link UncheckedIOException} where the source fails
     */
    public CompletableFuture<PutResponse> put(PutHeader header, ByteSource source, Op op) {
        return new Upload(header, source, op).run().whenComplete((response, thrown) -> source.release());
    }

    private final class Upload {
        private final PutHeader header;
        private final ByteSource source;
        private final Op op;
        private volatile @Nullable CallFailure last;

        Upload(PutHeader header, ByteSource source, Op op) {
            this.header = header;
            this.source = source;
            this.op = op;
        }

        CompletableFuture<PutResponse> run() {
            return retrier.run(op, () -> router.attempt(Route.change(header.getUser(), op), this::send));
        }

        private CompletableFuture<PutResponse> send(Target target) {
            // Opening a source may wait for a disk.
            var sent = source.blocks()
                    ? CompletableFuture.completedFuture(target).thenComposeAsync(this::begin, threads.workers())
                    : begin(target);
            return sent.whenComplete((response, thrown) -> {
                if (thrown != null && CallFailure.isOne(thrown)) {
                    last = CallFailure.of(thrown);
                }
            });
        }

        private CompletableFuture<PutResponse> begin(Target target) {
            try {
                var addressed = header.toBuilder().setShard(target.shard()).setRetryAgeMs(op.nextTryAgeMs());
                if (source.size() != ByteSource.UNKNOWN) {
                    addressed.setSize(source.size());
                }
                var shared = new PutStream.Shared(addressed.build(), op, stalls, threads.workers());
                var result = PutStream.send(channels.to(target.address()), shared, source);
                return result != null ? result : CompletableFuture.failedFuture(Retrier.finalOf(notAgain()));
            } catch (IOException e) {
                return CompletableFuture.failedFuture(new UncheckedIOException(
                        "the bytes for blob '" + header.getName() + "' cannot be opened: " + e, e));
            }
        }

        private CallFailure notAgain() {
            var before = last;
            return before == null
                    ? CallFailure.of(
                            Reason.INVALID_ARGUMENT,
                            "the stream for blob '" + header.getName() + "' was used before; give a fresh one")
                    : CallFailure.of(new TintypeException(
                            before.reason(),
                            "the upload of '" + header.getName()
                                    + "' broke off and its stream cannot be read again (give a file, an array or a"
                                    + " stream that can be opened anew, and the client repeats it): "
                                    + before.getMessage(),
                            before.failure().details(),
                            null,
                            before));
        }
    }
}
