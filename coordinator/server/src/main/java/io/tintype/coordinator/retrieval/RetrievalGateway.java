// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.coordinator.route.Route;
import io.tintype.coordinator.route.UnaryProxy;
import io.tintype.coordinator.route.UserRouter;
import io.tintype.model.BlobName;
import io.tintype.model.UserId;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.ListResponse;
import io.tintype.proto.v1.ReadOptions;
import java.util.concurrent.CompletableFuture;

/**
 * All reads, whatever interface they come by: checked as far as the request alone tells, then passed on. Where the caller
 * allows any replica to answer, to the nearest that does; else to the node that leads the user's shard. Thread-safe; never
 * blocks.
 */
public final class RetrievalGateway {
    private final UserRouter router;
    private final ChannelSource channels;
    private final UnaryProxy unary;
    private final NearReads near;

    /** Over parts that outlive this object. */
    public RetrievalGateway(UserRouter router, ChannelSource channels) {
        this.router = router;
        this.channels = channels;
        this.unary = new UnaryProxy(channels);
        this.near = new NearReads(this, router);
    }

    /**
     * Begins to read a blob; {@link GetStream#demand} brings its messages.
     *
     * @throws io.tintype.model.TintypeException if user or name are not legal
     */
    public GetStream get(GetRequest request, GetStream.Listener<GetResponse> listener) {
        return request.getOptions().getConsistency() == Consistency.CONSISTENCY_NEAR
                ? near.get(request, listener)
                : get(request, BlobRetrievalGrpc.getGetMethod(), listener);
    }

    <A> GetStream get(GetRequest request, MethodDescriptor<GetRequest, A> method, GetStream.Listener<A> listener) {
        var relay = relay(request, method, listener);
        relay.begin();
        return relay;
    }

    /** A read by the nearest replica, and by another way where that fails before the first message. */
    GetStream get(GetRequest request, GetRequest otherwise, GetStream.Listener<GetResponse> listener) {
        var relay = relay(request, BlobRetrievalGrpc.getGetMethod(), listener);
        relay.beginOr(route(UserId.of(request.getUser()), otherwise.getOptions()), otherwise);
        return relay;
    }

    private <A> GetRelay<A> relay(
            GetRequest request, MethodDescriptor<GetRequest, A> method, GetStream.Listener<A> listener) {
        var user = UserId.of(request.getUser());
        BlobName.of(request.getName());
        var options = CallOptions.DEFAULT.withExecutor(MoreExecutors.directExecutor());
        var deadlineOfCaller = Context.current().getDeadline();
        if (deadlineOfCaller != null) {
            options = options.withDeadline(deadlineOfCaller);
        }
        return new GetRelay<>(channels, method, options, route(user, request.getOptions()), request, listener);
    }

    /** Tells what a blob is. */
    public CompletableFuture<HeadResponse> head(HeadRequest request) {
        var user = UserId.of(request.getUser());
        BlobName.of(request.getName());
        return unary.read(
                route(user, request.getOptions()),
                BlobRetrievalGrpc.getHeadMethod(),
                shard -> request.toBuilder().setShard(shard.value()).build());
    }

    /** Lists a page of a user's blobs. */
    public CompletableFuture<ListResponse> list(ListRequest request) {
        return unary.read(
                route(UserId.of(request.getUser()), request.getOptions()),
                BlobRetrievalGrpc.getListMethod(),
                shard -> request.toBuilder().setShard(shard.value()).build());
    }

    private Route route(UserId user, ReadOptions options) {
        Deadline deadline = UnaryProxy.deadlineOfCaller();
        return switch (options.getConsistency()) {
            case CONSISTENCY_SESSION, CONSISTENCY_BOUNDED_STALENESS, CONSISTENCY_EXACT_VERSION ->
                router.readAnywhere(user, deadline);
            // What is not known here is for the node to refuse.
            case CONSISTENCY_UNSPECIFIED, CONSISTENCY_LINEARIZABLE, CONSISTENCY_NEAR, UNRECOGNIZED ->
                router.read(user, deadline);
        };
    }
}
