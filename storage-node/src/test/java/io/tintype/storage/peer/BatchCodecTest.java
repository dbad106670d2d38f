// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.AppendRecords;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.Proposal.InlineChunk;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.EpochStart;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.shard.FollowerLink.Outgoing;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchCodecTest {
    private static final UserId ALICE = UserId.of("alice");
    private static final UploadId UPLOAD = new UploadId(5, 6);
    private static final ByteString DATA = ByteString.copyFromUtf8("the bytes of a small image");
    private static final LogPosition PREVIOUS = new LogPosition(2, 9);

    @Test
    void recordsAndTheirChunksArriveAsTheyWereSent() {
        var message = BatchCodec.encode(3, 4, PREVIOUS, List.of(start(), put(false)), 8);

        var batch = BatchCodec.decode(message, () -> {});

        assertThat(batch.append().previous()).isEqualTo(PREVIOUS);
        assertThat(batch.append().lastSeq()).isEqualTo(11);
        assertThat(batch.append().committed()).isEqualTo(8);
        assertThat(batch.append().starts()).containsExactly(new EpochStart(3, 10));
        assertThat(batch.entries()).hasSize(2);
        assertThat(batch.inline())
                .containsOnlyKeys(11L)
                .containsValue(new InlineChunk(new ChunkKey(ALICE, UPLOAD, 0), new Chunk(DATA, Crc32c.of(DATA))));
    }

    @Test
    void aChunkThatIsGoneIsToldToBe() {
        var batch = BatchCodec.decode(BatchCodec.encode(3, 4, PREVIOUS, List.of(start(), put(true)), 8), () -> {});

        assertThat(batch.entries()).hasSize(2);
        assertThat(batch.inline()).isEmpty();
    }

    @Test
    void aCommitMarkTravelsAlone() {
        var batch = BatchCodec.decode(BatchCodec.encode(3, 4, PREVIOUS, List.of(), 9), () -> {});

        assertThat(batch.append().lastSeq()).isEqualTo(PREVIOUS.seq());
        assertThat(batch.append().starts()).isEmpty();
    }

    @Test
    void whatContradictsItselfIsRefused() {
        var good = BatchCodec.encode(3, 4, PREVIOUS, List.of(start(), put(false)), 8);

        assertRefused(good.toBuilder().setPreviousSequence(8), "comes where 9");
        assertRefused(good.toBuilder().setPreviousEpoch(1), "of previous epoch 2");
        assertRefused(good.toBuilder().setEpoch(2), "in epoch 2");
        assertRefused(good.toBuilder().clearChunks(), "without the chunk");
        assertRefused(
                good.toBuilder().setChunks(0, good.getChunks(0).toBuilder().setCrc32C(1)), "checksum");
        assertRefused(
                good.toBuilder().setChunks(0, good.getChunks(0).toBuilder().setData(DATA.substring(1))), "checksum");
        assertRefused(good.toBuilder().addChunks(good.getChunks(0).toBuilder().setSequence(10)), "no record names");
        assertRefused(good.toBuilder().setRecords(1, good.getRecords(0)), "comes where 11");
    }

    @Test
    void anyFlippedBitOfARecordIsFound() {
        var good = BatchCodec.encode(3, 4, PREVIOUS, List.of(start(), put(false)), 8);
        for (int i = 0; i < good.getRecords(1).size(); i++) {
            var bytes = good.getRecords(1).toByteArray();
            bytes[i] ^= 0x10;
            var message = good.toBuilder().setRecords(1, ByteString.copyFrom(bytes));
            assertThatThrownBy(() -> BatchCodec.decode(message.build(), () -> {}))
                    .as("byte " + i)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static void assertRefused(AppendRecords.Builder message, String why) {
        assertThatThrownBy(() -> BatchCodec.decode(message.build(), () -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }

    private static Outgoing start() {
        var record = new LogRecord(3, 10, 2, 100, RecordType.EPOCH_START, null, null, ByteString.EMPTY);
        return new Outgoing(LogCodec.encode(record).encoded(), 10, null, false);
    }

    private static Outgoing put(boolean gone) {
        var put = PutCommit.newBuilder()
                .setName("image")
                .setManifest(Manifest.newBuilder()
                        .setUploadId(ByteString.copyFrom(UPLOAD.toBytes()))
                        .setChunkSize(DATA.size())
                        .setChunks(1)
                        .setSize(DATA.size())
                        .setCrc32C(Crc32c.of(DATA)))
                .setInline(true)
                .build();
        var record = new LogRecord(3, 11, 3, 100, RecordType.PUT_COMMIT, ALICE, null, put.toByteString());
        var inline = gone ? null : new InlineChunk(new ChunkKey(ALICE, UPLOAD, 0), new Chunk(DATA, Crc32c.of(DATA)));
        return new Outgoing(LogCodec.encode(record).encoded(), 11, inline, gone);
    }
}
