// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.coordinator.route.Broken;
import io.tintype.coordinator.route.Route;
import io.tintype.coordinator.route.Target;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.GetRequest;
import io.tintype.wire.Errors;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes one blob on, message by message, from the node that leads the user's shard. Holds no message itself: one is taken
 * from the node only when the caller has asked for it.
 *
 * <p>Until the first message the read may begin anew at another node; after that a failure is the caller's.
 */
final class GetRelay<A> implements GetStream {
    private static final Logger log = LoggerFactory.getLogger(GetRelay.class);

    private final SynchronizationContext inOrder = new SynchronizationContext((thread, failure) -> broke(failure));
    private final ChannelSource channels;
    private final MethodDescriptor<GetRequest, A> method;
    private final CallOptions options;
    private final Listener<A> listener;

    // Confined to inOrder:
    private Route route;
    private GetRequest request;
    private @Nullable Fallback fallback;
    private @Nullable ClientCall<GetRequest, A> call;
    /** Messages asked for and not delivered yet: the next node is asked for them where this one fails. */
    private int wanted;

    private boolean delivering;
    private boolean done;

    private record Fallback(Route route, GetRequest request) {}

    GetRelay(
            ChannelSource channels,
            MethodDescriptor<GetRequest, A> method,
            CallOptions options,
            Route route,
            GetRequest request,
            Listener<A> listener) {
        this.channels = channels;
        this.method = method;
        this.options = options;
        this.route = route;
        this.request = request;
        this.listener = listener;
    }

    void begin() {
        inOrder.execute(() -> follow(route.first()));
    }

    /** As {@link #begin}; where that fails before the first message, the read begins anew in this way. */
    void beginOr(Route otherRoute, GetRequest otherRequest) {
        inOrder.execute(() -> {
            fallback = new Fallback(otherRoute, otherRequest);
            follow(route.first());
        });
    }

    @Override
    public void demand() {
        inOrder.execute(() -> {
            wanted++;
            if (call != null) {
                call.request(1);
            }
        });
    }

    @Override
    public void release() {
        // Messages are the listener's for good.
    }

    @Override
    public void cancel(String why) {
        inOrder.execute(() -> {
            if (!done) {
                done = true;
                if (call != null) {
                    call.cancel(why, null);
                }
            }
        });
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
        var next = channels.to(target.address()).newCall(method, options);
        call = next;
        next.start(new Answer(target, next), new Metadata());
        next.sendMessage(request.toBuilder().setShard(target.shard().value()).build());
        next.halfClose();
        if (wanted > 0) {
            next.request(wanted);
        }
        route.patienceMs()
                .ifPresent(patience -> CompletableFuture.delayedExecutor(patience, TimeUnit.MILLISECONDS)
                        .execute(() -> inOrder.execute(() -> silent(target, next))));
    }

    /** Another replica may answer at once what this one has not even begun to. */
    private void silent(Target target, ClientCall<GetRequest, A> waiting) {
        if (done || call != waiting || delivering) {
            return;
        }
        call = null;
        waiting.cancel("another replica is asked", null);
        if (fallback != null) {
            fallBack(fallback);
        } else {
            follow(route.next(
                    target, new TintypeException(Reason.UNAVAILABLE, target.address() + " did not answer in time")));
        }
    }

    private void fallBack(Fallback to) {
        call = null;
        fallback = null;
        route = to.route();
        request = to.request();
        follow(route.first());
    }

    private void fail(TintypeException failure) {
        if (fallback != null && !delivering) {
            fallBack(fallback);
            return;
        }
        done = true;
        listener.onFailed(Route.forCaller(failure));
    }

    /** A step threw what nobody expected. The read ends with it: nobody else would tell the caller. */
    private void broke(Throwable failure) {
        log.error("passing on a read failed", failure);
        if (done) {
            return;
        }
        done = true;
        if (call != null) {
            call.cancel("passing it on failed", failure);
        }
        listener.onFailed(Broken.of(failure));
    }

    private final class Answer extends ClientCall.Listener<A> {
        private final Target target;
        private final ClientCall<GetRequest, A> mine;

        Answer(Target target, ClientCall<GetRequest, A> mine) {
            this.target = target;
            this.mine = mine;
        }

        @Override
        public void onMessage(A message) {
            inOrder.execute(() -> {
                if (!done && call == mine) {
                    delivering = true;
                    wanted--;
                    listener.onMessage(message);
                }
            });
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            inOrder.execute(() -> {
                if (done || call != mine) {
                    return;
                }
                if (status.isOk()) {
                    done = true;
                    listener.onEnd();
                    return;
                }
                var cause = Errors.fromWire(status.asRuntimeException(trailers));
                if (delivering) {
                    fail(cause);
                } else if (fallback != null) {
                    fallBack(fallback);
                } else {
                    call = null;
                    follow(route.next(target, cause));
                }
            });
        }
    }
}
