// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.coordinator.cache.Origin;
import io.tintype.coordinator.cache.PieceChain;
import io.tintype.coordinator.route.UnaryProxy;
import io.tintype.coordinator.route.UserRouter;
import io.tintype.heads.HeadStats;
import io.tintype.heads.feed.HeadFeeds;
import io.tintype.model.BlobName;
import io.tintype.model.UserId;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.ExplainReadRequest;
import io.tintype.proto.v1.ExplainReadResponse;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.ListResponse;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * All reads, whatever interface they come by: checked as far as the request alone tells, then answered by a node
 * that can say what is current, as freshly as the caller wants it, and by caches or a node that have the bytes. Thread-safe; never
 * blocks.
 */
public final class RetrievalGateway implements AutoCloseable {
    /** This part of the heap's limit is there for reads of several pieces. */
    private static final int HELD_SHARE = 16;

    private final UserRouter router;
    private final UnaryProxy unary;
    private final OriginReads origin;
    private final PieceChain chain;
    private final HeadLeases leases;
    private final Opener opener;
    private final NearReads near;

    /**
     * Over parts that outlive this object.
     *
     * @param caches makes the row of caches before the origin
     */
    public RetrievalGateway(UserRouter router, ChannelSource channels, Function<Origin, PieceChain> caches) {
        this.router = router;
        this.unary = new UnaryProxy(channels);
        this.origin = new OriginReads(router, channels);
        this.chain = caches.apply(origin);
        this.leases = new HeadLeases(
                user -> router.remembered(UserId.of(user)),
                heads ->
                        new HeadFeeds(heads, FeedSurroundings.BOUNDS, new FeedSurroundings(router::primary, channels)));
        this.opener = new Opener(
                unary, origin, chain, leases, new Holds(Runtime.getRuntime().maxMemory() / HELD_SHARE));
        this.near = new NearReads(this, router);
    }

    /** The caches. */
    public PieceChain caches() {
        return chain;
    }

    /**
     * Begins to read a blob; {@link GetStream#demand} brings its messages.
     *
     * @throws io.tintype.model.TintypeException if user or name are not legal
     */
    public GetStream get(GetRequest request, GetStream.Listener<GetResponse> listener) {
        check(request.getUser(), request.getName());
        if (chain.isEmpty()) {
            return uncached(request, listener);
        }
        var get = new CachedGet(this, request, listener);
        get.begin();
        return get;
    }

    /** The same, past the caches. */
    GetStream uncached(GetRequest request, GetStream.Listener<GetResponse> listener) {
        return request.getOptions().getConsistency() == Consistency.CONSISTENCY_NEAR
                ? near.get(request, listener)
                : origin.stream(request, listener);
    }

    /** A read by the nearest replica, and by another way where that fails before the first message. */
    GetStream get(GetRequest request, GetRequest otherwise, GetStream.Listener<GetResponse> listener) {
        return origin.stream(request, otherwise, listener);
    }

    /**
     * Finds out which version of a blob is current, to read from it afterwards. Of the request's range only the beginning
     * counts, as a hint; of the version that is not wanted, that its bytes need not come.
     *
     * @throws io.tintype.model.TintypeException if user or name are not legal
     */
    public CompletableFuture<OpenBlob> open(GetRequest request) {
        check(request.getUser(), request.getName());
        return opener.open(request);
    }

    /** The same, where a blob is replaced so often that it was gone before its first byte was read. */
    public CompletableFuture<OpenBlob> openAtOnce(GetRequest request) {
        check(request.getUser(), request.getName());
        return opener.openAtOnce(request);
    }

    /** A blob of which it is known which version is current. */
    public OpenBlob known(BlobHead head) {
        return opener.known(head);
    }

    /** Tells what a blob is. */
    public CompletableFuture<HeadResponse> head(HeadRequest request) {
        check(request.getUser(), request.getName());
        return opener.head(request);
    }

    /**
     * Tells which layer would answer a read of a blob.
     *
     * @param coordinator id of this one
     * @throws io.tintype.model.TintypeException if user or name are not legal
     */
    public CompletableFuture<ExplainReadResponse> explain(ExplainReadRequest request, String coordinator) {
        check(request.getUser(), request.getName());
        return new ReadExplanation(unary, origin, router, chain, leases, coordinator).of(request);
    }

    /** Forgets which versions of a user's blobs are current. */
    public void forgetHeads(String user) {
        opener.forget(user);
    }

    /** What the pool of a user says of caching by browsers and proxies; empty: nothing, or not known. Asks nobody. */
    public String poolCacheControl(String user) {
        return router.pool(UserId.of(user)).map(PoolRules::cacheControl).orElse("");
    }

    /** Lists a page of a user's blobs. */
    public CompletableFuture<ListResponse> list(ListRequest request) {
        return unary.read(
                origin.route(UserId.of(request.getUser()), request.getOptions()),
                BlobRetrievalGrpc.getListMethod(),
                shard -> request.toBuilder().setShard(shard.value()).build());
    }

    /** What the leases of heads did so far. */
    public HeadStats leases() {
        return leases.stats();
    }

    /** Shards whose changes this coordinator is told of now. */
    public long shardsWatched() {
        return leases.feedsConnected();
    }

    /** Watches nothing more and closes the caches. */
    @Override
    public void close() {
        leases.close();
        chain.close();
    }

    private static void check(String user, String name) {
        UserId.of(user);
        BlobName.of(name);
    }
}
