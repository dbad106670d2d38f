// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs an operation on several threads for a while and tells how often, how fast, and at which price in CPU time. */
final class Load {
    private static final int MAX_SAMPLES = 1 << 20;

    private Load() {}

    /** One operation; told who does it and for the how-manieth time. */
    interface Operation {
        void run(int thread, long count) throws Exception;
    }

    /**
     * What came of it.
     *
     * @param perSecond operations a second, all threads together
     * @param cpuMicros CPU time of the whole process per operation
     * @param p50Micros median latency
     * @param p99Micros latency that one in a hundred exceeds
     */
    record Result(double perSecond, double cpuMicros, double p50Micros, double p99Micros) {
        @Override
        public String toString() {
            return String.format(
                    "%9.0f/s  CPU %7.1f us  p50 %8.0f us  p99 %8.0f us", perSecond, cpuMicros, p50Micros, p99Micros);
        }
    }

    static Result run(int threads, double seconds, Operation operation) throws Exception {
        var pool = Executors.newFixedThreadPool(threads);
        try {
            var go = new CountDownLatch(1);
            var futures = new java.util.ArrayList<Future<long[]>>();
            long nanos = (long) (seconds * 1e9);
            for (int t = 0; t < threads; t++) {
                int thread = t;
                Callable<long[]> task = () -> loop(go, thread, nanos, operation);
                futures.add(pool.submit(task));
            }
            var os = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
            long cpu = os.getProcessCpuTime();
            long start = System.nanoTime();
            go.countDown();
            var all = new long[0];
            for (var future : futures) {
                long[] own = future.get();
                int end = all.length;
                all = Arrays.copyOf(all, end + own.length);
                System.arraycopy(own, 0, all, end, own.length);
            }
            double elapsed = (System.nanoTime() - start) / 1e9;
            double cpuMicros = (os.getProcessCpuTime() - cpu) / 1e3 / all.length;
            Arrays.sort(all);
            return new Result(
                    all.length / elapsed, cpuMicros, all[all.length / 2] / 1e3, all[(int) (all.length * 0.99)] / 1e3);
        } finally {
            pool.shutdown();
        }
    }

    private static long[] loop(CountDownLatch go, int thread, long nanos, Operation operation) throws Exception {
        go.await();
        var latencies = new long[1024];
        int count = 0;
        long end = System.nanoTime() + nanos;
        for (long before = System.nanoTime(); before < end && count < MAX_SAMPLES; ) {
            operation.run(thread, count);
            long after = System.nanoTime();
            if (count == latencies.length) {
                latencies = Arrays.copyOf(latencies, count * 2);
            }
            latencies[count++] = after - before;
            before = after;
        }
        return Arrays.copyOf(latencies, count);
    }
}
