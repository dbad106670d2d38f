// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.log.Bugs;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.trace.Trace;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers gRPC calls from futures. Stateless and thread-safe. */
public final class Answers {
    private static final Logger log = LoggerFactory.getLogger(Answers.class);

    private static final Duration RETRY = Duration.ofSeconds(1);

    private Answers() {}

    /** Runs the work and answers with what becomes of it; a failure that is a bug is logged under an id made up for it. */
    public static <A> void send(StreamObserver<A> out, Supplier<CompletableFuture<A>> work) {
        send(out, ByteString.EMPTY, work);
    }

    /**
     * The same for a request that has an id: a bug is logged under that.
     *
     * @param request the id as it came, which may be none
     */
    public static <A> void send(StreamObserver<A> out, ByteString request, Supplier<CompletableFuture<A>> work) {
        var trace = Trace.current();
        CompletableFuture<A> answer;
        try {
            answer = work.get();
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        var unused = answer.whenComplete((value, failure) -> {
            if (out instanceof ServerCallStreamObserver<A> call && call.isCancelled()) {
                return;
            }
            if (failure == null) {
                out.onNext(value);
                out.onCompleted();
            } else {
                var told = explained(failure);
                out.onError(Errors.toWire(
                        Errors.isBug(told) ? Bugs.logged(log, "A call", known(request), trace, told) : told));
            }
        });
    }

    /**
     * The same for a change of what stands in ZooKeeper. Where that does not answer within {@link ZkSession#ANSWERS_WITHIN} the
     * work is not begun, and the caller told that nothing was changed.
     */
    public static <A> void change(StreamObserver<A> out, ZkSession zooKeeper, Supplier<CompletableFuture<A>> work) {
        Executor asCaller = Context.current().fixedContextExecutor(Runnable::run);
        send(
                out,
                () -> zooKeeper
                        .reached()
                        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(new TintypeException(
                                Reason.UNAVAILABLE,
                                "ZooKeeper is out of reach: it has not answered, so nothing was begun or changed. Try"
                                        + " again once it does.",
                                Map.of(),
                                RETRY,
                                ZkErrors.unwrap(failure))))
                        .thenComposeAsync(reached -> work.get(), asCaller));
    }

    /** That ZooKeeper is away is nobody's bug, and passes. */
    private static Throwable explained(Throwable failure) {
        return ZkErrors.isUnanswered(failure)
                ? new TintypeException(
                        Reason.UNAVAILABLE,
                        "ZooKeeper is out of reach: what was asked for could not be looked up, or may or may not have"
                                + " been done. Look, and try again.",
                        Map.of(),
                        RETRY,
                        ZkErrors.unwrap(failure))
                : failure;
    }

    private static @Nullable RequestId known(ByteString request) {
        try {
            return Wire.requestId(request);
        } catch (TintypeException none) {
            return null;
        }
    }
}
