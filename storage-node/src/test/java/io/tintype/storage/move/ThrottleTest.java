// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** What moves copy to a node, all of them together, is no more than it is to take in. */
final class ThrottleTest {
    private static final long BYTES_PER_SECOND = 10 << 20;
    private static final int COPIERS = 4;
    private static final int CHUNKS = 5;
    private static final int CHUNK = 256 << 10;

    @Test
    void allWhoCopyTakeAsLongAsTheirBytesDoTogether() throws Exception {
        var throttle = new Throttle(BYTES_PER_SECOND);
        long from = System.nanoTime();
        var threads = Executors.newFixedThreadPool(COPIERS);
        try {
            var copying = new ArrayList<Callable<Void>>();
            for (int i = 0; i < COPIERS; i++) {
                copying.add(() -> {
                    for (int chunk = 0; chunk < CHUNKS; chunk++) {
                        throttle.after(CHUNK).get();
                    }
                    return null;
                });
            }
            for (var one : threads.invokeAll(copying)) {
                one.get();
            }
        } finally {
            threads.shutdownNow();
        }
        double seconds = (System.nanoTime() - from) / 1e9;
        double atLeast = (double) COPIERS * CHUNKS * CHUNK / BYTES_PER_SECOND;
        assertThat(seconds).isGreaterThan(0.98 * atLeast);
    }

    @Test
    void whatIsLittleWaitsForNothing() {
        assertThat(new Throttle(BYTES_PER_SECOND).after(1_000)).isCompleted();
    }
}
