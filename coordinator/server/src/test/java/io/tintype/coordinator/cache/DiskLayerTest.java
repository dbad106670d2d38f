// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tintype.model.Version;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images on the local disk: what was asked for twice, over restarts, bounded, and never a damaged one. */
final class DiskLayerTest {
    private static final int LENGTH = 200_000;

    @TempDir
    Path folder;

    private final Set<String> strangers = ConcurrentHashMap.newKeySet();
    private DiskLayer disk;

    @BeforeEach
    void open() {
        disk = open("cluster");
    }

    private DiskLayer open(String cluster) {
        return open(cluster, DiskLayer.LIFETIME);
    }

    private DiskLayer open(String cluster, Duration lifetime) {
        return new DiskLayer(
                folder, DiskLayer.LEAST_BYTES, lifetime, new PieceCodec(cluster), user -> !strangers.contains(user));
    }

    @AfterEach
    void close() {
        disk.close();
    }

    private Optional<Piece> get(int number) {
        return disk.get(Pieces.spec(number, LENGTH)).join();
    }

    private void keep(int number) {
        disk.offer(Pieces.key(number), Pieces.piece(number, LENGTH));
        await().until(() -> {
            disk.offer(Pieces.key(number), Pieces.piece(number, LENGTH));
            return get(number).isPresent();
        });
    }

    @Test
    @SuppressWarnings("NullAway") // a key of which no digest can be made stands for whatever nobody expects
    void aLookThatFailsAsNobodyExpectedIsAMiss() {
        var broken = PieceSpec.ofLength(new PieceKey("u", "n", null, 0), LENGTH);
        assertThat(disk.get(broken).orTimeout(10, TimeUnit.SECONDS).join()).isEmpty();
    }

    /** Whoever reads files that were closed beneath him takes the process along. */
    @Test
    void itsFilesStayOpenWhileSomebodyIsAtWorkOnThem() throws Exception {
        disk.close();
        var atWork = new CountDownLatch(1);
        var end = new CompletableFuture<Boolean>();
        disk = new DiskLayer(
                folder,
                DiskLayer.LEAST_BYTES,
                DiskLayer.LIFETIME,
                new PieceCodec("cluster"),
                user -> !Thread.currentThread().getName().equals("disk-cache") || isTrueOnce(atWork, end));
        disk.offer(Pieces.key(1), Pieces.piece(1, LENGTH));
        assertThat(atWork.await(10, TimeUnit.SECONDS)).isTrue();

        Thread.currentThread().interrupt(); // who closes waits no longer
        disk.close();

        assertThat(Thread.interrupted()).isTrue();
        assertThatThrownBy(() -> open("cluster")).isInstanceOf(UncheckedIOException.class);
        end.complete(true);
    }

    private static boolean isTrueOnce(CountDownLatch asked, CompletableFuture<Boolean> answer) {
        asked.countDown();
        return answer.join();
    }

    @Test
    void whatIsOfferedASecondTimeIsKeptOverARestart() {
        disk.offer(Pieces.key(1), Pieces.piece(1, LENGTH));
        assertThat(get(1)).as("offered once").isEmpty();
        keep(1);
        keep(2);
        disk.close();
        open();
        assertThat(Pieces.read(get(1).orElseThrow())).isEqualTo(Pieces.bytes(1, LENGTH));
        assertThat(get(2).orElseThrow().isSound()).isTrue();
        assertThat(get(3)).isEmpty();
        assertThat(disk.get(Pieces.spec(1, LENGTH - 1)).join())
                .as("of another length")
                .isEmpty();
        disk.drop(Pieces.key(1));
        await().until(() -> get(1).isEmpty());
    }

    @Test
    void whatAnotherClusterKeptIsNotKnown() {
        keep(1);
        disk.close();
        disk = open("other");
        assertThat(get(1)).isEmpty();
    }

    /** A pool that is pinned to another region never has a byte on a disk here. */
    @Test
    void bytesThatBelongElsewhereAreNeitherWrittenNorRead() throws IOException {
        strangers.add(Pieces.key(1).user());
        for (int i = 0; i < 200; i++) {
            disk.offer(Pieces.key(i), Pieces.piece(i, LENGTH));
            disk.offer(Pieces.key(i), Pieces.piece(i, LENGTH));
        }
        disk.close();
        try (var files = Files.walk(folder)) {
            assertThat(files.filter(Files::isRegularFile)
                            .filter(file -> file.toString().endsWith(".sst")
                                    || file.toFile().length() >= LENGTH))
                    .as("of 40 MB offered, files that have a piece")
                    .isEmpty();
        }
        strangers.clear();
        open();
        keep(1);
        strangers.add(Pieces.key(1).user());
        assertThat(get(1)).as("of a user who has moved away since").isEmpty();
    }

    @Test
    void whatIsPastItsTimeLeavesTheDiskThoughNothingIsWritten() {
        disk.close();
        disk = open("cluster", Duration.ofSeconds(4));
        keep(1);
        await().atMost(Duration.ofMinutes(1)).until(() -> get(1).isEmpty() && disk.heldBytes() == 0);
    }

    @Test
    void itsSpaceIsBounded() throws IOException {
        for (int i = 0; i < 1_000; i++) {
            int number = i;
            disk.offer(Pieces.key(number), Pieces.piece(number, LENGTH));
            // Not kept while what was kept before is still on its way to the disk.
            await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(() -> {
                disk.offer(Pieces.key(number), Pieces.piece(number, LENGTH));
                return disk.get(Pieces.spec(number, LENGTH)).join().isPresent();
            });
        }
        disk.close();
        try (var files = Files.walk(folder)) {
            long bytes = files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
            assertThat(bytes).as("bytes on disk of 200 MB offered").isLessThan(DiskLayer.LEAST_BYTES);
        }
        open();
        assertThat(get(999)).as("the newest").isPresent();
        assertThat(get(0)).as("the oldest").isEmpty();
    }

    @Test
    void aDamagedFileYieldsNoWrongBytes() throws IOException {
        for (int i = 0; i < 20; i++) {
            keep(i);
        }
        disk.close();
        Path table;
        try (var files = Files.walk(folder)) {
            table = files.filter(file -> file.toString().endsWith(".sst"))
                    .findFirst()
                    .orElseThrow();
        }
        try (var file = new RandomAccessFile(table.toFile(), "rw")) {
            for (long at = 1_000; at < file.length(); at += 50_000) {
                file.seek(at);
                int old = file.read();
                file.seek(at);
                file.write(old ^ 0x40);
            }
        }
        open();
        for (int i = 0; i < 20; i++) {
            int number = i;
            get(i).ifPresent(piece -> assertThat(
                            !piece.isSound() || Arrays.equals(Pieces.read(piece), Pieces.bytes(number, LENGTH)))
                    .isTrue());
        }
    }

    @Test
    void aForgottenUserCannotBeFoundOrReadAnyMoreNorAfterARestart() throws IOException {
        keep(1);
        var other = new PieceKey("other", "n", new Version(1, 1), 0);
        disk.offer(other, Pieces.piece(9, LENGTH));
        disk.offer(other, Pieces.piece(9, LENGTH));
        var ofOther = PieceSpec.ofLength(other, LENGTH);
        await().until(() -> disk.get(ofOther).join().isPresent());
        assertThat(disk.holding("u").join()).contains(new Holding("disk", 1, LENGTH));

        disk.forget("u").join();

        assertThat(get(1)).isEmpty();
        assertThat(disk.holding("u").join()).isEmpty();
        disk.offer(Pieces.key(1), Pieces.piece(1, LENGTH));
        disk.offer(Pieces.key(2), Pieces.piece(2, LENGTH));
        disk.offer(Pieces.key(2), Pieces.piece(2, LENGTH));
        assertThat(disk.get(ofOther).join()).isPresent();
        disk.close();
        open();
        assertThat(get(1)).isEmpty();
        assertThat(get(2)).as("on its way when he was forgotten").isEmpty();
        assertThat(disk.get(ofOther).join().map(Pieces::read)).contains(Pieces.bytes(9, LENGTH));
        // He may come back: nothing of before is found under what is written of him now.
        keep(2);
        assertThat(get(1)).isEmpty();
    }

    @Test
    void noFileHasBytesOfAnImageAsTheyAre() throws IOException {
        keep(1);
        disk.close();
        var wanted = new String(Pieces.bytes(1, LENGTH), 1_000, 32, StandardCharsets.ISO_8859_1);
        try (var files = Files.walk(folder)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                        .as("%s", file)
                        .doesNotContain(wanted);
            }
        }
        open();
    }

    /** On a disk of its own, which is filled to the last byte; needs root. */
    @Test
    void onAFullDiskNothingIsWrongAndForgettingSaysThatItFailedOrIsDone() throws Exception {
        disk.close();
        try (var small = SmallDisk.mount(folder)) {
            disk = open("cluster");
            keep(1);
            small.fill();
            // What cannot be kept is a miss: first the secrets of new users, then pieces, of which memory takes some.
            int missing = 0;
            for (int number = 2; number < 150; number++) {
                var key = keyOf("user" + number, number);
                disk.offer(key, Pieces.piece(number, LENGTH));
                disk.offer(key, Pieces.piece(number, LENGTH));
                missing += isThereAndRight(key, number) ? 0 : 1;
            }
            assertThat(missing).as("something met the full disk").isPositive();
            var forgotten = disk.forget("u").handle((done, failure) -> failure).get(60, TimeUnit.SECONDS);
            if (forgotten != null) {
                assertThat(forgotten)
                        .hasMessageContaining("cannot forget user 'u'")
                        .hasMessageContaining("No space");
            }
            small.giveRoom();
            await("he can be forgotten")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> disk.forget("u")
                            .handle((done, failure) -> failure == null)
                            .join());
            assertThat(get(1)).isEmpty();
            disk.close();
            disk = open("cluster");
            assertThat(get(1)).as("after a restart").isEmpty();
            for (int number = 2; number < 150; number++) {
                isThereAndRight(keyOf("user" + number, number), number);
            }
            var key = keyOf("late", 200);
            await("pieces are kept again").atMost(Duration.ofSeconds(60)).until(() -> {
                disk.offer(key, Pieces.piece(200, LENGTH));
                return disk.get(PieceSpec.ofLength(key, LENGTH)).join().isPresent();
            });
            disk.close();
        }
    }

    private static PieceKey keyOf(String user, int number) {
        return new PieceKey(user, "n" + number, new Version(number + 1, 7), 0);
    }

    /** False: it is missing. */
    private boolean isThereAndRight(PieceKey key, int number) throws Exception {
        var found = disk.get(PieceSpec.ofLength(key, LENGTH)).get(60, TimeUnit.SECONDS);
        if (found.isPresent()) {
            assertThat(found.get().isSound()).isTrue();
            assertThat(Pieces.read(found.get())).isEqualTo(Pieces.bytes(number, LENGTH));
        }
        return found.isPresent();
    }

    @Test
    void whatIsNoCacheIsThrownAwayAndBegunAnew() throws IOException {
        keep(1);
        disk.close();
        try (var files = Files.list(folder)) {
            for (var file : files.filter(f -> f.getFileName().toString().startsWith("MANIFEST"))
                    .toList()) {
                Files.write(file, new byte[100]);
            }
        }
        open();
        assertThat(get(1)).isEmpty();
        keep(2);
    }

    @Test
    void aFolderInUseIsRefusedWithWhatToDo() {
        assertThatThrownBy(() -> open("cluster"))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("Set cache.diskPath to another folder");
        keep(1);
    }
}
