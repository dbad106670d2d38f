// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What it takes to learn that a key is not there, where filters do not fit the block cache: puts ask so for the retry and
 * the head before they write.
 */
class LookupCostTest {
    private static final Path IO = Path.of("/proc/self/io");
    private static final int KEYS = 200_000;
    private static final int LOOKUPS = 2_000;
    private static final int KEY_BYTES = 32;

    /** A few parts of an index and a filter, of 4 KiB each; the filter of all keys has 250,000 bytes. */
    private static final long MOST_BYTES = 32 << 10;

    @TempDir
    Path directory;

    @Test
    void anAbsentKeyCostsNoWholeFilter() throws Exception {
        assumeTrue(Files.isReadable(IO), "without " + IO + " nobody tells how much was read");
        var config = DiskConfig.of(directory, "0123456789abcdef0123456789abcdef")
                .withMemory(1 << 20, 4 << 20)
                .withReserve(0);
        try (var disk = Disk.open(config)) {
            var random = new SplittableRandom(1);
            var value = new byte[] {1};
            for (int i = 0; i < KEYS; i += 1_000) {
                var write = new Write();
                for (int j = 0; j < 1_000; j++) {
                    write.put(Family.HEAD, key(random), value);
                }
                disk.committer().writeNow(write);
            }
            disk.compact(new byte[] {0}, all());
            long before = bytesRead();
            for (int i = 0; i < LOOKUPS; i++) {
                assertThat(disk.get(Family.HEAD, key(random))).isNull();
            }
            assertThat((bytesRead() - before) / LOOKUPS)
                    .as("bytes read for each absent key")
                    .isLessThan(MOST_BYTES);
        }
    }

    private static byte[] key(SplittableRandom random) {
        var key = ByteBuffer.allocate(KEY_BYTES);
        while (key.hasRemaining()) {
            key.putLong(random.nextLong());
        }
        return key.array();
    }

    private static byte[] all() {
        return ByteBuffer.allocate(Long.BYTES).putLong(-1).array();
    }

    /** Bytes that this process has read by system calls, from the page cache too. */
    private static long bytesRead() throws IOException {
        return Files.readAllLines(IO).stream()
                .filter(line -> line.startsWith("rchar: "))
                .mapToLong(line -> Long.parseLong(line.substring("rchar: ".length())))
                .sum();
    }
}
