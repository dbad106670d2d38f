// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.trace.Trace;
import io.tintype.wire.Errors;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers gRPC calls from futures. Stateless and thread-safe. */
public final class Answers {
    private static final Logger log = LoggerFactory.getLogger(Answers.class);

    private Answers() {}

    /** Runs the work and answers with what becomes of it; a failure that is a bug is logged. */
    public static <A> void send(StreamObserver<A> out, Supplier<CompletableFuture<A>> work) {
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
                if (Errors.isBug(failure)) {
                    log.error("a call failed by a bug{}", trace.suffix(), failure);
                }
                out.onError(Errors.toWire(failure));
            }
        });
    }
}
