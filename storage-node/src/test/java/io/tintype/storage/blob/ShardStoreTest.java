// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.BlobName;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.RecordType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardStoreTest {
    private static final UserId ALICE = UserId.of("alice");

    @TempDir
    Path directory;

    private Shelf shelf;

    @BeforeEach
    void open() throws Exception {
        shelf = new Shelf(directory);
    }

    @AfterEach
    void close() {
        shelf.close();
    }

    @Test
    void whatWasStoredIsReadBackAfterReopening() throws Exception {
        shelf.claim(ALICE);
        shelf.put(ALICE, "cat.jpg", bytes("meow"));

        shelf.reopen();

        assertThat(shelf.get(ALICE, "cat.jpg")).isEqualTo(bytes("meow"));
        assertThat(shelf.store().machine().applied().seq()).isEqualTo(2);
        assertThat(shelf.reader().stats()).isEqualTo(new ShardStats(1, 1, 4));
    }

    @Test
    void theChunksOfRecordsThatAreCutOffGoWithThem() {
        shelf.claim(ALICE);
        var write = new Write();
        var upload = shelf.upload();
        var key = new ChunkKey(ALICE, upload, 0);
        var put = PutCommit.newBuilder()
                .setName("cat.jpg")
                .setManifest(Shelf.manifest(upload, bytes("meow")))
                .setInline(true)
                .build();
        shelf.store().chunks().inline(write, key, Shelf.chunk(bytes("meow")));
        var record = shelf.record(RecordType.PUT_COMMIT, ALICE, null, put.toByteString());
        shelf.store().log().append(write, LogCodec.encode(record));
        shelf.disk().committer().commit(write).join();
        assertThat(shelf.reader().chunk(key)).isPresent();
        assertThat(shelf.store().inlineChunk(record)).contains(Shelf.chunk(bytes("meow")));

        var cut = new Write();
        shelf.store().truncateTo(cut, 1);
        shelf.disk().committer().commitEssential(cut).join();

        assertThat(shelf.reader().chunk(key)).isEmpty();
        assertThat(shelf.store().log().last().seq()).isEqualTo(1);
    }

    @Test
    void aDroppedShardLeavesNothingAndItsNeighboursStay() {
        shelf.claim(ALICE);
        shelf.put(ALICE, "cat.jpg", bytes("meow"));
        var neighbour = ShardStore.open(shelf.disk(), new ShardId(8), 1 << 20);
        var write = new Write();
        neighbour.log().incarnate(write, 42);
        shelf.disk().committer().commit(write).join();
        assertThat(ShardStore.list(shelf.disk())).containsExactly(Shelf.SHARD, new ShardId(8));

        var drop = new Write();
        ShardStore.wipe(drop, Shelf.SHARD);
        shelf.disk().committer().commitEssential(drop).join();

        assertThat(ShardStore.list(shelf.disk())).containsExactly(new ShardId(8));
        var again = ShardStore.open(shelf.disk(), Shelf.SHARD, 1 << 20);
        assertThat(again.reader().head(ALICE, BlobName.of("cat.jpg"), shelf.nowMs))
                .isEmpty();
        assertThat(again.log().last().seq()).isZero();
        assertThat(ShardStore.open(shelf.disk(), new ShardId(8), 1 << 20).log().incarnation())
                .isEqualTo(42);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
