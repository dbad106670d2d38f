// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose CPU time is counted as whose. The threads are written down here as Linux would; the process is this one. */
final class CpuMeterTest {
    private static final long PID = ProcessHandle.current().pid();

    @TempDir
    private Path proc;

    @Test
    void threadsCountByWhatTheyAreThereFor() throws Exception {
        thread(1, "C2 CompilerThre", 100, 20);
        thread(2, "grpc-default-wo", 7, 3);
        thread(3, "reader-1", 5, 0);
        thread(4, "strange (one) x", 1, 1);
        try (var meter = new CpuMeter(List.of(PID), proc)) {
            var before = meter.servers().orElseThrow();
            thread(1, "C2 CompilerThre", 130, 30);
            thread(2, "grpc-default-wo", 57, 13);
            var spent = meter.servers().orElseThrow().since(before);

            assertThat(spent.byDuty().get(Duty.COMPILER)).isEqualTo(400_000_000);
            assertThat(spent.byDuty().get(Duty.NETWORK)).isEqualTo(600_000_000);
            assertThat(spent.byDuty().get(Duty.READERS)).isZero();
            assertThat(spent.steadyNanos()).isEqualTo(spent.nanos() - 400_000_000);
            assertThat(spent.microsByDuty(1_000))
                    .containsEntry("network", 600.0)
                    .doesNotContainKey("readers");
        }
    }

    @Test
    void whatAThreadUsedStaysCountedWhenItHasEnded() throws Exception {
        thread(1, "C2 CompilerThre", 0, 0);
        try (var meter = new CpuMeter(List.of(PID), proc)) {
            var before = meter.servers().orElseThrow();
            thread(1, "C2 CompilerThre", 50, 0);
            meter.servers();
            Files.delete(proc.resolve(PID + "/task/1/stat"));

            var spent = meter.servers().orElseThrow().since(before);
            assertThat(spent.byDuty().get(Duty.COMPILER)).isEqualTo(500_000_000);
        }
    }

    @Test
    void whereTheSystemDoesNotTellOfThreadsTheTotalRemains() {
        try (var meter = new CpuMeter(List.of(PID), proc.resolve("nowhere"))) {
            var use = meter.servers().orElseThrow();
            assertThat(use.nanos()).isPositive().isEqualTo(use.steadyNanos());
            assertThat(use.byDuty()).isEqualTo(Map.of());
        }
    }

    @Test
    void aProcessThatIsGoneMakesTheFigureUnknown() {
        try (var meter = new CpuMeter(List.of(Long.MAX_VALUE), proc)) {
            assertThat(meter.servers()).isEmpty();
        }
        try (var meter = new CpuMeter(List.of())) {
            assertThat(meter.servers()).isEmpty();
        }
    }

    private void thread(int id, String name, int userTicks, int systemTicks) throws IOException {
        var folder = Files.createDirectories(proc.resolve(PID + "/task/" + id));
        Files.writeString(
                folder.resolve("stat"),
                id + " (" + name + ") S 1 1 1 0 -1 4194368 0 0 0 0 " + userTicks + " " + systemTicks + " 0 0 20 0\n");
    }
}
