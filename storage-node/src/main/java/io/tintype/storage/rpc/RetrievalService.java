// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.directory.UserHome;
import io.tintype.model.BlobName;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.ListResponse;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import io.tintype.storage.blob.ShardReader;
import io.tintype.storage.future.Futures;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.trace.Trace;
import io.tintype.wire.Wire;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads of blobs of the shards this node holds. Thread-safe; never blocks. */
final class RetrievalService extends BlobRetrievalGrpc.BlobRetrievalImplBase {
    private final Toolbox box;
    private final Replies replies;
    private final Listings listings;
    private final AtomicInteger headsWaiting;

    /** @param headsWaiting counts changes of heads that wait for those who watch them */
    RetrievalService(Toolbox box, String clusterId, AtomicInteger headsWaiting) {
        this.box = box;
        this.headsWaiting = headsWaiting;
        this.replies = new Replies(box.failures());
        this.listings = new Listings(new PageTokens(clusterId));
    }

    @Override
    public void get(GetRequest request, StreamObserver<GetResponse> response) {
        var out = (ServerCallStreamObserver<GetResponse>) response;
        var handlers = new GetHandlers(out);
        var trace = Trace.current();
        var unused = Futures.begin(() -> {
                    var task = ReadTask.of(request);
                    return box.routes()
                            .data(task.user(), Wire.shardHint(request.getShard()))
                            .thenCompose(shard -> shard.begin(
                                            Reads.demand(request.getOptions(), shard.id(), task.only() != null))
                                    .thenAccept(point -> handlers.start(new GetCall(box, shard, task, point, out))));
                })
                .whenComplete((started, failure) -> {
                    if (failure != null) {
                        box.failures().end(out, failure, new Failures.Call("Get", null, trace));
                    }
                });
    }

    @Override
    public void head(HeadRequest request, StreamObserver<HeadResponse> out) {
        replies.send(out, "Head", () -> head(request));
    }

    @Override
    public void list(ListRequest request, StreamObserver<ListResponse> out) {
        replies.send(out, "List", () -> list(request));
    }

    @Override
    public void watchHeads(WatchHeadsRequest request, StreamObserver<WatchHeadsResponse> response) {
        var out = (ServerCallStreamObserver<WatchHeadsResponse>) response;
        var watch = new HeadsCall(box, out, headsWaiting);
        var unused = Futures.begin(() -> {
                    var id = Wire.shardHint(request.getShard())
                            .orElseThrow(() -> Requests.invalid("shard is 0; say which shard's heads"));
                    watch.begin(box.routes().data(id), request);
                    return CompletableFuture.completedFuture(watch);
                })
                .whenComplete((begun, failure) -> {
                    if (failure != null) {
                        box.failures().end(out, failure, new Failures.Call("WatchHeads", null, Trace.NONE));
                    }
                });
    }

    private CompletableFuture<HeadResponse> head(HeadRequest request) {
        var user = UserId.of(request.getUser());
        var name = BlobName.of(request.getName());
        var only = request.hasIfVersion() ? Requests.version("if_version", request.getIfVersion()) : null;
        return box.routes()
                .data(user, Wire.shardHint(request.getShard()))
                .thenCompose(shard -> read(
                        shard,
                        user,
                        request.getOptions(),
                        only != null,
                        reader -> reader.head(user, name, box.clock().millis(), Reads.mayLagMs(request.getOptions()))
                                .map(head -> checked(head, only))))
                .thenApply(answer -> HeadResponse.newBuilder()
                        .setHead(Writes.head(
                                request.getUser(),
                                request.getName(),
                                answer.value().orElseThrow(() -> Reads.noBlob(user, name))))
                        .setFreshness(Reads.freshness(answer.freshness()))
                        .build());
    }

    private CompletableFuture<ListResponse> list(ListRequest request) {
        var page = listings.page(request);
        return box.routes()
                .data(page.user(), Wire.shardHint(request.getShard()))
                .thenCompose(shard -> read(shard, page.user(), request.getOptions(), false, reader -> {
                    var listing =
                            listings.read(reader, page, box.clock().millis(), Reads.mayLagMs(request.getOptions()));
                    return listing.getEntriesCount() == 0 ? Optional.empty() : Optional.of(listing);
                }))
                .thenApply(answer -> answer.value().orElse(ListResponse.getDefaultInstance()).toBuilder()
                        .setFreshness(Reads.freshness(answer.freshness()))
                        .build());
    }

    /**
     * A value, or that there is none.
     *
     * @param owner whether at least the user is known
     * @param stay {@link UserGate#stay} before it was read, where that is asked for
     */
    private record Found<T>(Optional<T> value, boolean owner, long stay) {}

    /**
     * Reads a value that a user may have. Nothing of a user of whom the replica has never heard means something only if he lives
     * there; and as he may have come just before the directory said so, the replica is then read once more. So it is where he
     * may have come back.
     *
     * @param namesVersion as for {@link Reads#demand}
     */
    private <T> CompletableFuture<Reads.Answer<Optional<T>>> read(
            ShardReplica shard,
            UserId user,
            ReadOptions options,
            boolean namesVersion,
            Function<ShardReader, Optional<T>> value) {
        var demand = Reads.demand(options, shard.id(), namesVersion);
        boolean wroteElsewhere = Reads.wroteElsewhere(options, shard.id());
        return look(shard, user, demand, wroteElsewhere, value)
                .thenCompose(first -> {
                    boolean doubtful = wroteElsewhere && first.freshness().stale();
                    return first.value().owner() && !doubtful
                            ? CompletableFuture.completedFuture(first)
                            : box.gate()
                                    .livesOn(shard, user)
                                    .thenCompose(home -> look(shard, user, demand, wroteElsewhere, value)
                                            .thenApply(second -> {
                                                require(shard, user, home, demand, wroteElsewhere, second);
                                                return second;
                                            }));
                })
                .thenApply(answer -> new Reads.Answer<>(answer.value().value(), answer.freshness()));
    }

    private static <T> void require(
            ShardReplica shard,
            UserId user,
            UserHome home,
            ReadDemand demand,
            boolean wroteElsewhere,
            Reads.Answer<Found<T>> read) {
        boolean stale = read.freshness().stale();
        if (!read.value().owner()) {
            UserGate.requireHeardOf(shard.id(), user, home, demand, stale);
        } else if (wroteElsewhere && stale) {
            UserGate.requireStay(shard.id(), user, home, read.value().stay());
        }
    }

    private <T> CompletableFuture<Reads.Answer<Found<T>>> look(
            ShardReplica shard,
            UserId user,
            ReadDemand demand,
            boolean wroteElsewhere,
            Function<ShardReader, Optional<T>> value) {
        return Reads.read(shard, demand, box.readers(), reader -> {
            long stay = wroteElsewhere ? UserGate.stay(shard, user) : 0;
            var found = value.apply(reader);
            return new Found<>(
                    found, found.isPresent() || reader.users().owned(user).isPresent(), stay);
        });
    }

    private static StoredHead checked(StoredHead head, @Nullable Version only) {
        var version = Requests.version(head.getVersion());
        if (only != null && !only.equals(version)) {
            throw Reads.otherVersion("if_version", only, version);
        }
        return head;
    }
}
