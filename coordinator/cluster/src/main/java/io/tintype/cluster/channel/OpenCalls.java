// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the calls that go on at a server, each until its last byte was written to its connection, so that a server that stops can
 * wait for them. Thread-safe.
 */
public final class OpenCalls extends ServerStreamTracer.Factory {
    private static final long POLL_MS = 5;

    private volatile AtomicInteger open = new AtomicInteger();

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
        var mine = open;
        mine.incrementAndGet();
        return new ServerStreamTracer() {
            @Override
            public void streamClosed(Status status) {
                mine.decrementAndGet();
            }
        };
    }

    /**
     * Waits until the calls that go on now have ended, for so long at most. Those that begin meanwhile are not waited for: there may
     * always be some. Blocks.
     */
    void await(Duration most) throws InterruptedException {
        var now = open;
        open = new AtomicInteger();
        long deadline = System.nanoTime() + most.toNanos();
        while (now.get() > 0 && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }
}
