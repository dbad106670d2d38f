// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaRole;
import io.tintype.storage.replica.ShardConfig;
import io.tintype.storage.replica.ShardLifecycle;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A follower takes chunks of uploads under way, and none that come when the upload is over: nobody would remove them. */
@Timeout(120)
final class StagerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ShardIdentity SHARD = OneNode.shard(7);
    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final UserId ALICE = UserId.of("alice");
    private static final ByteString DATA = ByteString.copyFromUtf8("one chunk");

    @TempDir
    private Path folder;

    private final long nowMs = System.currentTimeMillis();
    private final UploadId upload = new UploadId(nowMs, 5);
    private final ChunkKey key = new ChunkKey(ALICE, upload, 0);
    private OneNode node;
    private ShardRuntime shard;
    private ShardStore store;

    @BeforeEach
    void start() throws Exception {
        node = new OneNode(folder);
        node.open(SHARD);
        shard = node.registry.runtime(SHARD.id()).orElseThrow();
        store = shard.store();
        apply(
                nowMs,
                RecordType.USER_CLAIM,
                ClaimUser.newBuilder().setGeneration(1).setUsersLimit(10).build());
    }

    @AfterEach
    void close() {
        node.close();
    }

    private void apply(long timeMs, RecordType type, MessageLite payload) {
        long seq = store.machine().applied().seq() + 1;
        var record = new LogRecord(1, seq, seq == 1 ? 0 : 1, timeMs, type, ALICE, null, payload.toByteString());
        store.machine().apply(List.of(record));
    }

    private void complete() {
        apply(
                nowMs,
                RecordType.PUT_COMMIT,
                PutCommit.newBuilder()
                        .setName("cat")
                        .setManifest(Manifest.newBuilder()
                                .setUploadId(ByteString.copyFrom(upload.toBytes()))
                                .setChunkSize(DATA.size())
                                .setChunks(1)
                                .setSize(DATA.size())
                                .setCrc32C(Crc32c.of(DATA)))
                        .build());
    }

    /** A chunk comes from the primary; why it is refused, or null. */
    private @Nullable Reason receive() {
        try {
            shard.peerInbox()
                    .stageReceived(1, new StagedBytes(key, new Chunk(DATA, Crc32c.of(DATA))))
                    .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .join();
            return null;
        } catch (CompletionException e) {
            assertThat(e.getCause()).isInstanceOf(TintypeException.class);
            return ((TintypeException) e.getCause()).reason();
        }
    }

    @Test
    void aChunkOfAnUploadUnderWayIsTaken() {
        assertThat(receive()).isNull();
        assertThat(store.reader().staged(key)).isPresent();
        assertThat(store.reader().chunk(key)).isPresent();
    }

    @Test
    void aChunkThatComesWhenItsBlobWasCollectedIsNotKept() {
        assertThat(receive()).isNull();
        complete();
        apply(nowMs, RecordType.DELETE, DeleteBlob.newBuilder().setName("cat").build());
        long later = nowMs + Duration.ofMinutes(11).toMillis();
        assertThat(store.collector().collect(later, 100).chunksRemoved()).isEqualTo(1);

        assertThat(receive()).isEqualTo(Reason.UPLOAD_NOT_FOUND);

        assertThat(store.reader().chunk(key))
                .as("bytes that nobody would remove")
                .isEmpty();
    }

    @Test
    void aChunkThatComesWhenTheMarkOfItsUploadIsForgottenCostsTheBlobNothingHoweverLateItIsByTheClockHere() {
        assertThat(receive()).isNull();
        complete();
        // The clock that leads is ahead of this node's.
        apply(
                nowMs + Limits.UPLOAD_LIFETIME.plusHours(2).toMillis(),
                RecordType.DELETE,
                DeleteBlob.newBuilder().setName("dog").build());
        assertThat(store.collector().collect(nowMs, 100).proposals()).isEmpty();
        assertThat(store.chunks().closed(ALICE, upload)).as("marked").isFalse();

        assertThat(receive()).isEqualTo(Reason.UPLOAD_NOT_FOUND);

        assertThat(store.collector().collect(nowMs, 100).proposals())
                .as("to give up what is a blob")
                .isEmpty();
        assertThat(store.reader().chunk(key)).isPresent();
    }

    /** As for want of memory, when the chunk is handed to a follower: the next upload needs that room. */
    @Test
    void aChunkThatEndsInAnErrorLeavesRoomForOthers() {
        var board = new Board(ShardStatus.booting(SHARD), true);
        board.leadingEpoch = 1;
        board.config = new ShardConfig(
                1,
                1,
                A,
                Set.of(new Member(A, 1), new Member(B, 1)),
                Set.of(),
                Map.of(A, ReplicaRole.VOTER, B, ReplicaRole.VOTER),
                1,
                ShardLifecycle.ACTIVE,
                0,
                A,
                0);
        var room = new UploadRoom(SHARD, A, node.disk.committer(), board);
        var stager = new Stager(node.context, store, board, room);

        assertThat(stager.stage(new StagedBytes(key, new Chunk(DATA, Crc32c.of(DATA)))))
                .failsWithin(PATIENCE)
                .withThrowableThat()
                .withMessageContaining("nobody is there for");

        assertThat(node.context.budgets().staging().taken()).isZero();
    }
}
