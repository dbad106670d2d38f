// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.tools.console.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a run finds out about the target it loads; the targets here keep blobs in memory, honestly or not. */
final class RunTest {
    private static final Workload MIXED =
            new Workload(5, 3, 200, SizeMix.PHOTO_CDN, 0.7, 0.67, 4, Duration.ofSeconds(60), 5_000, 0);

    private final StringWriter live = new StringWriter();

    @Test
    void anHonestStorePasses() throws Exception {
        var store = new Memory();
        var report = run(MIXED, store, false);
        assertThat(report.wrongReads()).isZero();
        assertThat(report.failures()).isEmpty();
        assertThat(report.put().operations() + report.get().operations()).isEqualTo(5_000);
        assertThat(report.get().operations()).isBetween(3_300L, 3_700L);
        assertThat(report.verifiedBytes()).isGreaterThan(1_000_000);
        assertThat(store.blobs).as("removed at the end").isEmpty();
        assertThat(report.put().p50Micros()).isLessThanOrEqualTo(report.put().p999Micros());
    }

    @Test
    void blobsMayBeKept() throws Exception {
        var store = new Memory();
        run(MIXED, store, true);
        assertThat(store.blobs).hasSize(200);
    }

    @Test
    void aFlippedBitIsFound() throws Exception {
        var reads = new AtomicInteger();
        var report = run(
                MIXED,
                new Memory() {
                    @Override
                    public byte[] get(String user, String name) {
                        byte[] bytes = super.get(user, name).clone();
                        if (reads.incrementAndGet() == 2_000) {
                            bytes[bytes.length / 2] ^= 4;
                        }
                        return bytes;
                    }
                },
                false);
        assertThat(report.wrongReads()).isEqualTo(1);
        assertThat(report.firstWrong()).singleElement().asString().contains("differs from what was written");
    }

    @Test
    void anAcknowledgedWriteThatDidNotHappenIsFound() throws Exception {
        var puts = new AtomicInteger();
        var report = run(
                MIXED,
                new Memory() {
                    @Override
                    public void put(String user, String name, byte[] bytes) {
                        if (puts.incrementAndGet() <= 200 || puts.get() % 2 == 0) {
                            super.put(user, name, bytes);
                        }
                    }
                },
                false);
        assertThat(report.wrongReads()).isPositive();
        assertThat(report.firstWrong().get(0)).contains("was read, allowed were");
    }

    @Test
    void afterAWriteOfUnknownOutcomeBothVersionsAreAllowed() throws Exception {
        var puts = new AtomicInteger();
        var report = run(
                MIXED,
                new Memory() {
                    @Override
                    public void put(String user, String name, byte[] bytes) {
                        int number = puts.incrementAndGet();
                        if (number <= 200 || number % 3 != 0) {
                            super.put(user, name, bytes);
                        }
                        if (number > 200 && number % 3 <= 1) {
                            throw new TintypeException(Reason.OUTCOME_UNKNOWN, "lost");
                        }
                    }
                },
                false);
        assertThat(report.wrongReads()).isZero();
        assertThat(report.failures()).containsKey("OUTCOME_UNKNOWN");
        assertThat(report.put().failed()).isEqualTo(report.failures().get("OUTCOME_UNKNOWN"));
    }

    @Test
    void withARateTheClockOfAnOperationStartsWhenItShouldHaveBegun() throws Exception {
        var stalled = new AtomicInteger();
        var rated = new Workload(5, 1, 10, SizeMix.fixed(100), 1, 0, 1, Duration.ofSeconds(60), 100, 1_000);
        var report = run(
                rated,
                new Memory() {
                    @Override
                    public byte[] get(String user, String name) {
                        if (stalled.incrementAndGet() == 10) {
                            long until =
                                    System.nanoTime() + Duration.ofMillis(300).toNanos();
                            while (System.nanoTime() < until) {
                                Thread.onSpinWait();
                            }
                        }
                        return super.get(user, name);
                    }
                },
                false);
        assertThat(report.get().operations()).isEqualTo(100);
        // One stall of 300 ms delays the 90 or so operations that should have begun meanwhile.
        assertThat(report.get().p50Micros()).isGreaterThan(150_000);
    }

    @Test
    void howFarItHasComeIsToldMeanwhile() throws Exception {
        var rated = new Workload(5, 1, 10, SizeMix.fixed(100), 1, 0, 1, Duration.ofSeconds(60), 250, 100);
        run(rated, new Memory(), false);
        assertThat(live.toString().lines())
                .hasSizeGreaterThanOrEqualTo(2)
                .allMatch(line -> line.matches(" +\\d s: +[0-9.,]+ ops/s +[0-9.,]+ MB/s, 0 failed, 0 wrong"));
    }

    @Test
    void aStoreThatRefusesTheFirstBlobsEndsTheRun() {
        assertThatThrownBy(() -> run(
                        MIXED,
                        new Memory() {
                            @Override
                            public void put(String user, String name, byte[] bytes) {
                                throw new TintypeException(Reason.DISK_FULL, "the disk is full");
                            }
                        },
                        false))
                .isInstanceOf(TintypeException.class)
                .hasMessage("the disk is full");
    }

    @Test
    void theReportIsOneDocumentWithHardwareDurabilityAndMix() throws Exception {
        var json = Json.document(run(MIXED, new Memory(), false));
        assertThat(json)
                .contains("\"machine\"", "\"tintype\"", "\"cpu\"", "\"cores\"", "\"java\"", "\"os\"")
                .contains("\"p50Micros\"", "\"p90Micros\"", "\"p99Micros\"", "\"clientCpuMicrosPerOperation\"")
                .contains("\"durability\" : \"none: in memory\"")
                .contains("\"sizes\" : \"photo-cdn\"", "\"zipfExponent\" : 0.67", "\"seed\" : 5")
                .contains(
                        "\"p999Micros\"",
                        "\"serverCpuMicrosPerOperation\" : null",
                        "\"serverCpuMicrosByThreads\" : { }");
    }

    private Report run(Workload workload, Target target, boolean keep) throws InterruptedException {
        return new Run(workload, target, new CpuMeter(List.of()), new PrintWriter(live), 1, Duration.ofMillis(1))
                .go("none: in memory", keep);
    }

    private static class Memory implements Target {
        final Map<String, byte[]> blobs = new ConcurrentHashMap<>();

        @Override
        public void put(String user, String name, byte[] bytes) {
            blobs.put(user + "/" + name, bytes);
        }

        @Override
        public byte[] get(String user, String name) {
            return Objects.requireNonNull(blobs.get(user + "/" + name));
        }

        @Override
        public void delete(String user, String name) {
            blobs.remove(user + "/" + name);
        }

        @Override
        public void close() {}
    }
}
