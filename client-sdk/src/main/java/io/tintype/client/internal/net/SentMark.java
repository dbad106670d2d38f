// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import io.grpc.CallOptions;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;

/**
 * Remembers whether a call got as far as a connection: one that did not cannot have changed anything. For one call; thread-safe.
 */
public final class SentMark extends ClientStreamTracer {
    private volatile boolean sent;

    /** Options under which a call leaves this mark. */
    public CallOptions mark(CallOptions options) {
        return options.withStreamTracerFactory(new Factory() {
            @Override
            public ClientStreamTracer newClientStreamTracer(StreamInfo info, Metadata headers) {
                return SentMark.this;
            }
        });
    }

    @Override
    public void outboundHeaders() {
        sent = true;
    }

    /** Whether the server may have seen anything of the call. */
    public boolean isSent() {
        return sent;
    }
}
