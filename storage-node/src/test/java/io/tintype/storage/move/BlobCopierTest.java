// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.tintype.checksum.Crc32c;
import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.ImportUser;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.NamedHead;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.VersionStamp;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.Peers;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.StagedBytes;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is copied is there, and stays. */
@Timeout(120)
final class BlobCopierTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    private static final UserId ALICE = UserId.of("alice");
    private static final long MOVE = 2;
    private static final int CHUNKS = 3;

    @TempDir
    private Path folder;

    private final byte[] bytes = new byte[(CHUNKS - 1) * Limits.CHUNK_BYTES + 100];
    private final OpenCopies open = new OpenCopies();
    private Disk disk;
    private ShardStore store;
    private long logTimeMs;

    @BeforeEach
    void open() throws Exception {
        new Random(1).nextBytes(bytes);
        disk = Disk.open(
                DiskConfig.of(folder, CLUSTER).withMemory(8 << 20, 16 << 20).withReserve(0));
        store = ShardStore.open(disk, new ShardId(9), 1 << 20);
    }

    @AfterEach
    void close() {
        disk.close();
    }

    private Committed apply(Proposal proposal) {
        long seq = store.machine().applied().seq() + 1;
        var record = new LogRecord(1, seq, 1, logTimeMs, proposal.type(), proposal.user(), null, proposal.payload());
        var applied = store.machine().apply(List.of(record)).get(0);
        return new Committed(applied.at(), applied.outcome(), List.of());
    }

    private void apply(RecordType type, MessageLite payload) {
        var unused = apply(Proposal.of(type, ALICE, payload.toByteString()));
    }

    /** What is proposed takes effect at once; between two chunks everything is collected that may go. */
    private ShardReplica target() {
        return (ShardReplica) Proxy.newProxyInstance(
                ShardReplica.class.getClassLoader(),
                new Class<?>[] {ShardReplica.class},
                (self, method, args) -> switch (method.getName()) {
                    case "emptied" -> 0;
                    case "reader" -> store.reader();
                    case "stage" -> stage((StagedBytes) args[0]);
                    case "propose" -> CompletableFuture.completedFuture(apply((Proposal) args[0]));
                    default -> throw new AssertionError("a copy called " + method);
                });
    }

    private CompletableFuture<Void> stage(StagedBytes chunk) {
        var write = new Write();
        store.chunks().stage(write, chunk.key(), chunk.chunk());
        disk.committer().commit(write).join();
        collect();
        return CompletableFuture.completedFuture(null);
    }

    private void collect() {
        store.collector().collect(logTimeMs, 100).proposals().forEach(this::apply);
        logTimeMs += Duration.ofMinutes(11).toMillis();
    }

    /** A source, which has the blob. */
    private Peers source() {
        return source(key -> chunk(key.index()));
    }

    /** @param chunks what it has; null: nothing any more */
    @SuppressWarnings("unchecked")
    private static Peers source(Function<ChunkKey, @Nullable Chunk> chunks) {
        return (Peers) Proxy.newProxyInstance(
                Peers.class.getClassLoader(), new Class<?>[] {Peers.class}, (self, method, args) -> {
                    if (!method.getName().equals("fetch")) {
                        throw new AssertionError("a copy called " + method);
                    }
                    var taker = (Function<Peers.Fetched, CompletableFuture<Void>>) args[args.length - 1];
                    var taken = CompletableFuture.<Void>completedFuture(null);
                    for (var key : (List<ChunkKey>) args[3]) {
                        taken = taken.thenCompose(done -> taker.apply(new Peers.Fetched(key, chunks.apply(key))));
                    }
                    return taken;
                });
    }

    private Chunk chunk(int index) {
        int from = index * Limits.CHUNK_BYTES;
        var data = ByteString.copyFrom(bytes, from, Math.min(Limits.CHUNK_BYTES, bytes.length - from));
        return new Chunk(data, Crc32c.of(data));
    }

    private NamedHead blob() {
        return NamedHead.newBuilder()
                .setName("cat")
                .setHead(StoredHead.newBuilder()
                        .setVersion(VersionStamp.newBuilder().setNonce(1))
                        .setContentType("image/png")
                        .setManifest(Manifest.newBuilder()
                                .setUploadId(ByteString.copyFrom(new UploadId(5, 6).toBytes()))
                                .setChunkSize(Limits.CHUNK_BYTES)
                                .setChunks(CHUNKS)
                                .setSize(bytes.length)
                                .setCrc32C(Crc32c.of(bytes))))
                .build();
    }

    private BlobCopier begin(Peers source) {
        apply(
                RecordType.USER_IMPORT,
                ImportUser.newBuilder()
                        .setGeneration(1)
                        .setMove(MOVE)
                        .setFrom(7)
                        .setUsersLimit(10)
                        .build());
        return new BlobCopier(
                source, target(), ALICE, new ShardId(7), MOVE, new Throttle(1 << 30), new MoveProgress(), open);
    }

    private void copiedBlobStays() throws Exception {
        var copier = begin(source());

        assertThat(copier.copy(blob(), 1, List.of(new NodeId("source"))).get(60, TimeUnit.SECONDS))
                .isTrue();

        assertStands();
    }

    private void assertStands() {
        collect();
        collect();
        var head =
                store.reader().exports().head(ALICE, BlobName.of("cat").value()).orElseThrow();
        for (int i = 0; i < CHUNKS; i++) {
            assertThat(store.reader().chunk(ALICE, head.getManifest(), i).data())
                    .isEqualTo(chunk(i).data());
        }
    }

    @Test
    void aCopiedBlobStays() throws Exception {
        logTimeMs = System.currentTimeMillis();
        copiedBlobStays();
    }

    @Test
    void aCopiedBlobStaysThoughTheTargetsLogIsDaysAhead() throws Exception {
        logTimeMs = System.currentTimeMillis() + Duration.ofDays(2).toMillis();
        copiedBlobStays();
    }

    /** One try comes after the other, and each brings the chunks anew. */
    @Test
    void chunksOfACopyThatBreaksOffAreGoneSoonAfter() throws Exception {
        logTimeMs = System.currentTimeMillis();
        var copier = begin(source(key -> {
            if (key.index() == CHUNKS - 1) {
                throw new TintypeException(Reason.UNAVAILABLE, "the source went away");
            }
            return chunk(key.index());
        }));

        assertThat(copier.copy(blob(), 1, List.of(new NodeId("source"))))
                .failsWithin(60, TimeUnit.SECONDS)
                .withThrowableThat()
                .withMessageContaining("the source went away");

        assertNothingIsLeft();
    }

    @Test
    void chunksOfAVersionThatIsReplacedMeanwhileAreGoneSoonAfter() throws Exception {
        logTimeMs = System.currentTimeMillis();
        var copier = begin(source(key -> key.index() == CHUNKS - 1 ? null : chunk(key.index())));

        assertThat(copier.copy(blob(), 1, List.of(new NodeId("source"))).get(60, TimeUnit.SECONDS))
                .isFalse();

        assertNothingIsLeft();
    }

    /** Its mover died between two chunks. */
    @Test
    void chunksThatAMoverLeftBehindAreGoneSoonAfterTheNextOneBegins() {
        logTimeMs = System.currentTimeMillis();
        begin(source());
        for (int left = 0; left < 3; left++) {
            stageOneOf(new UploadId(logTimeMs, left));
        }

        open.abortLeftBehind(target(), ALICE);

        assertNothingIsLeft();
    }

    @Test
    void anUploadFromBeforeTheUserWasTakenInIsNoMovers() {
        logTimeMs = System.currentTimeMillis();
        var theUsers = new UploadId(logTimeMs - 1, 5);
        stageOneOf(theUsers);
        begin(source());

        open.abortLeftBehind(target(), ALICE);

        assertThat(store.reader().openUploads(ALICE, 100)).containsExactly(theUsers);
    }

    /** A pull that broke off has blobs under way still when the next one begins: their records come behind. */
    @Test
    void whatIsUnderWayIsNotLeftBehind() throws Exception {
        logTimeMs = System.currentTimeMillis();
        var copier = begin(source(key -> {
            open.abortLeftBehind(target(), ALICE);
            return chunk(key.index());
        }));

        assertThat(copier.copy(blob(), 1, List.of(new NodeId("source"))).get(60, TimeUnit.SECONDS))
                .isTrue();
        open.abortLeftBehind(target(), ALICE);

        assertStands();
    }

    @Test
    void chunksOfOneWhoLivesHereAreHisOwn() {
        logTimeMs = System.currentTimeMillis();
        apply(
                RecordType.USER_CLAIM,
                ClaimUser.newBuilder().setGeneration(1).setUsersLimit(10).build());
        var his = new UploadId(logTimeMs, 5);
        stageOneOf(his);

        open.abortLeftBehind(target(), ALICE);

        assertThat(store.reader().openUploads(ALICE, 100)).containsExactly(his);
    }

    private void stageOneOf(UploadId upload) {
        var write = new Write();
        store.chunks().stage(write, new ChunkKey(ALICE, upload, 0), chunk(0));
        disk.committer().commit(write).join();
    }

    private void assertNothingIsLeft() {
        collect();
        collect();
        assertThat(store.reader().users().traces(ALICE).chunks()).isFalse();
    }
}
