// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Calls that ask once and are answered once, as futures. Stateless and thread-safe. */
public final class UnaryCalls {
    private UnaryCalls() {}

    /**
     * Starts a call. The future fails with what gRPC reports; turn that into a reason by {@link
     * io.tintype.wire.Errors#fromWire}. Cancelling the future does not cancel the call: give it a deadline.
     */
    public static <Q, A> CompletableFuture<A> start(
            Channel channel, MethodDescriptor<Q, A> method, CallOptions options, Q request) {
        var answer = new CompletableFuture<A>();
        ClientCalls.asyncUnaryCall(channel.newCall(method, options), request, new StreamObserver<A>() {
            private @Nullable A value;

            @Override
            public void onNext(A message) {
                value = message;
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                answer.complete(value);
            }
        });
        return answer;
    }
}
