// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;

/** The answer of a call that streams nothing, as a future. */
final class UnaryAnswer<T> implements StreamObserver<T> {
    private final CompletableFuture<T> result = new CompletableFuture<>();

    CompletableFuture<T> result() {
        return result;
    }

    @Override
    public void onNext(T message) {
        result.complete(message);
    }

    @Override
    public void onError(Throwable failure) {
        result.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
        result.completeExceptionally(Status.INTERNAL
                .withDescription("the call ended without an answer")
                .asRuntimeException());
    }
}
