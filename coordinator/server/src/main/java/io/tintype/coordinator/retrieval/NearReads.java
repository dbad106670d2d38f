// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.grpc.Context;
import io.grpc.SynchronizationContext;
import io.tintype.coordinator.route.Broken;
import io.tintype.coordinator.route.UserRouter;
import io.tintype.model.BlobName;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.v1.BlobVersion;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.wire.Errors;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verified near reads: the primary says which version is current, the nearest replica sends its bytes. As fresh as a
 * linearizable read, because a version's bytes never change. Where no replica is nearer than the primary, or none of them has
 * the version, the primary sends them. Thread-safe.
 */
final class NearReads {
    private static final Logger log = LoggerFactory.getLogger(NearReads.class);
    private static final ReadOptions EXACT = ReadOptions.newBuilder()
            .setConsistency(Consistency.CONSISTENCY_EXACT_VERSION)
            .build();

    private final RetrievalGateway gateway;
    private final UserRouter router;

    NearReads(RetrievalGateway gateway, UserRouter router) {
        this.gateway = gateway;
        this.router = router;
    }

    GetStream get(GetRequest request, GetStream.Listener<GetResponse> listener) {
        var user = UserId.of(request.getUser());
        BlobName.of(request.getName());
        var fromPrimary = request.toBuilder()
                .setOptions(ReadOptions.newBuilder().setConsistency(Consistency.CONSISTENCY_LINEARIZABLE))
                .build();
        var context = Context.current();
        var read = new Read(listener);
        var unused = router.hasNearerThanPrimary(user)
                .exceptionally(failure -> false)
                .thenCompose(nearer -> nearer ? currentVersion(fromPrimary) : nothing())
                .whenComplete((version, failure) -> {
                    if (failure != null) {
                        read.failed(Errors.fromWire(failure));
                    } else {
                        context.run(() -> open(request, fromPrimary, version, read));
                    }
                });
        return read;
    }

    private void open(GetRequest request, GetRequest fromPrimary, @Nullable BlobVersion version, Read read) {
        try {
            if (version == null
                    || (request.hasIfNotVersion() && request.getIfNotVersion().equals(version))) {
                read.opened(gateway.uncached(fromPrimary, read));
                return;
            }
            var exact = request.toBuilder()
                    .clearIfNotVersion()
                    .setIfVersion(version)
                    .setOptions(EXACT)
                    .build();
            read.opened(gateway.get(exact, fromPrimary, read));
        } catch (RuntimeException | Error e) { // nobody else would tell the reader
            log.error("a read failed", e);
            read.failed(Broken.of(e));
        }
    }

    private static CompletableFuture<@Nullable BlobVersion> nothing() {
        return CompletableFuture.completedFuture(null);
    }

    private CompletableFuture<@Nullable BlobVersion> currentVersion(GetRequest request) {
        var head = HeadRequest.newBuilder()
                .setUser(request.getUser())
                .setName(request.getName())
                .setOptions(request.getOptions());
        if (request.hasIfVersion()) {
            head.setIfVersion(request.getIfVersion());
        }
        return gateway.head(head.build()).thenApply(answer -> answer.getHead().getVersion());
    }

    /** Stands for the stream until there is one. */
    private static final class Read implements GetStream, GetStream.Listener<GetResponse> {
        private final SynchronizationContext inOrder =
                new SynchronizationContext((thread, failure) -> log.error("passing on a read failed", failure));
        private final Listener<GetResponse> listener;

        // Confined to inOrder:
        private @Nullable GetStream stream;
        private int demanded;
        private @Nullable String cancelled;

        Read(Listener<GetResponse> listener) {
            this.listener = listener;
        }

        void opened(GetStream opened) {
            inOrder.execute(() -> {
                stream = opened;
                if (cancelled != null) {
                    opened.cancel(cancelled);
                    return;
                }
                for (; demanded > 0; demanded--) {
                    opened.demand();
                }
            });
        }

        void failed(TintypeException failure) {
            inOrder.execute(() -> {
                if (cancelled == null) {
                    listener.onFailed(failure);
                }
            });
        }

        @Override
        public void demand() {
            inOrder.execute(() -> {
                if (stream == null) {
                    demanded++;
                } else {
                    stream.demand();
                }
            });
        }

        @Override
        public void release() {
            inOrder.execute(() -> {
                if (stream != null) {
                    stream.release();
                }
            });
        }

        @Override
        public void cancel(String why) {
            inOrder.execute(() -> {
                cancelled = why;
                if (stream != null) {
                    stream.cancel(why);
                }
            });
        }

        @Override
        public void onMessage(GetResponse message) {
            // The primary has vouched for it, whatever the replica says of itself.
            listener.onMessage(
                    message.hasFreshness()
                            ? message.toBuilder().clearFreshness().build()
                            : message);
        }

        @Override
        public void onEnd() {
            listener.onEnd();
        }

        @Override
        public void onFailed(TintypeException failure) {
            listener.onFailed(failure);
        }
    }
}
