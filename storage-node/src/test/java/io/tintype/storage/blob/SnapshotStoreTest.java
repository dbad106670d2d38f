// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.RecordType;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One shard's snapshot from one real disk to another. */
class SnapshotStoreTest {
    private static final UserId ALICE = UserId.of("alice");
    private static final UserId BOB = UserId.of("bob");
    private static final ShardId NEIGHBOUR = new ShardId(8);

    @TempDir
    Path directory;

    private Shelf source;
    private Shelf target;

    @BeforeEach
    void open() throws Exception {
        source = new Shelf(directory.resolve("source"));
        target = new Shelf(directory.resolve("target"));
        source.claim(ALICE);
        for (int i = 0; i < 40; i++) {
            source.put(ALICE, "image-" + i, bytes(i));
        }
        source.put(ALICE, "image-0", bytes(100)); // leaves garbage
        source.delete(ALICE, "image-1", null, Precondition.getDefaultInstance());
        stage(source, ALICE);
    }

    @AfterEach
    void close() {
        source.close();
        target.close();
    }

    /** What the target had before, none of which may show afterwards. */
    private void fillTarget() {
        target.claim(BOB);
        target.put(BOB, "old", bytes(7));
        target.claim(ALICE);
        target.put(ALICE, "image-1", bytes(8)); // deleted at the source
        stage(target, BOB);
        var write = new Write();
        target.store().log().promise(write, 9);
        target.store().log().incarnate(write, 42);
        var neighbour = ShardStore.open(target.disk(), NEIGHBOUR, 0);
        neighbour.log().incarnate(write, 43);
        target.disk().committer().commit(write).join();
    }

    private static void stage(Shelf shelf, UserId user) {
        var write = new Write();
        shelf.store().chunks().stage(write, new ChunkKey(user, shelf.upload(), 0), Shelf.chunk(bytes(5)));
        shelf.disk().committer().commit(write).join();
    }

    private static byte[] bytes(int seed) {
        var bytes = new byte[500 + 97 * seed];
        Arrays.fill(bytes, (byte) seed);
        return bytes;
    }

    private void begin() {
        var write = new Write();
        target.store().beginInstall(write);
        target.disk().committer().commitEssential(write).join();
    }

    private void end(SnapshotHead head) {
        var write = new Write();
        target.store().endInstall(write, head);
        target.disk().committer().commitEssential(write).join();
        target.store().reload();
    }

    private SnapshotHead install() {
        try (var snapshot = source.store().snapshot()) {
            begin();
            var sink = target.store().install(snapshot.head());
            parts(snapshot).forEach(sink::put);
            sink.requireWhole();
            end(snapshot.head());
            return snapshot.head();
        }
    }

    private static List<SnapshotPart> parts(ShardSnapshot snapshot) {
        var all = new ArrayList<SnapshotPart>();
        for (var part = snapshot.next(2_000); part.isPresent(); part = snapshot.next(2_000)) {
            all.add(part.get());
        }
        return all;
    }

    /** All entries of the shard in the families that records make. */
    private static Map<String, ByteString> content(Shelf shelf) {
        var content = new TreeMap<String, ByteString>();
        byte[] from = ByteBuffer.allocate(4).putInt(Shelf.SHARD.value()).array();
        byte[] to = ByteBuffer.allocate(4).putInt(Shelf.SHARD.value() + 1).array();
        for (var family : ShardSnapshot.FAMILIES) {
            try (var scan = shelf.disk().scan(family, from, to)) {
                for (; scan.valid(); scan.next()) {
                    content.put(family + " " + HexFormat.of().formatHex(scan.key()), ByteString.copyFrom(scan.value()));
                }
            }
        }
        return content;
    }

    @Test
    void replacesEverythingAndLeavesPromiseIncarnationAndNeighbours() throws Exception {
        fillTarget();

        var head = install();

        assertThat(content(target)).isEqualTo(content(source)).isNotEmpty();
        assertThat(head.at()).isEqualTo(source.store().machine().applied());
        for (int restarts = 0; restarts < 2; restarts++) {
            var store = target.store();
            assertThat(store.isInstalling()).isFalse();
            assertThat(store.machine().applied()).isEqualTo(head.at());
            assertThat(store.machine().stats())
                    .isEqualTo(source.store().machine().stats());
            assertThat(store.log().last()).isEqualTo(head.at());
            assertThat(store.log().first()).isEqualTo(head.at().seq() + 1);
            assertThat(store.log().promisedEpoch()).isEqualTo(9);
            assertThat(store.log().incarnation()).isEqualTo(42);
            assertThat(store.log().lastLogTimeMs()).isEqualTo(source.nowMs);
            assertThat(target.get(ALICE, "image-0")).isEqualTo(bytes(100));
            assertThat(target.get(ALICE, "image-1")).isNull();
            assertThat(target.get(BOB, "old")).isNull();
            assertThat(ShardStore.open(target.disk(), NEIGHBOUR, 0).log().incarnation())
                    .isEqualTo(43);
            target.reopen();
        }
    }

    @Test
    void goesOnFromTheLog() {
        install();
        source.put(ALICE, "later", bytes(3));
        var entries = source.store().log().read(target.store().log().last().seq() + 1, 1_000, 1 << 20);

        var write = new Write();
        for (var entry : entries) {
            target.store().log().append(write, entry);
            target.store()
                    .chunks()
                    .inline(
                            write,
                            NamedChunks.inlineKey(entry.record()).orElseThrow(),
                            source.store().inlineChunk(entry.record()).orElseThrow());
        }
        target.disk().committer().commit(write).join();
        target.store()
                .machine()
                .apply(entries.stream().map(entry -> entry.record()).toList());

        assertThat(entries).hasSize(1);
        assertThat(content(target)).isEqualTo(content(source));
    }

    @Test
    void isOfOneMomentWhateverIsWrittenMeanwhile() {
        var before = content(source);
        try (var snapshot = source.store().snapshot()) {
            begin();
            var sink = target.store().install(snapshot.head());
            snapshot.next(1).ifPresent(sink::put);
            for (int i = 0; i < 20; i++) {
                source.put(ALICE, "meanwhile-" + i, bytes(i));
                source.delete(ALICE, "image-" + (i + 2), null, Precondition.getDefaultInstance());
            }
            parts(snapshot).forEach(sink::put);
            sink.requireWhole();
            end(snapshot.head());
        }

        assertThat(content(target)).isEqualTo(before);
    }

    @Test
    void chunksOfRecordsThatAreNotAppliedComeWithTheRecordsAndNotWithTheSnapshot() {
        var upload = source.upload();
        var key = new ChunkKey(ALICE, upload, 0);
        var put = PutCommit.newBuilder()
                .setName("not applied")
                .setManifest(Shelf.manifest(upload, bytes(1)))
                .setContentType(Limits.DEFAULT_CONTENT_TYPE)
                .setInline(true)
                .build();
        var write = new Write();
        source.store().chunks().inline(write, key, Shelf.chunk(bytes(1)));
        var record = source.record(RecordType.PUT_COMMIT, ALICE, null, put.toByteString());
        source.store().log().append(write, LogCodec.encode(record));
        source.disk().committer().commit(write).join();

        var head = install();

        assertThat(head.at().seq()).isEqualTo(record.seq() - 1);
        assertThat(source.reader().chunk(key)).isPresent();
        assertThat(target.reader().chunk(key)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 1_000})
    void cutShortAnywhereTheReplicaKnowsThatItIsNotWhole(int partsWritten) throws Exception {
        fillTarget();
        try (var snapshot = source.store().snapshot()) {
            begin();
            var sink = target.store().install(snapshot.head());
            parts(snapshot).stream().limit(partsWritten).forEach(sink::put);
        }

        target.reopen();

        var store = target.store();
        assertThat(store.isInstalling()).isTrue();
        assertThat(store.log().last().seq()).isZero();
        assertThat(store.log().first()).isEqualTo(1);
        assertThat(store.machine().applied().seq()).isZero();
        assertThat(store.machine().stats()).isEqualTo(ShardStats.NONE);
        assertThat(store.log().promisedEpoch()).isEqualTo(9);
        assertThat(store.log().incarnation()).isEqualTo(42);
        assertThatThrownBy(store::snapshot).isInstanceOf(TintypeException.class).hasMessageContaining("nothing here");
        install();
        assertThat(content(target)).isEqualTo(content(source));
    }

    @Test
    void aSnapshotThatLacksNamesIsRefused() {
        try (var snapshot = source.store().snapshot()) {
            begin();
            var sink = target.store().install(snapshot.head());
            var heads = parts(snapshot).stream()
                    .filter(part -> part.family() == Family.HEAD)
                    .toList();
            heads.subList(1, heads.size()).forEach(sink::put);

            assertThatThrownBy(sink::requireWhole)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("39 blobs");
        }
    }

    @Test
    void entriesThatNoSnapshotHasAreRefused() {
        try (var snapshot = source.store().snapshot()) {
            var sink = target.store().install(snapshot.head());
            var key = List.of(ByteString.copyFromUtf8("R"));
            var value = List.of(ByteString.copyFrom(new byte[32]));
            var noKey = List.of(ByteString.EMPTY);
            var huge = List.of(ByteString.copyFrom(new byte[2 << 20]));

            for (var part : List.of(
                    new SnapshotPart(Family.META, key, value),
                    new SnapshotPart(Family.LOG, key, value),
                    new SnapshotPart(Family.HEAD, noKey, value),
                    new SnapshotPart(Family.HEAD, key, huge))) {
                assertThatThrownBy(() -> sink.put(part)).isInstanceOf(IllegalArgumentException.class);
            }
            assertThatThrownBy(() -> sink.put(new SnapshotPart(Family.CHUNK, key, value)))
                    .isInstanceOf(TintypeException.class);
            assertThat(content(target)).isEmpty();
        }
    }

    @Test
    void aHeadThatContradictsItselfIsRefused() {
        try (var snapshot = source.store().snapshot()) {
            var head = snapshot.head();
            var ahead = new SnapshotHead(
                    new io.tintype.storage.log.LogPosition(1, head.at().seq() + 1),
                    head.epochFirst(),
                    head.applied(),
                    0);
            var epoch = new SnapshotHead(head.at(), head.at().seq() + 1, head.applied(), 0);
            var mark = new SnapshotHead(head.at(), head.epochFirst(), ByteString.copyFromUtf8("mark"), 0);

            assertThatThrownBy(() -> target.store().install(ahead)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> target.store().install(epoch)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> target.store().install(mark)).isInstanceOf(TintypeException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"image-2", "image-5", "image-39"})
    void aChunkThatRottedAtTheSourceIsFoundThere(String name) {
        var key = new ChunkKey(ALICE, head(name), 0);
        var stored = new Keys(Shelf.SHARD).chunk(key);
        var value = source.disk().get(Family.CHUNK, stored);
        assertThat(value).isNotNull();
        value[3] ^= 1;
        source.disk()
                .committer()
                .commit(new Write().put(Family.CHUNK, stored, value))
                .join();

        var found = new ArrayList<ChunkKey>();
        source.store().chunks().onDamage(found::add);

        try (var snapshot = source.store().snapshot()) {
            assertThatThrownBy(() -> parts(snapshot))
                    .isInstanceOf(TintypeException.class)
                    .hasMessageContaining("fails its checksum");
        }
        assertThat(found).containsExactly(key);
        assertThatThrownBy(() -> source.reader().chunk(key)).isInstanceOf(TintypeException.class);
        assertThat(found).containsExactly(key, key);
    }

    /** RocksDB notices first, and does not say which chunk it is. */
    @Test
    void aBitFlippedInABlobFileIsTracedToItsChunk() throws Exception {
        source.put(ALICE, "large", bytes(800));
        var key = new ChunkKey(ALICE, head("large"), 0);
        ShardStore.compact(source.disk(), Shelf.SHARD);
        source.disk().close();
        int flipped = 0;
        try (var files = Files.list(directory.resolve("source").resolve("store"))) {
            for (var file :
                    files.filter(each -> each.toString().endsWith(".blob")).toList()) {
                byte[] content = Files.readAllBytes(file);
                int at = indexOf(content, bytes(800));
                if (at >= 0) {
                    content[at + 40_000] ^= 2;
                    Files.write(file, content);
                    flipped++;
                }
            }
        }
        assertThat(flipped).isEqualTo(1);
        source.reopen();
        var found = new ArrayList<ChunkKey>();
        source.store().chunks().onDamage(found::add);

        try (var snapshot = source.store().snapshot()) {
            assertThatThrownBy(() -> parts(snapshot)).isInstanceOf(TintypeException.class);
        }

        assertThat(found).containsExactly(key);
        assertThat(source.store().chunks().isDamaged(key)).isTrue();
        var write = new Write();
        source.store().chunks().inline(write, key, Shelf.chunk(bytes(800)));
        source.disk().committer().writeNow(write);
        assertThat(source.store().chunks().isDamaged(key)).isFalse();
        install();
        assertThat(target.get(ALICE, "large")).isEqualTo(bytes(800));
    }

    private static int indexOf(byte[] content, byte[] part) {
        for (int at = 0; at + part.length <= content.length; at++) {
            if (Arrays.equals(content, at, at + part.length, part, 0, part.length)) {
                return at;
            }
        }
        return -1;
    }

    private io.tintype.model.UploadId head(String name) {
        return source.reader()
                .head(ALICE, BlobName.of(name), source.nowMs)
                .flatMap(found -> Stored.upload(found.getManifest()))
                .orElseThrow();
    }

    @Test
    void aDiskClosesOnlyWhenNobodyReadsAMomentOfIt() throws Exception {
        var snapshot = source.store().snapshot();
        var closing = new Thread(() -> source.disk().close(), "closing");
        closing.start();
        assertThat(snapshot.head().at()).isEqualTo(source.store().machine().applied());
        snapshot.close();
        snapshot.close();
        closing.join(60_000);
        assertThat(closing.isAlive()).isFalse();
    }
}
