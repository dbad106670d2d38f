// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.cluster.log.SlowRequest;
import io.tintype.cluster.log.SlowRequests;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.trace.Trace;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Times requests for blobs, and has those that were slow written down; to be placed inside of what begins traces. Thread-safe;
 * never blocks.
 */
final class SlowHttp extends Handler.Wrapper {
    private static final String BLOBS = "/v1/";

    private final SlowRequests slow;

    SlowHttp(SlowRequests slow, Handler handler) {
        super(handler);
        this.slow = slow;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        var path = request.getHttpURI().getPath();
        if (slow.isOn() && path != null && path.startsWith(BLOBS)) {
            var trace = Trace.current();
            long began = slow.now();
            Request.addCompletionListener(request, failure -> end(request, response, failure, trace, began));
        }
        return super.handle(request, response, callback);
    }

    private void end(Request request, Response response, @Nullable Throwable failure, Trace trace, long began) {
        long took = slow.now() - began;
        long received = Math.max(0, Request.getContentBytesRead(request));
        long sent = Math.max(0, Response.getContentBytesWritten(response));
        if (!slow.isSlow(took, received + sent)) {
            return;
        }
        slow.tell(new SlowRequest(
                // Without what follows the path: it may be a signature.
                request.getMethod() + " " + request.getHttpURI().getPath(),
                "",
                id(request),
                trace.id().orElse(""),
                failure == null ? "status " + response.getStatus() : "its connection cut",
                Duration.ofNanos(took),
                "",
                received,
                sent));
    }

    /** The one that the caller gave; null: none, and one that was made up would be found nowhere. */
    private static @Nullable RequestId id(Request request) {
        if (!request.getHeaders().contains(BlobHeaders.REQUEST_ID)) {
            return null;
        }
        try {
            return BlobHeaders.requestId(request.getHeaders(), ThreadLocalRandom.current());
        } catch (TintypeException notOne) {
            return null;
        }
    }
}
