// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceChain;
import io.tintype.coordinator.cache.PieceKey;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.coordinator.route.UnaryProxy;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobVersion;
import io.tintype.proto.v1.ByteRange;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.Freshness;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.trace.Trace;
import io.tintype.wire.Errors;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds out which version of a blob is current, once for every read, as freshly as the read demands: by a lease where the read
 * puts up with that, else by asking a node; with its answer come bytes where that saves a second question. Thread-safe; never blocks.
 *
 * <p>Besides, the last heads are remembered, but only to ask for news: never to answer by them.
 */
final class Opener {
    /** Who said which version is current, in a trace. */
    private static final String VERSION_BY = "tintype.version.by";

    /** Who sent the first bytes, where they came with the version. */
    private static final String BYTES_BY = "tintype.bytes.by";

    private static final String NODE = "node";

    private static final Version NO_VERSION = new Version(0, 0);

    private final UnaryProxy unary;
    private final OriginReads origin;
    private final PieceChain chain;
    private final HeadLeases leases;
    private final Holds holds;
    private final Set<Id> opening = ConcurrentHashMap.newKeySet();
    private final LastHeads heads = new LastHeads();

    private record Id(String user, String name) {}

    Opener(UnaryProxy unary, OriginReads origin, PieceChain chain, HeadLeases leases, Holds holds) {
        this.leases = leases;
        this.holds = holds;
        this.unary = unary;
        this.origin = origin;
        this.chain = chain;
    }

    /**
     * Opens a blob. Where the request's range begins is taken as a hint; whether it is a range of this blob is not looked
     * at, nor whether the version is one that is not wanted.
     */
    CompletableFuture<OpenBlob> open(GetRequest request) {
        Optional<HeadLeases.Leased> leased;
        try {
            leased = leased(
                    request.getUser(),
                    request.getName(),
                    request.getOptions(),
                    request.hasIfVersion() ? request.getIfVersion() : null);
        } catch (TintypeException none) {
            return CompletableFuture.failedFuture(none);
        }
        if (leased.isPresent()) {
            Trace.current().set(VERSION_BY, "lease");
            var known = leased.get();
            return CompletableFuture.completedFuture(
                    new OpenBlob(known.head(), known.freshness(), chain, origin, holds, 0, null));
        }
        if (request.getOptions().getConsistency() == Consistency.CONSISTENCY_NEAR) {
            // Where a replica is nearer, the primary is to say which version is current, and to send no bytes.
            return origin.hasNearer(UserId.of(request.getUser()))
                    .thenCompose(nearer -> nearer ? byHead(request) : openWithBytes(request));
        }
        return openWithBytes(request);
    }

    /** The same; head and first bytes come in one answer of one node, so that nothing can come between. */
    CompletableFuture<OpenBlob> openAtOnce(GetRequest request) {
        long from = request.getRange().getOffset();
        return request.hasIfVersion() || from < 0 || from / PieceKey.BYTES > Integer.MAX_VALUE
                ? byHead(request)
                : withPiece(request, new Id(request.getUser(), request.getName()), PieceKey.indexOf(from));
    }

    private CompletableFuture<OpenBlob> openWithBytes(GetRequest request) {
        long from = request.getRange().getOffset();
        if (request.hasIfVersion() || chain.isEmpty() || from < 0 || from / PieceKey.BYTES > Integer.MAX_VALUE) {
            return byHead(request);
        }
        var anyVersion = new PieceKey(request.getUser(), request.getName(), NO_VERSION, PieceKey.indexOf(from));
        if (chain.hasMoreThanMemory(anyVersion)) {
            return byHead(request);
        }
        var id = new Id(request.getUser(), request.getName());
        var known = heads.find(id.user(), id.name());
        int index = PieceKey.indexOf(from);
        if (known != null
                && known.getSize() > from
                && chain.mayHave(PieceSpec.of(known, index).key())) {
            return withPiece(
                    request.toBuilder().setIfNotVersion(known.getVersion()).build(), id, index);
        }
        // Of many who come at once for what is not here, one brings the bytes, and the others wait for them.
        if (!opening.add(id)) {
            return byHead(request);
        }
        try {
            return withPiece(request, id, index).whenComplete((opened, failure) -> opening.remove(id));
        } catch (RuntimeException | Error e) { // nobody would bring bytes of it any more
            opening.remove(id);
            throw e;
        }
    }

    /** Forgets all heads of a user. */
    void forget(String user) {
        leases.forget(user);
        heads.forget(user);
    }

    /** A blob of which it is known which version is current. */
    OpenBlob known(BlobHead head) {
        return new OpenBlob(head, Freshness.getDefaultInstance(), chain, origin, holds, 0, null);
    }

    private CompletableFuture<OpenBlob> byHead(GetRequest request) {
        return ask(HeadRequest.newBuilder()
                        .setUser(request.getUser())
                        .setName(request.getName())
                        .setOptions(request.getOptions())
                        .mergeFrom(
                                request.hasIfVersion()
                                        ? HeadRequest.newBuilder()
                                                .setIfVersion(request.getIfVersion())
                                                .build()
                                        : HeadRequest.getDefaultInstance())
                        .build())
                .thenApply(
                        answer -> new OpenBlob(answer.getHead(), answer.getFreshness(), chain, origin, holds, 0, null));
    }

    /** Where nothing is cached, nothing is remembered. */
    private Optional<HeadLeases.Leased> leased(
            String user, String name, ReadOptions options, @Nullable BlobVersion only) {
        return chain.isEmpty() ? Optional.empty() : leases.find(user, name, options, only);
    }

    /** Tells what a blob is. */
    CompletableFuture<HeadResponse> head(HeadRequest request) {
        try {
            return leased(
                            request.getUser(),
                            request.getName(),
                            request.getOptions(),
                            request.hasIfVersion() ? request.getIfVersion() : null)
                    .map(known -> CompletableFuture.completedFuture(HeadResponse.newBuilder()
                            .setHead(known.head())
                            .setFreshness(known.freshness())
                            .build()))
                    .orElseGet(() -> ask(request));
        } catch (TintypeException none) {
            return CompletableFuture.failedFuture(none);
        }
    }

    private CompletableFuture<HeadResponse> ask(HeadRequest request) {
        Trace.current().set(VERSION_BY, NODE);
        var asked = leases.ask(request.getUser(), request.getName());
        return unary.read(
                        origin.route(UserId.of(request.getUser()), request.getOptions()),
                        BlobRetrievalGrpc.getHeadMethod(),
                        shard -> request.toBuilder().setShard(shard.value()).build())
                .whenComplete((answer, failure) -> {
                    if (failure == null) {
                        asked.found(answer.getHead(), answer.getFreshness());
                    } else {
                        asked.failed(Errors.fromWire(failure), request.getOptions());
                    }
                });
    }

    private CompletableFuture<OpenBlob> withPiece(GetRequest request, Id id, int index) {
        var wanted = request.toBuilder()
                .setRange(ByteRange.newBuilder()
                        .setOffset((long) index * PieceKey.BYTES)
                        .setLength(PieceKey.BYTES))
                .build();
        var asked = leases.ask(id.user(), id.name());
        var last = heads.ask(id.user(), id.name());
        var trace = Trace.current().set(VERSION_BY, NODE);
        return origin.gather(wanted)
                .thenApply(got -> {
                    trace.set(BYTES_BY, got.notModified() ? "cache" : NODE);
                    asked.found(got.head(), got.freshness());
                    last.found(got.head());
                    return new OpenBlob(got.head(), got.freshness(), chain, origin, holds, index, piece(got, index));
                })
                .exceptionallyCompose(failure -> {
                    var cause = Errors.fromWire(failure);
                    return switch (cause.reason()) {
                        case RANGE_NOT_SATISFIABLE -> byHead(request); // also what an empty blob answers
                        case BLOB_NOT_FOUND -> {
                            last.absent();
                            asked.failed(cause, request.getOptions());
                            yield CompletableFuture.failedFuture(cause);
                        }
                        default -> CompletableFuture.failedFuture(cause);
                    };
                });
    }

    private @Nullable Piece piece(OriginReads.Gathered got, int index) {
        if (got.notModified()) {
            return null;
        }
        var spec = PieceSpec.of(got.head(), index);
        if (got.bytes().size() != spec.length()
                || (spec.crc().isPresent() && spec.crc().getAsInt() != got.crc())) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA,
                    "The node's answer does not have the size or checksum of its version. Try again.");
        }
        var piece = Piece.onHeap(got.bytes(), got.crc());
        chain.offer(spec, piece);
        return piece;
    }
}
