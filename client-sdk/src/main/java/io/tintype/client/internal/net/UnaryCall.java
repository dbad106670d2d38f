// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.tintype.wire.Errors;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A call with one message each way, as a future that fails with {@link CallFailure}. Stateless and thread-safe. */
public final class UnaryCall {
    private UnaryCall() {}

    /** Sends the request; {@link Op#cancel} stops it. */
    public static <Q, R> CompletableFuture<R> send(
            Channel channel, MethodDescriptor<Q, R> method, CallOptions options, Op op, Q request) {
        var running = start(channel, method, options, request, () -> {});
        op.onCancel(() -> running.cancel().cancel("cancelled by the caller"));
        return running.answer();
    }

    /** Sends the request as one of a {@link Race}. */
    public static <Q, R> Race.Running<R> start(
            Channel channel, MethodDescriptor<Q, R> method, CallOptions options, Q request, Runnable slow) {
        var answer = new CompletableFuture<R>();
        var mark = new SentMark();
        ClientCall<Q, R> call = channel.newCall(method, mark.mark(options));
        ClientCalls.asyncUnaryCall(call, request, new StreamObserver<>() {
            private @Nullable R message;

            @Override
            public void onNext(R value) {
                message = value;
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(CallFailure.of(failure, mark.isSent()));
            }

            @Override
            public void onCompleted() {
                if (message == null) {
                    onError(Errors.fromWire(new IllegalStateException("an answer without a message")));
                } else {
                    answer.complete(message);
                }
            }
        });
        return new Race.Running<>(answer, why -> call.cancel(why, null), slow);
    }
}
