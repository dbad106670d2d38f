// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.storage.future.Futures;
import io.tintype.trace.Trace;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Answers calls that have one answer. Thread-safe; never blocks. */
final class Replies {
    private final Failures failures;

    Replies(Failures failures) {
        this.failures = failures;
    }

    /**
     * Sends what a step comes to, or why it failed.
     *
     * @param what the call's name, for the log
     */
    <T> void send(StreamObserver<T> out, String what, Supplier<CompletableFuture<T>> step) {
        // Without a handler, sending to a client who is gone would throw.
        ((ServerCallStreamObserver<T>) out).setOnCancelHandler(() -> {});
        var trace = Trace.current();
        var unused = Futures.begin(step).whenComplete((value, failure) -> {
            if (failure != null) {
                failures.end(out, failure, new Failures.Call(what, null, trace));
            } else {
                out.onNext(value);
                out.onCompleted();
            }
        });
    }
}
