// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a server process running until it is told to stop: by Ctrl-C or SIGTERM, by the end of standard input where its
 * parent holds the other end, or by the server itself.
 */
final class Lifetime {
    private static final Logger LOG = LoggerFactory.getLogger(Lifetime.class);
    private static final int STOP_SECONDS = 30;

    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);

    /** From now on Ctrl-C and SIGTERM make {@link #await} return, and the process waits for {@link #ended}. */
    void catchSignals() {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            stop.countDown();
                            try {
                                if (!stopped.await(STOP_SECONDS, TimeUnit.SECONDS)) {
                                    LOG.warn("not stopped after {} s; ending all the same", STOP_SECONDS);
                                }
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        "stop"));
    }

    /** From now on the end of standard input makes {@link #await} return. */
    void endWithStandardInput() {
        var watch = new Thread(
                () -> {
                    try {
                        while (System.in.read() >= 0) {
                            // Nothing is said there; its end is the sign.
                        }
                    } catch (IOException e) {
                        LOG.debug("standard input failed, taken for its end", e);
                    }
                    stop.countDown();
                },
                "parent-watch");
        watch.setDaemon(true);
        watch.start();
    }

    /** Opens when the process is to stop. */
    CountDownLatch stopping() {
        return stop;
    }

    /** Makes {@link #await} return. */
    void end() {
        stop.countDown();
    }

    /** Waits until the process is to stop. */
    void await() throws InterruptedException {
        stop.await();
    }

    /** Everything is closed: the process may end. */
    void ended() {
        stopped.countDown();
    }
}
