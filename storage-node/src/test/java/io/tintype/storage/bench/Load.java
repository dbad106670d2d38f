// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
     * @param cpuMicros CPU time of the whole process per operation, but for the JIT compilers' threads
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
            var futures = new ArrayList<Future<long[]>>();
            long nanos = (long) (seconds * 1e9);
            for (int t = 0; t < threads; t++) {
                int thread = t;
                Callable<long[]> task = () -> loop(go, thread, nanos, operation);
                futures.add(pool.submit(task));
            }
            long cpu = cpuNanos();
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
            double cpuMicros = (cpuNanos() - cpu) / 1e3 / all.length;
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

    /** CPU time of all threads so far, those of RocksDB included, those of the JIT compilers not: Linux only. */
    private static long cpuNanos() throws IOException {
        long sum = 0;
        try (var tasks = Files.list(Path.of("/proc/self/task"))) {
            for (var task : tasks.toList()) {
                sum += cpuNanos(task);
            }
        }
        return sum;
    }

    private static long cpuNanos(Path task) {
        try {
            boolean compiler = Files.readString(task.resolve("comm")).matches("C[12] Compiler.*\\s*");
            var fields = Files.readString(task.resolve("schedstat")).split(" ", 2);
            return compiler ? 0 : Long.parseLong(fields[0]);
        } catch (IOException e) {
            return 0; // the thread has ended in the meantime
        }
    }
}
