// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Family;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChangesTest {
    private static final int KEYS = 12;

    @TempDir
    Path directory;

    private Disk disk;

    @BeforeEach
    void open() throws Exception {
        disk = Disk.open(DiskConfig.of(directory, Shelf.CLUSTER));
    }

    @AfterEach
    void close() {
        disk.close();
    }

    @Test
    void ofSeveralChangesOfAKeyTheLastIsWritten() {
        var once = new Changes(disk);
        once.put(Family.HEAD, key(1), new byte[] {2});
        var often = new Changes(disk);
        often.put(Family.HEAD, key(1), new byte[] {1});
        often.delete(Family.HEAD, key(1));
        often.put(Family.HEAD, key(1), new byte[] {2});

        assertThat(often.write().bytes()).isEqualTo(once.write().bytes());
        disk.committer().writeNow(often.write());
        assertThat(disk.get(Family.HEAD, key(1))).containsExactly(2);
    }

    @Test
    void whatIsReadAndWhatIsWrittenIsWhatTheChangesMakeOneAfterTheOther() {
        for (long seed = 0; seed < 300; seed++) {
            var random = new Random(seed);
            var expected = new TreeMap<byte[], byte[]>(Arrays::compareUnsigned);
            var family = random.nextBoolean() ? Family.HEAD : Family.GARBAGE;
            for (int run = 0; run < 3; run++) {
                var changes = new Changes(disk);
                for (int i = random.nextInt(20); i > 0; i--) {
                    change(changes, family, expected, random);
                }
                disk.committer().writeNow(changes.write());
                for (int key = 0; key < KEYS; key++) {
                    assertThat(disk.get(family, key(key)))
                            .as("seed %d, run %d, key %d", seed, run, key)
                            .isEqualTo(expected.get(key(key)));
                }
            }
            var all = new Changes(disk);
            all.deleteRange(family, key(0), key(KEYS));
            disk.committer().writeNow(all.write());
        }
    }

    private static void change(Changes changes, Family family, NavigableMap<byte[], byte[]> expected, Random random) {
        byte[] key = key(random.nextInt(KEYS));
        switch (random.nextInt(6)) {
            case 0 -> {
                changes.delete(family, key);
                expected.remove(key);
            }
            case 1 -> {
                byte[] to = key(KEYS);
                changes.deleteRange(family, key, to);
                expected.subMap(key, to).clear();
            }
            default -> {
                byte[] value = new byte[random.nextInt(3)];
                random.nextBytes(value);
                changes.put(family, key, value);
                expected.put(key, value);
            }
        }
    }

    private static byte[] key(int number) {
        return new byte[] {7, (byte) number};
    }
}
