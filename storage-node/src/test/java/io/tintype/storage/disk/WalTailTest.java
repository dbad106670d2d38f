// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to synced writes when the write-ahead log is not as it was left. */
class WalTailTest {
    private static final int WRITES = 40;
    private static final int LARGE = 100_000;

    @TempDir
    Path directory;

    private Path original;
    private Path log;

    /** Takes a copy of a store in use, which is what a killed process leaves. */
    @BeforeEach
    void leaveAStoreBehind() throws Exception {
        original = directory.resolve("original");
        try (var disk = Disk.open(config(original))) {
            for (int i = 0; i < WRITES; i++) {
                disk.committer()
                        .commit(new Write().put(Family.HEAD, key(i), new byte[500]))
                        .join();
            }
            disk.committer()
                    .commit(new Write().put(Family.CHUNK, key(WRITES), new byte[LARGE]))
                    .join();
            copy(original, directory.resolve("copy"));
        }
        log = newestLog(directory.resolve("copy"));
    }

    @AfterEach
    void nothingIsLeftOpen() throws Exception {
        Disk.open(config(original)).close();
    }

    @Test
    void aSoundLogOpensWithEverything() throws Exception {
        assertThat(WalTail.inspect(log)).isEqualTo(WalTail.State.SOUND);
        assertThat(openAndCount()).isEqualTo(WRITES + 1);
    }

    @Test
    void aWriteCutShortIsDroppedAndAllBeforeItAreKept() throws Exception {
        long size = Files.size(log);
        for (long cut : new long[] {1, 3, 100, 40_000, 99_000}) {
            truncate(size - cut);

            assertThat(WalTail.inspect(log)).as("%d bytes short", cut).isEqualTo(WalTail.State.TORN);
        }
        assertThat(openAndCount()).isEqualTo(WRITES);
    }

    @Test
    void everyPlaceTheLogCanEndAtOpens() throws Exception {
        var random = new Random(7);
        byte[] whole = Files.readAllBytes(log);
        for (int i = 0; i < 200; i++) {
            int size = random.nextInt(whole.length + 1);
            Files.write(log, Arrays.copyOf(whole, size));
            assertThat(WalTail.inspect(log))
                    .as("cut to %d of %d bytes", size, whole.length)
                    .isIn(WalTail.State.SOUND, WalTail.State.TORN);
        }
    }

    @Test
    void everyFlippedBitIsDamageAndNeverATornEnd() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        byte[] whole = Files.readAllBytes(log);
        for (int i = 0; i < 2000; i++) {
            byte[] flipped = whole.clone();
            // Half of them among the small writes, where lengths and types are.
            int at = random.nextInt(i % 2 == 0 ? WRITES * 500 : whole.length);
            flipped[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(log, flipped);

            assertThat(WalTail.inspect(log))
                    .as("bit flipped in byte %d, seed %d", at, seed)
                    .isEqualTo(WalTail.State.DAMAGED);
        }
    }

    @Test
    void aFlippedLengthInTheVeryLastWriteIsDamage() throws Exception {
        truncate(Files.size(log) - LARGE - 200);
        truncate(endOfSoundPart());
        byte[] whole = Files.readAllBytes(log);
        assertThat(WalTail.inspect(log)).isEqualTo(WalTail.State.SOUND);
        int last = startOfLastRecord(whole);
        for (int bit = 0; bit < 16; bit++) {
            byte[] flipped = whole.clone();
            flipped[last + 4 + bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(log, flipped);
            assertThat(WalTail.inspect(log)).as("bit %d", bit).isEqualTo(WalTail.State.DAMAGED);
        }
    }

    @Test
    void aStoreWithAFlippedBitDoesNotOpen() throws Exception {
        byte[] bytes = Files.readAllBytes(log);
        bytes[bytes.length / 4] ^= 0x10;
        Files.write(log, bytes);

        assertThatThrownBy(this::openAndCount)
                .isInstanceOfSatisfying(
                        DiskException.class, e -> assertThat(e.kind()).isEqualTo(DiskException.Kind.DAMAGED))
                .hasMessageContaining("rebuilt from their peers");
    }

    private int openAndCount() throws Exception {
        try (var disk = Disk.open(config(directory.resolve("copy")))) {
            int found = 0;
            for (int i = 0; i <= WRITES; i++) {
                found += disk.get(i < WRITES ? Family.HEAD : Family.CHUNK, key(i)) == null ? 0 : 1;
            }
            return found;
        }
    }

    private long endOfSoundPart() throws IOException {
        byte[] whole = Files.readAllBytes(log);
        int at = 0;
        while (true) {
            int next = next(whole, at);
            if (next > whole.length || whole[at + 6] != 1) {
                return at;
            }
            at = next;
        }
    }

    private static int startOfLastRecord(byte[] whole) {
        int at = 0;
        while (next(whole, at) < whole.length) {
            at = next(whole, at);
        }
        return at;
    }

    private static int next(byte[] whole, int at) {
        return at + 7 + (Byte.toUnsignedInt(whole[at + 4]) | Byte.toUnsignedInt(whole[at + 5]) << 8);
    }

    private void truncate(long size) throws IOException {
        try (var channel = FileChannel.open(log, StandardOpenOption.WRITE)) {
            channel.truncate(size);
        }
    }

    private static DiskConfig config(Path directory) {
        return DiskConfig.of(directory, "0123456789abcdef0123456789abcdef").withReserve(0);
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(8).putInt(1).putInt(number).array();
    }

    private static Path newestLog(Path copy) throws IOException {
        try (var files = Files.list(copy.resolve(DataDirectory.STORE))) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var files = Files.walk(from)) {
            for (var file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }
}
