// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.upload;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.coordinator.route.Broken;
import io.tintype.coordinator.route.Route;
import io.tintype.coordinator.route.Target;
import io.tintype.coordinator.route.UnaryProxy;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Errors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes one upload on, message by message, to the node that leads the user's shard.
 *
 * <p>What has been sent is kept while it is no more than {@value #REPLAY_BYTES} bytes: until then the upload can begin anew
 * at another node without its caller noticing. After that it holds one message at a time, and a failure is the caller's to
 * repeat, under the same request id. Another message is asked for only when the transport to the node takes it.
 *
 * <p>Everything runs in one {@link SynchronizationContext}, so that nothing here happens at the same time as anything else.
 */
final class PutRelay implements PutStream {
    private static final Logger log = LoggerFactory.getLogger(PutRelay.class);

    /** As much as a blob that fits one message has, with its header. */
    static final long REPLAY_BYTES = 288 << 10;

    /**
     * What is held at least once the upload cannot begin anew: the message under way, and two more on their way to a node that
     * is slow.
     */
    private static final long STREAMING_BYTES = 224 << 10;

    private final SynchronizationContext inOrder = new SynchronizationContext((thread, failure) -> broke(failure));
    private final ChannelSource channels;
    private final CallOptions options;
    private final Route route;
    private final Deadline limit;
    private final Admission.Lease lease;
    private final Listener listener;

    // Confined to inOrder:
    private @Nullable List<PutRequest> replay = new ArrayList<>();
    private long replayBytes;
    private @Nullable ClientCall<PutRequest, PutResponse> call;
    private boolean demanded;
    private boolean ended;
    private boolean done;
    private boolean perhapsMade;

    PutRelay(
            ChannelSource channels,
            CallOptions options,
            Route route,
            Deadline limit,
            Admission.Lease lease,
            Listener listener) {
        this.channels = channels;
        this.options = options;
        this.route = route;
        this.limit = limit;
        this.lease = lease;
        this.listener = listener;
    }

    /** Takes the first message and looks for the node. */
    void begin(PutRequest first) {
        inOrder.execute(() -> {
            keep(first);
            follow(route.first());
        });
    }

    @Override
    public void send(PutRequest message) {
        inOrder.execute(() -> {
            demanded = false;
            if (done) {
                return;
            }
            keep(message);
            if (call != null) {
                call.sendMessage(message);
                demandIfReady();
            }
        });
    }

    @Override
    public void end() {
        inOrder.execute(() -> {
            ended = true;
            if (call != null && !done) {
                call.halfClose();
            }
        });
    }

    @Override
    public void cancel(String why) {
        inOrder.execute(() -> {
            if (!done) {
                finish();
                if (call != null) {
                    call.cancel(why, null);
                }
            }
        });
    }

    private void keep(PutRequest message) {
        long bytes = message.getSerializedSize();
        if (replay == null) {
            lease.growTo(bytes);
            return;
        }
        replayBytes += bytes;
        lease.growTo(replayBytes);
        // While a node is being looked for, nothing else has the message.
        if (replayBytes > REPLAY_BYTES && call != null) {
            replay = null;
            lease.shrinkTo(Math.max(STREAMING_BYTES, bytes));
        } else {
            replay.add(message);
        }
    }

    private void follow(CompletableFuture<Target> way) {
        var unused = way.whenComplete((target, failure) -> inOrder.execute(() -> {
            if (done) {
                return;
            }
            if (failure == null) {
                connect(target);
            } else {
                fail(Errors.fromWire(failure));
            }
        }));
    }

    private void connect(Target target) {
        var next = channels.to(target.address()).newCall(BlobUploadGrpc.getPutMethod(), options);
        call = next;
        next.start(new Answer(target, next), new Metadata());
        next.request(2);
        if (replay != null) {
            boolean first = true;
            for (var message : replay) {
                next.sendMessage(first ? forShard(message, target) : message);
                first = false;
            }
        }
        if (ended) {
            next.halfClose();
        } else {
            demandIfReady();
        }
    }

    private static PutRequest forShard(PutRequest first, Target target) {
        return first.toBuilder()
                .setHeader(first.getHeader().toBuilder().setShard(target.shard().value()))
                .build();
    }

    private void demandIfReady() {
        if (!demanded && !ended && !done && call != null && call.isReady()) {
            demanded = true;
            listener.onDemand();
        }
    }

    private void attemptFailed(Target target, TintypeException cause) {
        call = null;
        if (limit.isExpired() && !ended) {
            fail(new TintypeException(
                    Reason.INCOMPLETE_UPLOAD,
                    "The upload took longer than it may (uploadTimeout). Nothing was stored. Send it faster, or in"
                            + " chunks (StartUpload)."));
            return;
        }
        perhapsMade |= ended && UnaryProxy.mayHaveBeenMade(cause.reason());
        if (replay != null) {
            follow(route.next(target, cause));
        } else {
            fail(interrupted(cause));
        }
    }

    /** Nodes tell who leads a shard only to those who can go there: this upload cannot begin anew. */
    private static TintypeException interrupted(TintypeException cause) {
        if (cause.reason() != Reason.NOT_PRIMARY && cause.reason() != Reason.WRONG_SHARD) {
            return cause;
        }
        return new TintypeException(
                Reason.UNAVAILABLE,
                "The user's shard changed hands while the upload was under way; nothing was stored. Send it again with"
                        + " the same request id.",
                Map.of(),
                null,
                cause);
    }

    private void fail(TintypeException failure) {
        finish();
        var cause = Route.forCaller(failure);
        listener.onFailed(perhapsMade ? UnaryProxy.unknown(cause) : cause);
    }

    /** A step threw what nobody expected. The upload ends with it: nobody else would tell the caller. */
    private void broke(Throwable failure) {
        log.error("passing on an upload failed", failure);
        if (done) {
            return;
        }
        perhapsMade |= ended;
        var broken = call;
        call = null;
        if (broken != null) {
            broken.cancel("passing it on failed", failure);
        }
        fail(Broken.of(failure));
    }

    private void finish() {
        done = true;
        replay = null;
        lease.release();
    }

    private final class Answer extends ClientCall.Listener<PutResponse> {
        private final Target target;
        private final ClientCall<PutRequest, PutResponse> mine;
        private @Nullable PutResponse response;

        Answer(Target target, ClientCall<PutRequest, PutResponse> mine) {
            this.target = target;
            this.mine = mine;
        }

        @Override
        public void onReady() {
            inOrder.execute(PutRelay.this::demandIfReady);
        }

        @Override
        public void onMessage(PutResponse message) {
            response = message;
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            inOrder.execute(() -> {
                if (done || call != mine) {
                    return;
                }
                if (!status.isOk()) {
                    attemptFailed(target, Errors.fromWire(status.asRuntimeException(trailers)));
                } else if (response != null) {
                    finish();
                    listener.onStored(response);
                } else {
                    fail(new TintypeException(Reason.INTERNAL, "The storage node ended an upload without an answer."));
                }
            });
        }
    }
}
