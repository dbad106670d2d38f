// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.UserId;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills a process that stores blobs, at once and without warning, and looks for everything it acknowledged. */
class CrashIT {
    private static final int ROUNDS = 4;

    @TempDir
    Path directory;

    @Test
    @Timeout(value = 120, unit = TimeUnit.SECONDS)
    void whatWasAcknowledgedIsThereAfterTheProcessWasKilled() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        Map<String, Integer> acknowledged = new HashMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            storeUntilKilled(round, 100 + random.nextInt(300), acknowledged);
            try (var shelf = new Shelf(directory)) {
                for (var each : acknowledged.entrySet()) {
                    assertThat(shelf.get(Storer.USER, each.getKey()))
                            .as("%s after round %d, seed %d", each.getKey(), round, seed)
                            .isEqualTo(Storer.bytes(each.getValue()));
                }
                catchUp(shelf);
                assertThat(shelf.reader().stats().blobs()).isGreaterThanOrEqualTo(acknowledged.size());
            }
        }
        assertThat(acknowledged).hasSizeGreaterThan(ROUNDS * 100 / 2);
    }

    /** Applies what was in the log but not applied, as a restarted replica does. */
    private static void catchUp(Shelf shelf) {
        var machine = shelf.store().machine();
        shelf.store()
                .log()
                .read(machine.applied().seq() + 1, shelf.store().log().last().seq(), 1 << 20)
                .forEach(entry -> machine.apply(List.of(entry.record())));
        assertThat(machine.applied()).isEqualTo(shelf.store().log().last());
    }

    private void storeUntilKilled(int round, int enough, Map<String, Integer> acknowledged) throws Exception {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var process = new ProcessBuilder(
                        java,
                        "-Xmx128m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Storer.class.getName(),
                        directory.toString(),
                        Integer.toString(round))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var answers =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            int seen = 0;
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                var parts = line.split(" ", -1);
                if (parts.length == 3 && parts[0].equals("stored")) {
                    acknowledged.put(parts[1], Integer.valueOf(parts[2]));
                    if (++seen == enough) {
                        // By its handle: the process's own method would close the pipe and lose answers.
                        assertThat(process.toHandle().destroyForcibly()).isTrue();
                    }
                }
            }
        }
        assertThat(process.waitFor()).as("killed, not ended").isNotZero();
    }

    /** The process that is killed: stores blobs of mixed sizes without end and prints each one it would acknowledge. */
    static final class Storer {
        static final UserId USER = UserId.of("alice");

        private Storer() {}

        public static void main(String[] args) throws Exception {
            try (var shelf = new Shelf(Path.of(args[0]))) {
                catchUp(shelf);
                shelf.claim(USER);
                var random = new Random();
                for (int i = 0; ; i++) {
                    int content = random.nextInt(1_000_000);
                    String name = args[1] + "/" + i;
                    shelf.put(USER, name, bytes(content));
                    System.out.println("stored " + name + " " + content);
                }
            }
        }

        static byte[] bytes(int content) {
            var random = new Random(content);
            var bytes = new byte[random.nextInt(4) == 0 ? random.nextInt(200_000) : random.nextInt(10_000)];
            random.nextBytes(bytes);
            return bytes;
        }
    }
}
