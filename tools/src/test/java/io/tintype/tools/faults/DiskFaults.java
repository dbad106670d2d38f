// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;

/** Disks that lose what they held, are full, fail to sync, or lose their power. Stateless. */
final class DiskFaults {
    private static final Duration NOTICED = Duration.ofSeconds(60);

    private DiskFaults() {}

    static Heal wipe(Stage stage) throws IOException {
        var victim = stage.condemned(() -> stage.any(stage.cluster().nodes()));
        var process = stage.cluster().process(victim);
        process.kill();
        delete(stage.cluster().volume(victim).data());
        return process::start;
    }

    static Heal fill(Stage stage) throws IOException {
        var disk = disk(stage, stage.primary());
        disk.fill();
        return disk::free;
    }

    static Heal powerCut(Stage stage) {
        var victim = stage.primary();
        var process = stage.cluster().process(victim);
        var disk = disk(stage, victim);
        disk.powerOff();
        process.kill();
        disk.powerOn();
        return process::start;
    }

    /** One fsync of the store's log fails, the next would succeed; the node must not wait for it. */
    static Heal fsyncError(Stage stage) throws IOException {
        var victim = stage.primary();
        var process = stage.cluster().process(victim);
        int starts = process.starts();
        long pid = process.pid();
        Files.createFile(stage.cluster().commands().failingSync(victim));
        return new Heal() {
            @Override
            public void heal() {}

            @Override
            public void check() {
                Awaitility.await(victim + " (process " + pid + ") ends after an fsync that failed, and is started anew")
                        .atMost(NOTICED)
                        .until(() -> process.starts() > starts);
            }
        };
    }

    private static LoopDisk disk(Stage stage, Site node) {
        return (LoopDisk) stage.cluster().volume(node);
    }

    /** Deletes a folder, if it is there, with all in it. */
    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (var tree = Files.walk(folder)) {
            for (var path : tree.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(path);
            }
        }
    }
}
