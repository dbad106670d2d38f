// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.rocks.RocksLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;

/** What becomes of a folder's files when it is named as that of a disk cache. */
final class CacheFolderTest {
    private static final byte[] KEY = "key".getBytes(UTF_8);
    private static final byte[] VALUE = "value".getBytes(UTF_8);

    @TempDir
    private Path home;

    @TempDir
    private Path folder;

    @BeforeEach
    void load() throws IOException {
        RocksLibrary.load(home);
    }

    private DiskStore open() {
        return DiskStore.open(folder, DiskLayer.LEAST_BYTES, DiskLayer.LIFETIME);
    }

    private void refusedAndLeftAsItIs(String example) throws IOException {
        var before = files();
        assertThatThrownBy(this::open)
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("files that are no cache's, such as " + example)
                .hasMessageContaining("Set cache.diskPath to another folder.");
        assertThat(files()).isEqualTo(before);
    }

    private Map<String, String> files() throws IOException {
        Map<String, String> found = new TreeMap<>();
        try (var all = Files.list(folder)) {
            for (var file : all.filter(Files::isRegularFile).toList()) {
                found.put(file.getFileName().toString(), Files.readString(file, ISO_8859_1));
            }
        }
        return found;
    }

    /** Made by someone else, with one column family more, or none. */
    private void makeForeign(String family) throws Exception {
        try (var options = new Options().setCreateIfMissing(true);
                var db = RocksDB.open(options, folder.toString());
                var flush = new FlushOptions()) {
            if (!family.isEmpty()) {
                db.createColumnFamily(new ColumnFamilyDescriptor(family.getBytes(UTF_8)))
                        .close();
            }
            db.put(KEY, VALUE);
            db.flush(flush);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "blobs"})
    void aDatabaseOfSomeoneElseIsLeftAlone(String family) throws Exception {
        makeForeign(family);
        refusedAndLeftAsItIs("0000");
    }

    @Test
    void soIsOneThatCannotBeRead() throws Exception {
        makeForeign("blobs");
        try (var all = Files.list(folder)) {
            for (var file : all.filter(one -> one.getFileName().toString().startsWith("MANIFEST"))
                    .toList()) {
                Files.write(file, new byte[100]);
            }
        }
        refusedAndLeftAsItIs("0000");
    }

    @Test
    void soIsAFileOfAnyKind() throws Exception {
        Files.writeString(folder.resolve("000007.log"), "by hand");
        refusedAndLeftAsItIs("000007.log");
    }

    @Test
    void aFolderWithoutFilesIsTakenAndMarked() throws Exception {
        Files.createDirectory(folder.resolve("lost+found"));
        try (var store = open()) {
            store.put(KEY, VALUE);
        }
        assertThat(folder.resolve(CacheFolder.MARK)).isEmptyFile();
        try (var store = open()) {
            assertThat(store.get(KEY)).isEqualTo(VALUE);
        }
    }

    @Test
    void aCacheOfBeforeThereWasAMarkIsKnownByWhatIsInIt() throws Exception {
        try (var store = open()) {
            store.put(KEY, VALUE);
        }
        Files.delete(folder.resolve(CacheFolder.MARK));
        try (var store = open()) {
            assertThat(store.get(KEY)).isEqualTo(VALUE);
        }
        assertThat(folder.resolve(CacheFolder.MARK)).exists();
    }
}
