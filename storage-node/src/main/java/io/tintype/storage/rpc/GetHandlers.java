// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.tintype.proto.v1.GetResponse;
import org.jspecify.annotations.Nullable;

/**
 * What gRPC calls during a read. gRPC wants it set before the service's method returns, which may be before there is a
 * {@link GetCall} to lead to. Thread-safe; never blocks.
 */
final class GetHandlers {
    private @Nullable GetCall call;
    private boolean closed;

    GetHandlers(ServerCallStreamObserver<GetResponse> out) {
        out.setOnReadyHandler(this::ready);
        out.setOnCancelHandler(this::closed);
        out.setOnCloseHandler(this::closed);
    }

    /** Begins a call, unless the client is gone by now. */
    void start(GetCall started) {
        synchronized (this) {
            if (closed) {
                return;
            }
            call = started;
        }
        started.start();
    }

    private void ready() {
        var current = current();
        if (current != null) {
            current.ready();
        }
    }

    private void closed() {
        GetCall current;
        synchronized (this) {
            closed = true;
            current = call;
        }
        if (current != null) {
            current.closed();
        }
    }

    private synchronized @Nullable GetCall current() {
        return call;
    }
}
