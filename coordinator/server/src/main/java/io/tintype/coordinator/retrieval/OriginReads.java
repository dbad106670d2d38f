// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import com.google.common.util.concurrent.MoreExecutors;
import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Deadline;
import io.tintype.checksum.Crc32c;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.coordinator.cache.Origin;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceKey;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.coordinator.route.Route;
import io.tintype.coordinator.route.UnaryProxy;
import io.tintype.coordinator.route.UserRouter;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.ByteRange;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.Freshness;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.trace.Trace;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Reads from the nodes: streams that are passed on, and pieces that are gathered. Thread-safe; never blocks. */
final class OriginReads implements Origin {
    /** A piece that takes longer than this is given up: many may wait for it. */
    private static final long PIECE_MS = 30_000;

    private static final ReadOptions EXACT = ReadOptions.newBuilder()
            .setConsistency(Consistency.CONSISTENCY_EXACT_VERSION)
            .build();

    private final UserRouter router;
    private final ChannelSource channels;

    OriginReads(UserRouter router, ChannelSource channels) {
        this.router = router;
        this.channels = channels;
    }

    /**
     * The beginning of an answer, gathered.
     *
     * @param head what the blob is
     * @param freshness how fresh that is
     * @param notModified the version that was not wanted is current, and there are no bytes
     * @param bytes the bytes asked for, checked
     * @param crc their CRC32C
     */
    record Gathered(BlobHead head, Freshness freshness, boolean notModified, ByteString bytes, int crc) {}

    /** The way of a read: to the nearest replica where any may answer, else to the primary. */
    Route route(UserId user, ReadOptions options) {
        var deadline = UnaryProxy.deadlineOfCaller();
        return switch (options.getConsistency()) {
            case CONSISTENCY_SESSION, CONSISTENCY_BOUNDED_STALENESS, CONSISTENCY_EXACT_VERSION ->
                router.readAnywhere(user, deadline);
            // What is not known here is for the node to refuse.
            case CONSISTENCY_UNSPECIFIED, CONSISTENCY_LINEARIZABLE, CONSISTENCY_NEAR, UNRECOGNIZED ->
                router.read(user, deadline);
        };
    }

    /** Passes on a read with the caller's deadline; cancelling it reaches the node. */
    GetStream stream(GetRequest request, GetStream.Listener<GetResponse> listener) {
        var relay = relay(request, callOptions(), route(UserId.of(request.getUser()), request.getOptions()), listener);
        relay.begin();
        return relay;
    }

    /** The same; where it fails before the first message, the read begins anew in another way. */
    GetStream stream(GetRequest request, GetRequest otherwise, GetStream.Listener<GetResponse> listener) {
        var user = UserId.of(request.getUser());
        var relay = relay(request, callOptions(), route(user, request.getOptions()), listener);
        relay.beginOr(route(user, otherwise.getOptions()), otherwise);
        return relay;
    }

    private static CallOptions callOptions() {
        var options = CallOptions.DEFAULT.withExecutor(MoreExecutors.directExecutor());
        var trace = Trace.current();
        if (trace != Trace.NONE) {
            options = options.withOption(Trace.OF_CALL, trace);
        }
        var deadlineOfCaller = Context.current().getDeadline();
        return deadlineOfCaller == null ? options : options.withDeadline(deadlineOfCaller);
    }

    private GetRelay<GetResponse> relay(
            GetRequest request, CallOptions options, Route route, GetStream.Listener<GetResponse> listener) {
        return new GetRelay<>(channels, BlobRetrievalGrpc.getGetMethod(), options, route, request, listener);
    }

    /** Whether a replica may send bytes faster than the primary. Never fails. */
    CompletableFuture<Boolean> hasNearer(UserId user) {
        return router.hasNearerThanPrimary(user).exceptionally(failure -> false);
    }

    /** The rest of a version from a place on, for a stream of its own, from the nearest replica that has it. */
    GetStream rest(BlobHead head, long from, long to, GetStream.Listener<GetResponse> listener) {
        return nearestOrPrimary(exactly(head, from, to - from), callOptions(), UnaryProxy.deadlineOfCaller(), listener);
    }

    /** A version's bytes never change: the nearest replica that has them is as good as the primary, which is asked next. */
    private GetRelay<GetResponse> nearestOrPrimary(
            GetRequest exact, CallOptions options, Deadline deadline, GetStream.Listener<GetResponse> listener) {
        var user = UserId.of(exact.getUser());
        var relay = relay(exact, options, router.readAnywhere(user, deadline), listener);
        relay.beginOr(router.read(user, deadline), exact);
        return relay;
    }

    private static GetRequest exactly(BlobHead head, long from, long length) {
        return GetRequest.newBuilder()
                .setUser(head.getUser())
                .setName(head.getName())
                .setIfVersion(head.getVersion())
                .setRange(ByteRange.newBuilder().setOffset(from).setLength(length))
                .setOptions(EXACT)
                .build();
    }

    /** Reads an answer of at most one piece, for this caller alone. */
    CompletableFuture<Gathered> gather(GetRequest request) {
        var gathering = new Gathering(request.getRange().getOffset());
        gathering.begin(stream(request, gathering));
        return gathering.answer;
    }

    @Override
    public CompletableFuture<Piece> load(PieceSpec spec) {
        var key = spec.key();
        var version = BlobHead.newBuilder()
                .setUser(key.user())
                .setName(key.name())
                .setVersion(Wire.version(key.version()))
                .build();
        var gathering = new Gathering(key.offset());
        var deadline = Deadline.after(PIECE_MS, TimeUnit.MILLISECONDS);
        var options =
                CallOptions.DEFAULT.withExecutor(MoreExecutors.directExecutor()).withDeadline(deadline);
        var trace = Trace.current();
        // Others may come to wait for it: the first one's going away must not end it.
        (trace == Trace.NONE ? Context.ROOT : trace.in(Context.ROOT)).run(() -> {
            var wanted = exactly(version, key.offset(), spec.length());
            gathering.begin(nearestOrPrimary(wanted, options, deadline, gathering));
        });
        return gathering
                .answer
                .thenApply(got -> Piece.onHeap(got.bytes(), got.crc()))
                .exceptionallyCompose(failure -> CompletableFuture.failedFuture(gone(failure)));
    }

    /** To who reads a version, it makes no difference how it went. */
    static Throwable gone(Throwable failure) {
        var cause = Errors.fromWire(failure);
        return switch (cause.reason()) {
            case VERSION_CONFLICT, BLOB_NOT_FOUND, RANGE_NOT_SATISFIABLE ->
                new TintypeException(
                        Reason.VERSION_GONE,
                        "The blob was replaced or removed while it was being read. Read it again.",
                        Map.of(),
                        null,
                        cause);
            default -> cause;
        };
    }

    /** Puts the messages of a short answer together. */
    private static final class Gathering implements GetStream.Listener<GetResponse> {
        private static final int MAX_BYTES = PieceKey.BYTES;

        private final long from;
        final CompletableFuture<Gathered> answer = new CompletableFuture<>();
        private final CompletableFuture<GetStream> stream = new CompletableFuture<>();
        // Confined to the stream's calls, which come one at a time:
        private final List<ByteString> parts = new ArrayList<>(1);
        private final Crc32c.Running crc = new Crc32c.Running();
        private GetResponse first = GetResponse.getDefaultInstance();
        private boolean begun;

        /** @param from place in the blob of the first byte that is to come */
        Gathering(long from) {
            this.from = from;
        }

        void begin(GetStream source) {
            stream.complete(source);
            source.demand();
        }

        @Override
        public void onMessage(GetResponse message) {
            if (!begun) {
                begun = true;
                first = message.toBuilder().clearFrame().build();
            }
            var frame = message.getFrame();
            if (message.hasFrame() && frame.getData().size() > 0) {
                if (frame.getOffset() != from + crc.length()) {
                    giveUp(new TintypeException(
                            Reason.INTERNAL, "The storage node sent other bytes than were asked for."));
                    return;
                }
                int actual = Crc32c.of(frame.getData());
                if (actual != frame.getCrc32C()
                        || crc.length() + frame.getData().size() > MAX_BYTES) {
                    giveUp(new TintypeException(
                            Reason.CORRUPT_DATA,
                            "Bytes from " + frame.getOffset() + " on were damaged on their way here. Try again."));
                    return;
                }
                crc.add(actual, frame.getData().size());
                parts.add(frame.getData());
            }
            var unused = stream.thenAccept(GetStream::demand);
        }

        private void giveUp(TintypeException failure) {
            var unused = stream.thenAccept(source -> source.cancel("the answer cannot be used"));
            answer.completeExceptionally(failure);
        }

        @Override
        public void onEnd() {
            answer.complete(new Gathered(
                    first.getHead(),
                    first.getFreshness(),
                    first.getNotModified(),
                    parts.size() == 1 ? parts.get(0) : ByteString.copyFrom(parts),
                    crc.crc()));
        }

        @Override
        public void onFailed(TintypeException failure) {
            answer.completeExceptionally(failure);
        }
    }
}
