// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.io.IOException;
import java.net.URI;
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
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;
import org.HdrHistogram.Histogram;

/**
 * Reads resources over HTTP/1.1 as fast as it can or at a rate, from one or several servers in turn, by clients each of which has
 * a connection of its own to each of them. Where one server does not answer, the next is asked, and only where none does a read has
 * failed. Lengths are compared with what they must be. Used by one thread at a time.
 */
public final class HttpLoad {
    private static final int KEPT_FAILURES = 20;

    private final Plan plan;
    private final Map<String, Long> failures = new ConcurrentSkipListMap<>();
    private final LongAdder askedAgain = new LongAdder();

    /**
     * What is read.
     *
     * @param servers base URLs
     * @param headers lines that go with every request
     * @param resources what there is to read
     * @param choose draws the index of a resource
     * @param clients requests under way at the same time
     * @param rate requests to begin each second, whether or not earlier ones have ended; 0: one after the other
     */
    public record Plan(
            List<URI> servers,
            List<String> headers,
            List<Resource> resources,
            ToIntFunction<SplittableRandom> choose,
            int clients,
            double rate) {
        public Plan {
            servers = List.copyOf(servers);
            headers = List.copyOf(headers);
            resources = List.copyOf(resources);
        }
    }

    /**
     * Something to read.
     *
     * @param path with its query
     * @param length bytes it must have; -1: any number
     */
    public record Resource(String path, long length) {}

    /**
     * What came of it.
     *
     * @param first reads of the first resource
     * @param others of all others
     * @param failures by what went wrong
     * @param askedAgain how often another server was asked
     * @param nanos how long it took
     */
    public record Result(Counted first, Counted others, Map<String, Long> failures, long askedAgain, long nanos) {
        /** Reads a second, of all resources. */
        public double perSecond() {
            return (first.count() + others.count()) * 1e9 / nanos;
        }

        /** Reads that failed. */
        public long failed() {
            return failures.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    /**
     * Reads that succeeded; times in microseconds.
     *
     * @param latencies how long each took, in nanoseconds, for who adds several results up
     */
    public record Counted(long count, long bytes, double p50, double p99, double p999, Histogram latencies) {
        static Counted of(Tally tally) {
            var figures = Figures.of(tally, 1);
            return new Counted(
                    tally.count(),
                    tally.bytes(),
                    figures.p50Micros(),
                    figures.p99Micros(),
                    figures.p999Micros(),
                    tally.latencies());
        }
    }

    /** A load that nothing has been read for yet. */
    public HttpLoad(Plan plan) {
        this.plan = plan;
    }

    /** Reads for so long. */
    public Result run(Duration time, long seed) throws InterruptedException {
        failures.clear();
        askedAgain.reset();
        var first = new Tally();
        var others = new Tally();
        long start = System.nanoTime();
        long deadline = start + time.toNanos();
        var next = new AtomicLong();
        ExecutorService threads = Executors.newFixedThreadPool(plan.clients());
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int client = 0; client < plan.clients(); client++) {
                long mine = seed ^ (0x5DEECE66DL * (client + 1));
                int number = client;
                running.add(threads.submit(() -> read(number, mine, start, deadline, next, first, others)));
            }
            for (var one : running) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } finally {
            threads.shutdownNow();
        }
        return new Result(
                Counted.of(first),
                Counted.of(others),
                Map.copyOf(failures),
                askedAgain.sum(),
                System.nanoTime() - start);
    }

    private void read(int number, long seed, long start, long deadline, AtomicLong next, Tally first, Tally others) {
        var random = new SplittableRandom(seed);
        var connections = new ArrayList<HttpConnection>();
        plan.servers().forEach(server -> connections.add(new HttpConnection(server, plan.headers())));
        try {
            for (int turn = number; ; turn++) {
                long index = next.getAndIncrement();
                long intended = plan.rate() == 0 ? System.nanoTime() : start + (long) (index * (1e9 / plan.rate()));
                if (intended >= deadline) {
                    return;
                }
                for (long left = intended - System.nanoTime(); left > 0; left = intended - System.nanoTime()) {
                    LockSupport.parkNanos(left);
                }
                int chosen = plan.choose().applyAsInt(random);
                one(connections, turn, plan.resources().get(chosen), intended, chosen == 0 ? first : others);
            }
        } finally {
            connections.forEach(HttpConnection::close);
        }
    }

    private void one(List<HttpConnection> connections, int turn, Resource resource, long intended, Tally tally) {
        for (int tried = 0; ; tried++) {
            var connection = connections.get((turn + tried) % connections.size());
            try {
                long length = connection.get(resource.path());
                if (resource.length() >= 0 && length != resource.length()) {
                    throw new IOException("has " + length + " bytes, not " + resource.length());
                }
                tally.succeeded(System.nanoTime() - intended, length);
                return;
            } catch (IOException e) {
                connection.close();
                if (tried + 1 == connections.size()) {
                    failed(String.valueOf(e.getMessage()));
                    return;
                }
                askedAgain.increment();
            }
        }
    }

    private void failed(String what) {
        if (failures.size() < KEPT_FAILURES || failures.containsKey(what)) {
            failures.merge(what, 1L, Long::sum);
        }
    }
}
