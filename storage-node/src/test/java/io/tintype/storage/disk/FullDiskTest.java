// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file system that really is full. Needs the right to mount one; says so where it is missing. */
class FullDiskTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path mount;

    private boolean mounted;

    @BeforeEach
    void mountASmallFileSystem() throws Exception {
        mounted = run("mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", mount.toString()) == 0;
        assumeTrue(mounted, "SKIPPED: this user may not mount a tmpfs, so a full disk was not tried");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            run("umount", "-l", mount.toString());
        }
    }

    @Test
    void refusesDataInTimeKeepsAllItHasAndTakesDeletesToMakeRoom() throws Exception {
        var random = new Random(1);
        int stored = 0;
        try (var disk = Disk.open(config())) {
            try {
                while (stored < 200) {
                    var bytes = new byte[MIB / 4];
                    random.nextBytes(bytes);
                    disk.committer()
                            .commit(new Write().put(Family.CHUNK, key(stored), bytes))
                            .join();
                    stored++;
                }
            } catch (TintypeException e) {
                assertThat(e.reason()).isEqualTo(Reason.DISK_FULL);
            }
            assertThat(stored).as("chunks stored before the disk was full").isBetween(10, 150);
            disk.committer()
                    .commitEssential(new Write().delete(Family.CHUNK, key(0)))
                    .join();
            assertThat(disk.committer().failed()).isFalse();
        }
        try (var disk = Disk.open(config())) {
            random.setSeed(1);
            for (int i = 0; i < stored; i++) {
                var bytes = new byte[MIB / 4];
                random.nextBytes(bytes);
                assertThat(disk.get(Family.CHUNK, key(i))).isEqualTo(i == 0 ? null : bytes);
            }
        }
    }

    private DiskConfig config() {
        return DiskConfig.of(mount.resolve("data"), "0123456789abcdef0123456789abcdef")
                .withMemory(8 << 20, 4 << 20)
                .withReserve(16 << 20);
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(8).putInt(1).putInt(number).array();
    }

    private static int run(String... command) throws IOException, InterruptedException {
        try {
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            return process.waitFor(20, TimeUnit.SECONDS) ? process.exitValue() : 1;
        } catch (IOException e) {
            return 1; // no such program here
        }
    }
}
