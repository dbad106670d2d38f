// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.coordinator.route.UnaryProxy;
import io.tintype.coordinator.route.UserRouter;
import io.tintype.model.BlobName;
import io.tintype.model.UserId;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.ListResponse;
import java.util.concurrent.CompletableFuture;

/**
 * All reads, whatever interface they come by: checked as far as the request alone tells, then passed on to the node that
 * leads the user's shard. Thread-safe; never blocks.
 */
public final class RetrievalGateway {
    private final UserRouter router;
    private final ChannelSource channels;
    private final UnaryProxy unary;

    /** Over parts that outlive this object. */
    public RetrievalGateway(UserRouter router, ChannelSource channels) {
        this.router = router;
        this.channels = channels;
        this.unary = new UnaryProxy(channels);
    }

    /**
     * Begins to read a blob; {@link GetStream#demand} brings its messages.
     *
     * @throws io.tintype.model.TintypeException if user or name are not legal
     */
    public GetStream get(GetRequest request, GetStream.Listener<GetResponse> listener) {
        return get(request, BlobRetrievalGrpc.getGetMethod(), listener);
    }

    <A> GetStream get(GetRequest request, MethodDescriptor<GetRequest, A> method, GetStream.Listener<A> listener) {
        var user = UserId.of(request.getUser());
        BlobName.of(request.getName());
        var options = CallOptions.DEFAULT.withExecutor(MoreExecutors.directExecutor());
        var deadlineOfCaller = Context.current().getDeadline();
        if (deadlineOfCaller != null) {
            options = options.withDeadline(deadlineOfCaller);
        }
        var route = router.read(user, UnaryProxy.deadlineOfCaller());
        var relay = new GetRelay<>(channels, method, options, route, request, listener);
        relay.begin();
        return relay;
    }

    /** Tells what a blob is. */
    public CompletableFuture<HeadResponse> head(HeadRequest request) {
        var user = UserId.of(request.getUser());
        BlobName.of(request.getName());
        var route = router.read(user, UnaryProxy.deadlineOfCaller());
        return unary.read(
                route,
                BlobRetrievalGrpc.getHeadMethod(),
                shard -> request.toBuilder().setShard(shard.value()).build());
    }

    /** Lists a page of a user's blobs. */
    public CompletableFuture<ListResponse> list(ListRequest request) {
        var route = router.read(UserId.of(request.getUser()), UnaryProxy.deadlineOfCaller());
        return unary.read(
                route,
                BlobRetrievalGrpc.getListMethod(),
                shard -> request.toBuilder().setShard(shard.value()).build());
    }
}
