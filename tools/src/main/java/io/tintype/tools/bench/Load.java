// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Makes the requests of a workload: first writes every key once, then draws reads and writes until time or number is
 * used up. Progress may be watched from any thread.
 */
final class Load {
    private static final int KEPT_FAILURES = 20;

    private final Workload workload;
    private final Target target;
    private final Payload payload;
    private final Ledger ledger;
    private final Checker checker;
    private final Zipf zipf;
    private volatile Tally puts = new Tally();
    private volatile Tally gets = new Tally();
    private final AtomicLong loaded = new AtomicLong();
    private final Map<String, Long> failures = new ConcurrentSkipListMap<>();

    Load(Workload workload, Target target) {
        this.workload = workload;
        this.target = target;
        payload = new Payload(workload.seed());
        ledger = new Ledger(workload.keys());
        checker = new Checker(workload, payload, ledger);
        zipf = new Zipf(workload.keys(), workload.exponent());
    }

    /** Writes every key once. A failure here ends the run: there would be nothing to measure. */
    void load() throws InterruptedException {
        everyKey(key -> {
            int version = ledger.beginWrite(key);
            write(key, payload.bytes(key, version, checker.size(key, version)));
            ledger.acknowledge(key, version);
            loaded.incrementAndGet();
        });
    }

    /** Removes every key. */
    void unload() throws InterruptedException {
        everyKey(key -> target.delete(workload.user(key), workload.name(key)));
    }

    /** Draws operations for a while, so that what follows is not measured on cold code; nothing of it is reported. */
    void warmUp(Duration time) throws InterruptedException {
        draw(time.toNanos(), Long.MAX_VALUE, ~workload.seed());
        puts = new Tally();
        gets = new Tally();
        failures.clear();
    }

    /** Draws operations until the workload is used up; returns how long that took, in nanoseconds. */
    long run() throws InterruptedException {
        long most = workload.operations() == 0 ? Long.MAX_VALUE : workload.operations();
        return draw(workload.duration().toNanos(), most, workload.seed());
    }

    private long draw(long nanos, long most, long seed) throws InterruptedException {
        long start = System.nanoTime();
        long deadline = start + nanos;
        var next = new AtomicLong();
        onAllThreads(worker -> {
            var random = new SplittableRandom(seed ^ (0x5DEECE66DL * (worker + 1)));
            boolean more = true;
            while (more) {
                long index = next.getAndIncrement();
                long intended =
                        workload.rate() == 0 ? System.nanoTime() : start + (long) (index * (1e9 / workload.rate()));
                more = intended < deadline && index < most;
                if (more) {
                    waitUntil(intended);
                    operation(random, intended);
                }
            }
        });
        return System.nanoTime() - start;
    }

    /** Keys written by {@link #load} so far. */
    long loaded() {
        return loaded.get();
    }

    Tally puts() {
        return puts;
    }

    Tally gets() {
        return gets;
    }

    Checker checker() {
        return checker;
    }

    /** Failures so far, counted by reason. */
    Map<String, Long> failures() {
        return Map.copyOf(failures);
    }

    private void operation(SplittableRandom random, long intended) {
        boolean read = random.nextDouble() < workload.readShare();
        int key = zipf.rank(random.nextDouble());
        if (read) {
            timed(gets, intended, () -> {
                int oldest = ledger.acknowledged(key);
                byte[] bytes = target.get(workload.user(key), workload.name(key));
                return new Done(bytes.length, () -> checker.check(key, oldest, bytes));
            });
            return;
        }
        int version = ledger.beginWrite(key);
        int chosen = key;
        while (version == 0) {
            chosen = (chosen + 1) % workload.keys();
            if (chosen == key) {
                return; // every key is being written or retired
            }
            version = ledger.beginWrite(chosen);
        }
        overwrite(chosen, version, intended);
    }

    private void overwrite(int key, int version, long intended) {
        byte[] bytes = payload.bytes(key, version, checker.size(key, version));
        boolean acknowledged = timed(puts, intended, () -> {
            write(key, bytes);
            return new Done(bytes.length, () -> ledger.acknowledge(key, version));
        });
        if (!acknowledged) {
            ledger.retire(key);
        }
    }

    private void write(int key, byte[] bytes) {
        target.put(workload.user(key), workload.name(key), bytes);
    }

    /** What an operation moved, and what is to be done once the clock has stopped. */
    private record Done(long bytes, Runnable after) {}

    private interface Operation {
        Done run();
    }

    private boolean timed(Tally tally, long intended, Operation operation) {
        // Without a rate the clock starts here, so that making the payload does not count.
        long start = workload.rate() == 0 ? System.nanoTime() : intended;
        try {
            var done = operation.run();
            tally.succeeded(System.nanoTime() - start, done.bytes());
            done.after().run();
            return true;
        } catch (RuntimeException e) {
            tally.failed();
            var reason = Errors.fromWire(e).reason().name();
            if (failures.size() < KEPT_FAILURES || failures.containsKey(reason)) {
                failures.merge(reason, 1L, Long::sum);
            }
            return false;
        }
    }

    private static void waitUntil(long nanoTime) {
        for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private interface KeyWork {
        void on(int key);
    }

    private void everyKey(KeyWork work) throws InterruptedException {
        var next = new AtomicLong();
        onAllThreads(worker -> {
            for (long key = next.getAndIncrement(); key < workload.keys(); key = next.getAndIncrement()) {
                work.on((int) key);
            }
        });
    }

    private interface Work {
        void as(int worker);
    }

    private void onAllThreads(Work work) throws InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(workload.concurrency());
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int worker = 0; worker < workload.concurrency(); worker++) {
                int number = worker;
                running.add(threads.submit(() -> work.as(number)));
            }
            for (var one : running) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }
}
