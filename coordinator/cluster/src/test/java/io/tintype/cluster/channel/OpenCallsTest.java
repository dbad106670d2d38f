// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
final class OpenCallsTest {
    private static final Duration LONG = Duration.ofHours(1);

    private final OpenCalls calls = new OpenCalls();

    private ServerStreamTracer begin() {
        return calls.newServerStreamTracer("tintype.v1.BlobRetrieval/Get", new Metadata());
    }

    @Test
    void whoStopsWaitsForTheCallsThatGoOn() throws Exception {
        var call = begin();
        var ended = CompletableFuture.runAsync(() -> {
            try {
                calls.await(LONG);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(ended).isNotDone();
        call.streamClosed(Status.OK);
        ended.get();
    }

    @Test
    void callsThatNeverEndAreWaitedForOnceAndNotForLong() throws Exception {
        begin();
        calls.await(Duration.ofMillis(1));
        begin().streamClosed(Status.CANCELLED);
        calls.await(LONG);
    }

    @Test
    void nothingIsWaitedForWhereNothingGoesOn() throws Exception {
        begin().streamClosed(Status.OK);
        calls.await(LONG);
    }
}
