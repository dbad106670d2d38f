// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.checksum.Crc32c;
import io.tintype.model.TintypeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.BackgroundErrorReason;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.Status;

class DiskTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";

    @TempDir
    Path directory;

    @Test
    void keepsItsIdentityAndItsDataOverReopening() throws Exception {
        assertThat(Disk.identify(directory)).isEmpty();
        DiskIdentity identity;
        try (var disk = Disk.open(config())) {
            identity = disk.identity();
            disk.committer()
                    .commit(new Write().put(Family.HEAD, key(1), value("a")))
                    .join();
            disk.committer().writeNow(new Write().put(Family.USER, key(1), value("b")));
        }
        assertThat(Disk.identify(directory)).contains(identity);
        assertThat(identity.clusterId()).isEqualTo(CLUSTER);

        try (var disk = Disk.open(config())) {
            assertThat(disk.identity()).isEqualTo(identity);
            assertThat(disk.get(Family.HEAD, key(1))).isEqualTo(value("a"));
            assertThat(disk.get(Family.USER, key(1))).isEqualTo(value("b"));
            assertThat(disk.get(Family.CHUNK, key(1))).isNull();
            assertThat(disk.metrics()).containsKeys("wal.syncs", "native.cache.bytes", "files.blob.bytes");
            assertThat(disk.usage().freeBytes()).isPositive();
        }
    }

    @Test
    void isOpenOnlyOnceAtATime() throws Exception {
        try (var disk = Disk.open(config())) {
            assertThat(disk.identity().dataId()).hasSize(32);
            assertRefused(DiskException.Kind.LOCKED, "in use by another storage node");
        }
        Disk.open(config()).close();
    }

    @Test
    void refusesADirectoryOfAnotherCluster() throws Exception {
        Disk.open(DiskConfig.of(directory, "f".repeat(32)).withReserve(0)).close();

        assertRefused(DiskException.Kind.FOREIGN, "belongs to cluster ffff");
    }

    @Test
    void refusesANewerFormat() throws Exception {
        Disk.open(config()).close();
        var file = directory.resolve(DataDirectory.FORMAT_FILE);
        String body = "format=2\ncluster=" + CLUSTER + "\ndata=" + "0".repeat(32) + "\n";
        int crc = Crc32c.of(body.getBytes(StandardCharsets.UTF_8));
        Files.writeString(file, body + "crc32c=" + HexFormat.of().toHexDigits(crc) + "\n");

        assertRefused(DiskException.Kind.NEWER_FORMAT, "format 2");
    }

    @Test
    void refusesADamagedOrMissingFormatFile() throws Exception {
        Disk.open(config()).close();
        var file = directory.resolve(DataDirectory.FORMAT_FILE);
        String text = Files.readString(file);

        Files.writeString(file, text.replace("data=", "data=1"));
        assertRefused(DiskException.Kind.DAMAGED, "checksum does not hold");

        Files.delete(file);
        assertRefused(DiskException.Kind.DAMAGED, "no " + DataDirectory.FORMAT_FILE);

        Files.writeString(file, text);
        Disk.open(config()).close();
    }

    @Test
    void refusesAFamilyItDoesNotKnow() throws Exception {
        Disk.open(config()).close();
        var names = new ArrayList<ColumnFamilyDescriptor>();
        var handles = new ArrayList<ColumnFamilyHandle>();
        try (var options = new DBOptions().setCreateMissingColumnFamilies(true)) {
            names.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY));
            for (var family : Family.values()) {
                names.add(new ColumnFamilyDescriptor(family.columnFamily().getBytes(StandardCharsets.UTF_8)));
            }
            names.add(new ColumnFamilyDescriptor("future".getBytes(StandardCharsets.UTF_8)));
            try (var db =
                    RocksDB.open(options, directory.resolve(DataDirectory.STORE).toString(), names, handles)) {
                handles.forEach(ColumnFamilyHandle::close);
                assertThat(db.getLatestSequenceNumber()).isNotNegative();
            }
        }

        assertRefused(DiskException.Kind.NEWER_FORMAT, "'future'");
    }

    @Test
    void aStoreWithADamagedLogIsSetAside() throws Exception {
        String first = fill();
        damage(".log");
        assertRefused(DiskException.Kind.DAMAGED, "does not open");

        try (var disk = Disk.openOrSetAside(config())) {
            assertThat(disk.damagedKept()).isEqualTo(1);
            assertThat(disk.isToBeRefilled()).isTrue();
            assertThat(disk.identity().dataId()).isNotEqualTo(first);
            assertThat(disk.get(Family.HEAD, key(1))).isNull();
        }
        assertThat(directory.resolve("store.damaged")).isDirectoryContaining("glob:**.log");
        try (var disk = Disk.openOrSetAside(config())) {
            assertThat(disk.damagedKept()).isEqualTo(1);
        }
    }

    @Test
    void aStoreThatLostItsLogsIsNoStoreToWhichNothingWasWritten() throws Exception {
        String first = fill();
        remove(".log");
        assertRefused(DiskException.Kind.DAMAGED, "has lost its logs");

        try (var disk = Disk.openOrSetAside(config())) {
            assertThat(disk.identity().dataId()).isNotEqualTo(first);
        }
    }

    /** What a user's family has is only in logs: it is too little to be moved to a file. */
    @Test
    void aStoreThatLostOneOfItsLogsIsNoStoreToWhichThatWasNotWritten() throws Exception {
        int rounds = 3;
        try (var disk = Disk.open(config().withMemory(8 << 20, 256 << 20))) {
            for (int log = 0; log < rounds; log++) {
                disk.committer()
                        .commit(new Write().put(Family.USER, key(log), value("u" + log)))
                        .join();
                for (int i = 0; i < 70; i++) { // more than a memtable holds: another log begins
                    disk.committer()
                            .commit(new Write().put(Family.HEAD, key(100 * log + i), new byte[256 << 10]))
                            .join();
                }
            }
        }
        var logs = logs();
        assertThat(logs).hasSizeGreaterThan(2);
        for (int lost = 0; lost < logs.size() - 1; lost++) {
            var away = directory.resolve("away");
            Files.move(logs.get(lost), away);
            assertRefused(DiskException.Kind.DAMAGED, "Missing WAL");
            Files.move(away, logs.get(lost));
        }
        try (var disk = Disk.open(config())) {
            for (int log = 0; log < rounds; log++) {
                assertThat(disk.get(Family.USER, key(log))).isEqualTo(value("u" + log));
            }
        }
    }

    private List<Path> logs() throws Exception {
        try (var files = Files.list(directory.resolve(DataDirectory.STORE))) {
            return files.filter(found -> found.toString().endsWith(".log"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aStoreThatLostWhatNamesItsManifestIsNoNewStore() throws Exception {
        String first = fill();
        Disk.open(config()).close(); // moves what the log has to other files
        remove("CURRENT");
        assertRefused(DiskException.Kind.DAMAGED, "has lost its CURRENT");

        try (var disk = Disk.openOrSetAside(config())) {
            assertThat(disk.identity().dataId()).isNotEqualTo(first);
        }
    }

    @Test
    void aStoreThatWasOnlyBegunIsBegunAgain() throws Exception {
        Disk.open(config()).close();
        for (var suffix : List.of(".log", ".sst", "CURRENT")) {
            remove(suffix);
        }
        try (var disk = Disk.open(config())) {
            assertThat(disk.get(Family.HEAD, key(1))).isNull();
        }
    }

    /** A kill -9 in the very first start: RocksDB has made its files, and the families are still to come. */
    @Test
    void aStoreThatHasNoFamilyYetIsGoneOnWith() throws Exception {
        Disk.open(config()).close();
        remove("");
        try (var options = new Options().setCreateIfMissing(true);
                var db = RocksDB.open(
                        options, directory.resolve(DataDirectory.STORE).toString())) {
            assertThat(db.getLatestSequenceNumber()).isNotNegative();
        }
        try (var disk = Disk.open(config())) {
            assertThat(disk.get(Family.HEAD, key(1))).isNull();
        }
    }

    @Test
    void whatWasNotFilledSinceIsKeptAndPeopleAreAskedTheThirdTime() throws Exception {
        damageAndReplace("first");
        damageAndReplace("second");
        assertThat(directory.resolve("store.damaged.before/first")).exists();
        assertThat(directory.resolve("store.damaged/second")).exists();

        fill();
        damage(".log");
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> Disk.openOrSetAside(config()))
                    .isInstanceOfSatisfying(
                            DiskException.class, e -> assertThat(e.kind()).isEqualTo(DiskException.Kind.DAMAGED))
                    .hasMessageContaining("damaged for the third time")
                    .hasMessageContaining("move store.damaged.before away");
        }
        assertThat(directory.resolve("store.damaged.before/first")).exists();
        assertThat(directory.resolve("store.damaged/second")).exists();
        assertThat(directory.resolve("store")).exists();
    }

    @Test
    void whatWasFilledSinceMakesRoomForTheNext() throws Exception {
        damageAndReplace("first");
        damageAndReplace("second");
        for (var name : List.of("third", "fourth")) {
            try (var disk = Disk.open(config())) {
                disk.noteRefilled();
                assertThat(disk.isToBeRefilled()).isFalse();
                assertThat(disk.damagedKept()).as("kept for people to look at").isPositive();
            }
            damageAndReplace(name);
            try (var disk = Disk.open(config())) {
                assertThat(disk.isToBeRefilled())
                        .as("what was put aside now is not")
                        .isTrue();
                assertThat(disk.damagedKept()).isEqualTo(1);
            }
            assertThat(directory.resolve("store.damaged").resolve(name)).exists();
        }
    }

    @Test
    void aCrashWhileAStoreIsSetAsideForgetsThatTheOneBeforeWasRefilled() throws Exception {
        damageAndReplace("first");
        try (var disk = Disk.open(config())) {
            disk.noteRefilled();
        }
        fill();
        // As far as it comes before it is another directory:
        Files.delete(directory.resolve("tintype.refilled"));
        Files.move(directory.resolve("store.damaged"), directory.resolve("store.damaged.before"));
        Files.move(directory.resolve("store"), directory.resolve("store.damaged"));

        try (var disk = Disk.openOrSetAside(config())) {
            assertThat(disk.isToBeRefilled()).isTrue();
            assertThat(disk.damagedKept()).isEqualTo(2);
        }
    }

    /** Fills and damages the store, marks it by a file of this name, and has it put out of the way. */
    private void damageAndReplace(String name) throws Exception {
        fill();
        damage(".log");
        Files.createFile(directory.resolve("store").resolve(name));
        Disk.openOrSetAside(config()).close();
    }

    @Test
    void damageFoundInTheBackgroundFailsTheDiskAndIsRememberedForTheNextStart() throws Exception {
        String first = fill();
        try (var disk = Disk.open(config())) {
            disk.compact(key(0), key(1_000)); // into files
        }
        damage(".sst");
        try (var disk = Disk.open(config())) {
            disk.committer()
                    .commit(new Write().put(Family.HEAD, key(5), value("new")))
                    .join();
            assertThatThrownBy(() -> disk.compact(key(0), key(1_000))).isInstanceOf(TintypeException.class);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> disk.committer().failed());
        }
        assertRefused(DiskException.Kind.DAMAGED, "was found to be damaged");

        try (var disk = Disk.openOrSetAside(config())) {
            assertThat(disk.identity().dataId()).isNotEqualTo(first);
        }
        Disk.open(config()).close();
    }

    @Test
    void onlyDamageIsRememberedForTheNextStart() throws Exception {
        fill();
        var full = new Status(Status.Code.IOError, Status.SubCode.NoSpace, "no room");
        var damaged = new Status(Status.Code.Corruption, Status.SubCode.None, "a block");

        try (var failures = new Failures(directory)) {
            failures.onBackgroundError(BackgroundErrorReason.FLUSH, full);
            Disk.open(config()).close();

            failures.onBackgroundError(BackgroundErrorReason.COMPACTION, damaged);
            assertRefused(DiskException.Kind.DAMAGED, "a block");
        }
    }

    @Test
    void settingAsideGoesOnWhereACrashCutItShort() throws Exception {
        fill();
        DataDirectory.noteDamage(directory, "for a test");
        Files.move(directory.resolve(DataDirectory.STORE), directory.resolve(DamagedStores.LAST));
        assertRefused(DiskException.Kind.DAMAGED, "for a test");

        try (var disk = Disk.openOrSetAside(config())) {
            assertThat(disk.get(Family.HEAD, key(1))).isNull();
        }
        Disk.open(config()).close();
    }

    /** Writes something; the directory's identity. */
    private String fill() throws Exception {
        try (var disk = Disk.open(config())) {
            var write = new Write();
            for (int i = 0; i < 200; i++) {
                write.put(Family.HEAD, key(i), value("a head that takes some room " + i));
            }
            disk.committer().commit(write).join();
            return disk.identity().dataId();
        }
    }

    private void remove(String suffix) throws Exception {
        try (var files = Files.list(directory.resolve(DataDirectory.STORE))) {
            for (var file :
                    files.filter(found -> found.toString().endsWith(suffix)).toList()) {
                Files.delete(file);
            }
        }
    }

    private void damage(String suffix) throws Exception {
        try (var files = Files.list(directory.resolve(DataDirectory.STORE))) {
            for (var file : files.filter(found -> found.toString().endsWith(suffix))
                    .filter(found -> found.toFile().length() > 500)
                    .toList()) {
                byte[] bytes = Files.readAllBytes(file);
                for (int at = 20; at < 300; at += 7) {
                    bytes[at] ^= 16;
                }
                Files.write(file, bytes);
            }
        }
    }

    @Test
    void scansARangeOfOneFamilyOnly() throws Exception {
        try (var disk = Disk.open(config())) {
            var write = new Write();
            for (int i = 0; i < 10; i++) {
                write.put(Family.HEAD, key(i), value("h" + i)).put(Family.USER, key(i), value("u" + i));
            }
            disk.committer().commit(write).join();

            try (var scan = disk.scan(Family.HEAD, key(3), key(6))) {
                assertThat(scan.valid()).isTrue();
                assertThat(scan.value()).isEqualTo(value("h3"));
                scan.seek(key(5));
                assertThat(scan.key()).isEqualTo(key(5));
                scan.next();
                assertThat(scan.valid()).isFalse();
                scan.seekToLast();
                assertThat(scan.value()).isEqualTo(value("h5"));
            }
            try (var scan = disk.scan(Family.HEAD, key(20), key(30))) {
                scan.seekToLast();
                assertThat(scan.valid()).as("what lies in front of the range").isFalse();
            }
        }
    }

    @Test
    void refusesToReadOnceItIsClosed() throws Exception {
        var disk = Disk.open(config());
        disk.close();
        disk.close();

        assertThatThrownBy(() -> disk.committer().writeNow(new Write().put(Family.HEAD, key(1), value("late"))))
                .hasMessageContaining("being closed");
        assertThatThrownBy(() -> disk.get(Family.HEAD, key(1))).hasMessageContaining("being closed");
        assertThatThrownBy(() -> disk.scan(Family.HEAD, key(1), key(2))).hasMessageContaining("being closed");
        assertThatThrownBy(() -> disk.committer().commit(new Write())).hasMessageContaining("being closed");
    }

    @Test
    void roomOfRemovedChunksIsGivenBack() throws Exception {
        try (var disk = Disk.open(config().withMemory(8 << 20, 4 << 20))) {
            var random = new Random(1);
            var bytes = new byte[256 << 10];
            for (int i = 0; i < 64; i++) {
                random.nextBytes(bytes);
                disk.committer()
                        .commit(new Write().put(Family.CHUNK, key(i), bytes.clone()))
                        .join();
            }
            for (int i = 0; i < 64; i++) {
                if (i % 4 != 0) {
                    disk.committer()
                            .commit(new Write().delete(Family.CHUNK, key(i)))
                            .join();
                }
            }
            // Deletions reach the files as later writes push them out of memory.
            long before = disk.metrics().getOrDefault("files.blob.bytes", 0L);
            for (int i = 1000; i < 1032; i++) {
                random.nextBytes(bytes);
                disk.committer()
                        .commit(new Write().put(Family.CHUNK, key(i), bytes.clone()))
                        .join();
                disk.committer()
                        .commit(new Write().delete(Family.CHUNK, key(i)))
                        .join();
            }
            Awaitility.await().untilAsserted(() -> {
                disk.maintain();
                assertThat(disk.metrics().getOrDefault("files.blob.bytes", 0L)).isLessThan(before / 2);
            });
            for (int i = 0; i < 64; i += 4) {
                assertThat(disk.get(Family.CHUNK, key(i))).hasSize(bytes.length);
            }
        }
    }

    private DiskConfig config() {
        return DiskConfig.of(directory, CLUSTER).withReserve(0);
    }

    private void assertRefused(DiskException.Kind kind, String message) {
        assertThatThrownBy(() -> Disk.open(config()))
                .isInstanceOfSatisfying(
                        DiskException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(message)
                .hasMessageContaining(directory.toString());
    }

    private static byte[] key(int number) {
        return ByteBuffer.allocate(8).putInt(1).putInt(number).array();
    }

    private static byte[] value(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
