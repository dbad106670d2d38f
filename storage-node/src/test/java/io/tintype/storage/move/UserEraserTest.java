// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.tintype.checksum.Crc32c;
import io.tintype.model.ShardId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.ShardReplica;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An erasure is done when nothing is left, and says so only then. */
@Timeout(120)
final class UserEraserTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    private static final UserId ALICE = UserId.of("alice");
    private static final DirectoryEntry ERASED = DirectoryEntry.newBuilder()
            .setState(DirectoryState.DIRECTORY_STATE_DELETED)
            .setGeneration(2)
            .build();

    @TempDir
    private Path folder;

    private Disk disk;
    private ShardStore store;
    private boolean keepsUploads;
    private final UserEraser eraser = new UserEraser(user -> CompletableFuture.completedFuture(ERASED), Runnable::run);

    @BeforeEach
    void open() throws Exception {
        disk = Disk.open(
                DiskConfig.of(folder, CLUSTER).withMemory(8 << 20, 16 << 20).withReserve(0));
        store = ShardStore.open(disk, new ShardId(7), 1 << 20);
        apply(
                RecordType.USER_CLAIM,
                ClaimUser.newBuilder().setGeneration(1).setUsersLimit(10).build());
    }

    @AfterEach
    void close() {
        disk.close();
    }

    private Committed apply(RecordType type, MessageLite payload) {
        return apply(Proposal.of(type, ALICE, payload.toByteString()));
    }

    private Committed apply(Proposal proposal) {
        if (keepsUploads && proposal.type() == RecordType.ABORT_UPLOAD) {
            return new Committed(store.machine().applied(), new Outcome.Done(), List.of());
        }
        var record = new LogRecord(
                1,
                store.machine().applied().seq() + 1,
                1,
                System.currentTimeMillis(),
                proposal.type(),
                proposal.user(),
                null,
                proposal.payload());
        var applied = store.machine().apply(List.of(record)).get(0);
        return new Committed(applied.at(), applied.outcome(), List.of());
    }

    /** What is proposed takes effect at once. */
    private ShardReplica shard() {
        return (ShardReplica) Proxy.newProxyInstance(
                ShardReplica.class.getClassLoader(),
                new Class<?>[] {ShardReplica.class},
                (self, method, args) -> switch (method.getName()) {
                    case "reader" -> store.reader();
                    case "propose" -> CompletableFuture.completedFuture(apply((Proposal) args[0]));
                    default -> throw new AssertionError("an erasure called " + method);
                });
    }

    private void beginUploads(int count) {
        var data = ByteString.copyFromUtf8("the first chunk");
        var write = new Write();
        long now = System.currentTimeMillis();
        for (int i = 0; i < count; i++) {
            store.chunks().stage(write, new ChunkKey(ALICE, new UploadId(now, i), 0), new Chunk(data, Crc32c.of(data)));
        }
        disk.committer().commit(write).join();
    }

    @Test
    void noUploadIsLeftHoweverManyWereOpen() {
        beginUploads(2_500);

        assertThat(eraser.erase(shard(), ALICE)).isCompletedWithValue(true);

        assertThat(store.reader().openUploads(ALICE, 1)).isEmpty();
        assertThat(store.reader().users().user(ALICE)).isEmpty();
    }

    @Test
    void itIsNotDoneAsLongAsUploadsAreOpen() {
        beginUploads(3);
        keepsUploads = true;

        assertThat(eraser.erase(shard(), ALICE)).isCompletedWithValue(false);

        keepsUploads = false;
        assertThat(eraser.erase(shard(), ALICE)).as("asked again").isCompletedWithValue(true);
    }
}
