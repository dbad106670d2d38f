// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.AbstractMetaDataConnection;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes HTTP/1.1 connections whose request line and headers do not come to an end in time: a client that sends a byte now
 * and then is never idle, and would hold its connection for hours. Thread-safe.
 *
 * <p>Of each connection it is known how many bytes had come when the request before ended; time runs from when it is first
 * seen that there are more, or that Jetty is amid headers: a part of them may have come along with the request before.
 */
final class SlowHeaders extends Handler.Wrapper implements Connection.Listener {
    private static final Logger log = LoggerFactory.getLogger(SlowHeaders.class);
    /** How often the connections are looked at. */
    private static final Duration LOOK = Duration.ofMillis(500);

    private final Duration limit;
    private final LongSupplier nanos;
    private final Map<Connection, State> connections = new ConcurrentHashMap<>();

    /** What is known of one connection; all guarded by itself. */
    private static final class State {
        private int requests;
        private long bytesBefore;
        private long begunAt;
        private boolean begun;
    }

    SlowHeaders(Handler handler, Duration limit, LongSupplier nanos) {
        super(handler);
        this.limit = limit;
        this.nanos = nanos;
    }

    /** Looks at all connections now and then. */
    void watch(Scheduler scheduler) {
        var unused = scheduler.schedule(
                () -> {
                    try {
                        look();
                    } finally {
                        watch(scheduler);
                    }
                },
                LOOK.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    @Override
    public void onOpened(Connection connection) {
        // HTTP/2 frames also come between requests; there Jetty's own limits hold.
        if (connection instanceof AbstractMetaDataConnection) {
            connections.put(connection, new State());
        }
    }

    @Override
    public void onClosed(Connection connection) {
        connections.remove(connection);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        var connection = request.getConnectionMetaData().getConnection();
        var state = connections.get(connection);
        if (state != null) {
            synchronized (state) {
                state.requests++;
                state.begun = false;
            }
            Request.addCompletionListener(request, failure -> ended(connection, state));
        }
        return super.handle(request, response, callback);
    }

    private static void ended(Connection connection, State state) {
        synchronized (state) {
            state.requests--;
            state.bytesBefore = connection.getBytesIn();
        }
    }

    private void look() {
        long now = nanos.getAsLong();
        connections.forEach((connection, state) -> {
            try {
                look(connection, state, now);
            } catch (RuntimeException e) { // the others are to be looked at all the same
                log.warn("it cannot be seen whether the headers on {} come to an end", connection, e);
            }
        });
    }

    private void look(Connection connection, State state, long now) {
        if (isTooSlow(connection, state, now)) {
            log.debug("closing {}, whose headers do not come to an end", connection);
            connection.getEndPoint().close(new TimeoutException("headers came too slowly"));
        }
    }

    private boolean isTooSlow(Connection connection, State state, long now) {
        synchronized (state) {
            boolean more = connection.getBytesIn() != state.bytesBefore || isAmidHeaders(connection);
            if (state.requests > 0 || !more) {
                return false;
            }
            if (!state.begun) {
                state.begun = true;
                state.begunAt = now;
            }
            return now - state.begunAt > limit.toNanos();
        }
    }

    /** As far as can be seen from another thread than the one that reads; whatever is missed is seen at the next look. */
    private static boolean isAmidHeaders(Connection connection) {
        return connection instanceof HttpConnection http && !http.getParser().isIdle();
    }
}
