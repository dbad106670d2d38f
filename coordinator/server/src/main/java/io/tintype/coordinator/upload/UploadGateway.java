// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.upload;

import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.coordinator.route.UnaryProxy;
import io.tintype.coordinator.route.UserRouter;
import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DeleteRequest;
import io.tintype.proto.v1.DeleteResponse;
import io.tintype.proto.v1.PutChunkRequest;
import io.tintype.proto.v1.PutChunkResponse;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.trace.Trace;
import io.tintype.wire.Wire;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * All changes, whatever interface they come by: checked as far as the request alone tells, then passed on to the node that
 * leads the user's shard. Thread-safe; never blocks.
 */
public final class UploadGateway {
    /** Held by an upload besides its bytes. */
    private static final long OVERHEAD_BYTES = 16 << 10;

    private final UserRouter router;
    private final ChannelSource channels;
    private final UnaryProxy unary;
    private final Admission admission;
    private final long maxBlobBytes;
    private final Duration timeout;

    /**
     * @param maxBlobBytes largest blob taken here; nodes have a limit of their own
     * @param timeout longest time one upload may take; nodes end sooner those on which nothing moves
     */
    public UploadGateway(
            UserRouter router, ChannelSource channels, Admission admission, long maxBlobBytes, Duration timeout) {
        this.router = router;
        this.channels = channels;
        this.unary = new UnaryProxy(channels);
        this.admission = admission;
        this.maxBlobBytes = maxBlobBytes;
        this.timeout = timeout;
    }

    /** Largest blob taken here, in bytes. */
    public long maxBlobBytes() {
        return maxBlobBytes;
    }

    /**
     * Begins an upload.
     *
     * @param first the first message, with the header
     * @param listener is told how it goes on; not before this call has returned an upload or thrown
     * @throws TintypeException if the header is not legal, or OVERLOADED
     */
    public PutStream put(PutRequest first, PutStream.Listener listener) {
        if (!first.hasHeader()) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, "The first message of an upload must carry its header.");
        }
        var header = first.getHeader();
        var user = check(header);
        long expected = header.hasSize() ? Math.min(header.getSize(), PutRelay.REPLAY_BYTES) : PutRelay.REPLAY_BYTES;
        var lease = admission.admit(user, Math.max(expected, first.getSerializedSize()) + OVERHEAD_BYTES);
        try {
            var relay = relay(user, lease, listener);
            relay.begin(first);
            return relay;
        } catch (RuntimeException | Error e) { // nobody else would give it back
            lease.release();
            throw e;
        }
    }

    private PutRelay relay(UserId user, Admission.Lease lease, PutStream.Listener listener) {
        var options = CallOptions.DEFAULT.withExecutor(MoreExecutors.directExecutor());
        var trace = Trace.current();
        if (trace != Trace.NONE) {
            options = options.withOption(Trace.OF_CALL, trace);
        }
        var deadlineOfCaller = Context.current().getDeadline();
        var limit = Deadline.after(timeout.toMillis(), TimeUnit.MILLISECONDS);
        options = options.withDeadline(deadlineOfCaller == null ? limit : limit.minimum(deadlineOfCaller));
        var route = router.write(user, UnaryProxy.deadlineOfCaller(UnaryProxy.ROUTING_UPLOADS_MS));
        return new PutRelay(channels, options, route, limit, lease, listener);
    }

    /** Removes a blob. */
    public CompletableFuture<DeleteResponse> delete(DeleteRequest request) {
        BlobName.of(request.getName());
        Wire.requestId(request.getRequestId());
        var route = router.write(UserId.of(request.getUser()), UnaryProxy.deadlineOfCaller());
        return unary.change(
                route,
                BlobUploadGrpc.getDeleteMethod(),
                shard -> request.toBuilder().setShard(shard.value()).build(),
                request.getStrict() ? Limits.STRICT_WAIT : Duration.ZERO);
    }

    /**
     * Passes on a chunk, which counts among what uploads hold until it is answered.
     *
     * @throws TintypeException INVALID_USER, INVALID_ARGUMENT or OVERLOADED
     */
    CompletableFuture<PutChunkResponse> putChunk(PutChunkRequest request) {
        Wire.uploadId(request.getUploadId());
        var lease = admission.admit(UserId.of(request.getUser()), request.getSerializedSize() + OVERHEAD_BYTES);
        try {
            return change(
                            request.getUser(),
                            BlobUploadGrpc.getPutChunkMethod(),
                            shard -> request.toBuilder().setShard(shard.value()).build())
                    .whenComplete((done, failure) -> lease.release());
        } catch (RuntimeException | Error e) { // nobody else would give it back
            lease.release();
            throw e;
        }
    }

    /**
     * Passes on any other change that is asked for in one message.
     *
     * @param user the user it concerns
     * @param request makes the request for a shard
     * @throws TintypeException INVALID_USER
     */
    <Q, A> CompletableFuture<A> change(String user, MethodDescriptor<Q, A> method, Function<ShardId, Q> request) {
        return unary.change(router.write(UserId.of(user), UnaryProxy.deadlineOfCaller()), method, request);
    }

    /** Refuses a header that no node would take. */
    UserId check(PutHeader header) {
        var user = UserId.of(header.getUser());
        BlobName.of(header.getName());
        Wire.requestId(header.getRequestId());
        Wire.checkHeader(header, Math.min(maxBlobBytes, Limits.MAX_BLOB_BYTES));
        if (header.hasCondition()) {
            Wire.checkCondition(header.getCondition());
        }
        return user;
    }
}
