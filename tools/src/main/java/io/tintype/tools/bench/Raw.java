// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;

/**
 * Times one operation, repeated by a number of threads for a time. What {@code bench raw} measures everything with, so
 * that figures can be compared.
 */
final class Raw {
    /** One operation of one thread. */
    interface Operation {
        /** Does it once; {@code index} counts the operations of this worker from 0. */
        void run(int worker, long index) throws Exception;
    }

    /**
     * What was measured.
     *
     * @param cpuMicrosPerOperation of the processes that were asked about
     */
    record Measured(Figures figures, double cpuMicrosPerOperation) {}

    /** How long an operation is made before it counts, and then measured. */
    record Pace(Duration warmUp, Duration measured) {}

    private Raw() {}

    /**
     * Runs it, first for a while without counting, and returns its figures.
     *
     * @param pace how long each of the two lasts
     * @param bytes that one operation moves
     * @param cpuNanos the CPU time used so far by those who do the work
     */
    static Measured measure(int concurrency, Pace pace, int bytes, LongSupplier cpuNanos, Operation operation)
            throws InterruptedException {
        var unused = once(concurrency, pace.warmUp(), bytes, operation);
        long before = cpuNanos.getAsLong();
        var figures = once(concurrency, pace.measured(), bytes, operation);
        long used = cpuNanos.getAsLong() - before;
        return new Measured(figures, Figures.round(used / 1e3 / Math.max(1, figures.operations())));
    }

    private static Figures once(int concurrency, Duration duration, int bytes, Operation operation)
            throws InterruptedException {
        var tally = new Tally();
        ExecutorService threads = Executors.newFixedThreadPool(concurrency);
        long start = System.nanoTime();
        long deadline = start + duration.toNanos();
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < concurrency; i++) {
                int worker = i;
                running.add(threads.submit(() -> {
                    long now = System.nanoTime();
                    for (long index = 0; now < deadline; index++) {
                        operation.run(worker, index);
                        long done = System.nanoTime();
                        tally.succeeded(done - now, bytes);
                        now = done;
                    }
                    return null;
                }));
            }
            for (var one : running) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            threads.shutdownNow();
        }
        return Figures.of(tally, System.nanoTime() - start);
    }
}
