// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One bit of a file of a node's store turns over while the node is down. Afterwards that node alone is asked for everything:
 * it may refuse, but not answer wrongly. Stateless.
 */
final class RotFaults {
    private static final Logger LOG = LoggerFactory.getLogger(RotFaults.class);
    private static final long WORTH_A_FLIP = 1 << 10;
    private static final Duration WRITTEN = Duration.ofSeconds(60);

    private RotFaults() {}

    static Heal wal(Stage stage) throws IOException {
        return flip(stage, ".log");
    }

    static Heal sst(Stage stage) throws IOException {
        return flip(stage, ".sst");
    }

    static Heal blob(Stage stage) throws IOException {
        return flip(stage, ".blob");
    }

    private static Heal flip(Stage stage, String ending) throws IOException {
        var victim = stage.condemned(() -> stage.any(stage.cluster().nodes()));
        var process = stage.cluster().process(victim);
        var data = stage.cluster().volume(victim).data();
        process.kill();
        if (largest(data, ending).isEmpty()) {
            // At a start the log becomes files.
            process.start();
            Awaitility.await(victim + " writes a file *" + ending)
                    .atMost(WRITTEN)
                    .until(() -> largest(data, ending).isPresent());
            process.kill();
        }
        var file = largest(data, ending).orElseThrow();
        try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
            long at = stage.random().nextLong(bytes.length());
            int bit = stage.random().nextInt(8);
            bytes.seek(at);
            int value = bytes.read();
            bytes.seek(at);
            bytes.write(value ^ (1 << bit));
            LOG.info("bit {} of byte {} of {} in {} is another now", bit, at, bytes.length(), file);
        }
        return new Heal() {
            @Override
            public void heal() {
                process.start();
            }

            @Override
            public void check() throws Exception {
                var others = new ArrayList<>(stage.cluster().nodes());
                others.remove(victim);
                var clients = NetworkFaults.cutBothWays(stage, stage.cluster().clients(), others);
                var heals = new ArrayList<>(java.util.List.of(clients));
                for (var coordinator : stage.cluster().coordinators()) {
                    heals.add(NetworkFaults.cutBothWays(stage, coordinator, others));
                }
                stage.load().readEverythingStale();
                for (var heal : heals) {
                    heal.heal();
                }
            }
        };
    }

    private static Optional<Path> largest(Path data, String ending) {
        try (var tree = Files.walk(data)) {
            return tree.filter(path -> path.toString().endsWith(ending))
                    .filter(path -> size(path) >= WORTH_A_FLIP)
                    .max(Comparator.comparingLong(RotFaults::size));
        } catch (IOException | UncheckedIOException e) {
            // Files come and go while the node runs.
            return Optional.empty();
        }
    }

    private static long size(Path path) {
        try {
            return Files.isRegularFile(path) ? Files.size(path) : 0;
        } catch (IOException e) {
            return 0;
        }
    }
}
