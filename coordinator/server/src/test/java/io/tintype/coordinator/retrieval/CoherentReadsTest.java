// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.coordinator.cache.CachePeerService;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.cache.Peers;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.coordinator.testing.Pausable;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.CoordinatorLiveness;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.proto.v1.SessionToken;
import io.tintype.wire.Errors;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Coordinators with caches, leases and a ring, over one node, while blobs are overwritten and removed, feeds break or lose
 * messages, primaries change, coordinators pause and owners are killed. Every answer is held against the history: it must have
 * been true at a moment that its read allows. With {@code -Dtintype.coherence.operations=1000000} as long as wanted.
 */
final class CoherentReadsTest {
    private static final int OPERATIONS = Integer.getInteger("tintype.coherence.operations", 20_000);
    private static final int COORDINATORS = 3;
    private static final int THREADS = 8;
    private static final int NAMES = 24;
    private static final int MOST_BYTES = 6_000;
    private static final int HEADER = 2 * Integer.BYTES;
    private static final long LEASE = Limits.HEAD_LEASE.toNanos();
    private static final long ABSENT = Limits.ABSENT_LEASE.toNanos();

    private final long seed = Long.getLong("tintype.coherence.seed", System.nanoTime());
    private final MemoryCluster cluster = new MemoryCluster(64 << 20, 1L << 30);
    private final List<RetrievalGateway> gateways = new ArrayList<>();
    private final List<Pausable> pausables = new ArrayList<>();
    private final List<Peers> peers = new ArrayList<>();
    private final Map<String, CoordinatorLiveness> live = new ConcurrentHashMap<>();
    private final List<History> histories = new ArrayList<>();
    private final AtomicInteger left = new AtomicInteger(OPERATIONS);
    private final CountDownLatch everyDisturbance = new CountDownLatch(1);
    private volatile boolean over;
    private final Map<String, AtomicLong> counts = new ConcurrentHashMap<>();

    /** What goes wrong meanwhile; how often is its weight. */
    private enum Disturbance {
        FEEDS_DROPPED(2),
        FEEDS_DEAF(1),
        PRIMARY_CHANGED(1),
        PAUSED(3),
        OWNER_KILLED(5);

        private final int weight;

        Disturbance(int weight) {
            this.weight = weight;
        }
    }

    /** What a name was: entry i from some moment of [from, by] on until one of its successor's. */
    private record Change(long from, long by, boolean exists, long sequence) {}

    private static final class History {
        private final List<Change> changes = new ArrayList<>(); // guarded by this

        synchronized Change get(int index) {
            return changes.get(index);
        }

        synchronized @Nullable Change after(int index) {
            return index + 1 < changes.size() ? changes.get(index + 1) : null;
        }

        synchronized int size() {
            return changes.size();
        }
    }

    @Test
    void nothingStaleIsServedBeyondWhatTheReadAllows() throws Exception {
        cluster.followAtOnce();
        for (int i = 0; i < COORDINATORS; i++) {
            addCoordinator(i);
        }
        peers.forEach(one -> one.update(live));
        for (int name = 0; name < NAMES; name++) {
            histories.add(new History());
            change(name, true);
        }
        var pool = Executors.newFixedThreadPool(THREADS + 1);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                var client = new Client(new Random(seed + i));
                all.add(pool.submit(client::run));
            }
            all.add(pool.submit(() -> disturb(new Random(seed - 1))));
            for (var one : all) {
                try {
                    one.get(1, TimeUnit.HOURS);
                } catch (ExecutionException e) {
                    throw new AssertionError("seed " + seed, e.getCause());
                }
            }
        } finally {
            over = true;
            pausables.forEach(Pausable::resume);
            pool.shutdownNow();
            gateways.forEach(RetrievalGateway::close);
            cluster.close();
        }
        long leased = gateways.stream().mapToLong(g -> g.leases().hits()).sum();
        System.out.printf(
                "coherence: seed %d, %d operations, %d answered by leases, %s%n", seed, OPERATIONS, leased, counts);
        assertThat(leased)
                .as("answers by leases, without which this shows nothing")
                .isGreaterThan(OPERATIONS / 20);
        assertThat(counts).containsKeys("PUT", "DELETE");
        for (var one : Disturbance.values()) {
            assertThat(counts).containsKey(one.name());
        }
    }

    private void addCoordinator(int number) {
        String id = "c" + number;
        var mine = new Peers(id, "local");
        var over = new Pausable(cluster);
        var gateway = cluster.withCaches(CacheSettings.DEFAULTS.withMemory(16 << 20), mine, over);
        gateways.add(gateway);
        pausables.add(over);
        peers.add(mine);
        serve(number);
        live.put(
                id,
                CoordinatorLiveness.newBuilder()
                        .setAddress(id)
                        .setRegion("local")
                        .setCacheProtocol(Peers.PROTOCOL)
                        .setCacheMib(16)
                        .build());
    }

    private void serve(int number) {
        cluster.serve(
                "c" + number,
                List.of(new CachePeerService(
                        gateways.get(number).caches(), "cluster", gateways.get(number)::forgetHeads)));
    }

    private void count(String what) {
        counts.computeIfAbsent(what, key -> new AtomicLong()).incrementAndGet();
    }

    /** Changes a name; one at a time for each. */
    private long change(int name, boolean exists) {
        var history = histories.get(name);
        synchronized (history) {
            long from = System.nanoTime();
            if (exists) {
                cluster.store("u", "n" + name, bytes(name, history.size()));
            } else {
                cluster.a.remove("u", "n" + name);
            }
            long sequence = cluster.a.sequence(); // this change's, or a later one's of another name
            history.changes.add(new Change(from, System.nanoTime(), exists, sequence));
            count(exists ? "PUT" : "DELETE");
            return sequence;
        }
    }

    private static byte[] bytes(int name, int index) {
        var random = new Random(31L * name + index);
        var bytes = new byte[HEADER + random.nextInt(MOST_BYTES)];
        random.nextBytes(bytes);
        ByteBuffer.wrap(bytes).putInt(name).putInt(index);
        return bytes;
    }

    /** Until the operations are done, but for a machine faster than the disturbances: until each of them was there once. */
    private boolean goesOn() {
        return !over && (left.decrementAndGet() >= 0 || everyDisturbance.getCount() > 0);
    }

    /** All of them in an order of chance, then any. */
    private void disturb(Random random) {
        List<Disturbance> drawn = new ArrayList<>();
        for (var one : Disturbance.values()) {
            drawn.addAll(Collections.nCopies(one.weight, one));
        }
        List<Disturbance> first = new ArrayList<>(List.of(Disturbance.values()));
        Collections.shuffle(first, random);
        for (var one : first) {
            disturb(one, random);
        }
        everyDisturbance.countDown();
        while (!over && left.get() > 0) {
            disturb(drawn.get(random.nextInt(drawn.size())), random);
        }
    }

    private void disturb(Disturbance what, Random random) {
        switch (what) {
            case FEEDS_DROPPED -> cluster.a.dropFeeds();
            case FEEDS_DEAF -> {
                cluster.a.losesFeedMessages = true;
                pause(random.nextInt(3_000));
                cluster.a.losesFeedMessages = false;
            }
            case PRIMARY_CHANGED -> {
                cluster.a.nextFeedEpoch();
                cluster.a.dropFeeds();
            }
            case PAUSED -> {
                var one = pausables.get(random.nextInt(COORDINATORS));
                one.pause();
                // Now and then for longer than a lease.
                pause(random.nextInt(5) == 0 ? 6_000 : random.nextInt(800));
                one.resume();
            }
            case OWNER_KILLED -> killAnOwner(random.nextInt(COORDINATORS), random);
        }
        count(what.name());
        pause(random.nextInt(100));
    }

    /** The others learn of it late, if at all before it is back. */
    private void killAnOwner(int number, Random random) {
        cluster.kill("c" + number);
        pause(random.nextInt(200));
        var without = new HashMap<>(live);
        without.remove("c" + number);
        peers.get((number + 1) % COORDINATORS).update(without);
        pause(random.nextInt(200));
        serve(number);
        peers.forEach(one -> one.update(live));
    }

    /** The pace of a disturbance; nothing is waited for. */
    private void pause(int millis) {
        var over = new CompletableFuture<Void>().completeOnTimeout(null, millis, TimeUnit.MILLISECONDS);
        over.join();
    }

    private final class Client {
        private final Random random;
        private final SessionToken.Builder session = SessionToken.newBuilder();

        Client(Random random) {
            this.random = random;
        }

        @Nullable
        Void run() {
            while (goesOn()) {
                int name = random.nextInt(NAMES);
                int what = random.nextInt(100);
                if (what < 6) {
                    long sequence = change(name, what < 4);
                    session.setShard(MemoryCluster.FIRST.value()).setEpoch(1).setSequence(sequence);
                } else {
                    read(name);
                }
            }
            return null;
        }

        private void read(int name) {
            var options = ReadOptions.newBuilder();
            long allowed;
            long seen = 0;
            switch (random.nextInt(10)) {
                case 0, 1 -> {
                    options.setConsistency(Consistency.CONSISTENCY_LINEARIZABLE);
                    allowed = 0;
                }
                case 2 -> {
                    options.setConsistency(Consistency.CONSISTENCY_NEAR);
                    allowed = 0;
                }
                case 3, 4, 5 -> {
                    options.setConsistency(Consistency.CONSISTENCY_SESSION);
                    if (session.getSequence() != 0) {
                        options.addSession(session.build());
                        seen = session.getSequence();
                    }
                    allowed = LEASE;
                }
                default -> {
                    int staleness = 1 + random.nextInt(random.nextBoolean() ? 100 : 8_000);
                    options.setConsistency(Consistency.CONSISTENCY_BOUNDED_STALENESS)
                            .setMaxStalenessMs(staleness);
                    allowed = Math.min(LEASE, TimeUnit.MILLISECONDS.toNanos(staleness));
                }
            }
            count(options.getConsistency().name());
            var request = GetRequest.newBuilder()
                    .setUser("u")
                    .setName("n" + name)
                    .setOptions(options)
                    .build();
            long begun = System.nanoTime();
            var answer = Collect.of(gateways.get(random.nextInt(COORDINATORS)), request);
            judge(name, request, answer, begun, System.nanoTime(), allowed, seen);
        }

        private void judge(
                int name, GetRequest request, byte @Nullable [] got, long begun, long ended, long allowed, long seen) {
            var history = histories.get(name);
            if (got == null) {
                long since = begun - Math.min(allowed, ABSENT);
                boolean wasAbsent = false;
                for (int i = history.size() - 1; i >= 0 && !wasAbsent; i--) {
                    wasAbsent = !history.get(i).exists() && may(history, i, since, ended, seen);
                    var next = history.after(i);
                    if (next != null && next.by() < since) {
                        break;
                    }
                }
                assertThat(wasAbsent).as("seed %d: absent by %s", seed, request).isTrue();
                return;
            }
            var head = ByteBuffer.wrap(got);
            int of = head.getInt();
            int index = head.getInt();
            assertThat(of)
                    .as("seed %d: another blob's bytes for %s", seed, request)
                    .isEqualTo(name);
            assertThat(Arrays.equals(got, bytes(name, index)))
                    .as("seed %d: wrong bytes for %s", seed, request)
                    .isTrue();
            awaitWritten(history, index);
            var next = history.after(index);
            String replaced = next == null
                    ? "not replaced"
                    : "replaced " + Duration.ofNanos(begun - next.by()).toMillis() + " ms before the read began";
            assertThat(may(history, index, begun - allowed, ended, seen))
                    .as("seed %d: %s got change %d, %s", seed, request, index, replaced)
                    .isTrue();
        }

        /** Its writer is about to put it down. */
        private void awaitWritten(History history, int index) {
            synchronized (history) {
                assertThat(index).isLessThan(history.changes.size());
            }
        }

        private boolean may(History history, int index, long since, long until, long seen) {
            var change = history.get(index);
            var next = history.after(index);
            return change.from() <= until && (next == null || (next.by() >= since && next.sequence() > seen));
        }
    }

    /** Takes a whole answer. */
    private static final class Collect implements GetStream.Listener<GetResponse> {
        private final CompletableFuture<GetStream> stream = new CompletableFuture<>();
        private final CompletableFuture<byte[]> answer = new CompletableFuture<>();
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private BlobHead head = BlobHead.getDefaultInstance();

        /** The bytes; null: there is no such blob. */
        static byte @Nullable [] of(RetrievalGateway gateway, GetRequest request) {
            var collect = new Collect();
            var stream = gateway.get(request, collect);
            collect.stream.complete(stream);
            stream.demand();
            try {
                return collect.answer.orTimeout(2, TimeUnit.MINUTES).join();
            } catch (RuntimeException e) {
                if (Errors.fromWire(e).reason() == Reason.BLOB_NOT_FOUND) {
                    return null;
                }
                throw e;
            }
        }

        @Override
        public void onMessage(GetResponse message) {
            if (message.hasHead()) {
                head = message.getHead();
            }
            bytes.writeBytes(message.getFrame().getData().toByteArray());
            stream.join().demand();
        }

        @Override
        public void onEnd() {
            stream.join().release();
            assertThat(bytes.size()).isEqualTo((int) head.getSize());
            answer.complete(bytes.toByteArray());
        }

        @Override
        public void onFailed(TintypeException failure) {
            answer.completeExceptionally(failure);
        }
    }
}
