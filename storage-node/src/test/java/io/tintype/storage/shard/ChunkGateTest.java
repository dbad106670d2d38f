// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.checksum.Crc32c;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.Append;
import io.tintype.storage.replica.EpochStart;
import io.tintype.storage.replica.LogPosition;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Records wait for the very chunks they name, and what is wrong with those of a large blob is found out in the end. */
@Timeout(120)
final class ChunkGateTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ShardId SHARD = new ShardId(7);
    private static final NodeId PRIMARY = new NodeId("primary");
    private static final UserId ALICE = UserId.of("alice");
    private static final UploadId UPLOAD = new UploadId(1_700_000_000_000L, 5);
    private static final int CHUNK = 10;
    /** More than are fetched at once. */
    private static final int CHUNKS = 150;

    /** Fetches after which something is wrong for certain. */
    private static final int MOST_FETCHES = 20;

    @TempDir
    private Path folder;

    private final byte[] bytes = new byte[CHUNK * CHUNKS];
    private final List<Integer> fetched = Collections.synchronizedList(new ArrayList<>());
    private final CompletableFuture<String> end = new CompletableFuture<>();
    private int fetches;
    private Runnable beforeServing = () -> {};
    private volatile CompletableFuture<Void> served = new CompletableFuture<>();
    private Disk disk;
    private ShardThreads threads;
    private ShardStore store;
    private ChunkGate gate;

    @BeforeEach
    void open() throws Exception {
        new Random(1).nextBytes(bytes);
        disk = Disk.open(
                DiskConfig.of(folder, CLUSTER).withMemory(8 << 20, 16 << 20).withReserve(0));
        threads = new ShardThreads(1, 1, 1);
        store = ShardStore.open(disk, SHARD, 1 << 20);
        var source = new ChunkGate.Source(
                store,
                disk.committer(),
                peers(),
                threads,
                new ShardMetrics(new SimpleMeterRegistry()),
                new SnapshotTraffic(1 << 30, System::nanoTime));
        gate = new ChunkGate(
                source,
                PRIMARY,
                batch -> end.complete("complete"),
                () -> end.complete("not to be had from the primary"));
    }

    @AfterEach
    void close() {
        threads.close();
        disk.close();
    }

    /** The primary, which has the right chunks. */
    private Peers peers() {
        return (Peers) Proxy.newProxyInstance(
                Peers.class.getClassLoader(), new Class<?>[] {Peers.class}, (it, method, args) -> {
                    if (!method.getName().equals("fetch")) {
                        throw new AssertionError("a gate called " + method);
                    }
                    return serve(args);
                });
    }

    @SuppressWarnings("unchecked")
    private CompletableFuture<Void> serve(Object[] args) {
        if (++fetches > MOST_FETCHES) {
            return CompletableFuture.failedFuture(new AssertionError("it is fetched for ever"));
        }
        var taker = (Function<Peers.Fetched, CompletableFuture<Void>>) args[args.length - 1];
        beforeServing.run();
        var taken = CompletableFuture.<Void>completedFuture(null);
        for (var key : (List<ChunkKey>) args[3]) {
            fetched.add(key.index());
            taken = taken.thenCompose(done -> taker.apply(new Peers.Fetched(key, right(key.index()))));
        }
        served = taken;
        return taken;
    }

    private Chunk right(int index) {
        var data = ByteString.copyFrom(bytes, index * CHUNK, CHUNK);
        return new Chunk(data, Crc32c.of(data));
    }

    /** All chunks are here, but one is not what was uploaded. */
    private void stageAllBut(int wrong) {
        var write = new Write();
        for (int i = 0; i < CHUNKS; i++) {
            store.chunks().stage(write, new ChunkKey(ALICE, UPLOAD, i), right(i == wrong ? (i + 1) % CHUNKS : i));
        }
        disk.committer().commit(write).join();
    }

    private String receive(int crc) throws Exception {
        receiveOnly(crc);
        return end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private void receiveOnly(int crc) {
        var put = PutCommit.newBuilder()
                .setName("large")
                .setManifest(Manifest.newBuilder()
                        .setUploadId(ByteString.copyFrom(UPLOAD.toBytes()))
                        .setChunkSize(CHUNK)
                        .setChunks(CHUNKS)
                        .setSize(bytes.length)
                        .setCrc32C(crc))
                .build();
        var record = new LogRecord(1, 1, 0, 1_000, RecordType.PUT_COMMIT, ALICE, null, put.toByteString());
        gate.receive(new ReceivedBatch(
                new Append(1, 1, LogPosition.NONE, List.of(new EpochStart(1, 1)), 1, 0),
                List.of(LogCodec.encode(record)),
                Map.of(),
                () -> {}));
    }

    @Test
    void aWrongChunkFarBehindTheFirstOnesIsReplaced() throws Exception {
        stageAllBut(CHUNKS - 1);

        assertThat(receive(Crc32c.of(bytes))).isEqualTo("complete");
        assertThat(fetched).as("each once").doesNotHaveDuplicates().contains(CHUNKS - 1);
        assertThat(store.reader().chunk(new ChunkKey(ALICE, UPLOAD, CHUNKS - 1)))
                .hasValueSatisfying(chunk ->
                        assertThat(chunk.data()).isEqualTo(right(CHUNKS - 1).data()));
    }

    @Test
    void aPrimaryWithoutTheRightChunksIsAskedForEachOnceAndThenGivenUp() throws Exception {
        stageAllBut(3);

        assertThat(receive(~Crc32c.of(bytes))).isEqualTo("not to be had from the primary");
        assertThat(fetched)
                .containsExactlyElementsOf(IntStream.range(0, CHUNKS).boxed().toList());
    }

    @Test
    void whatComesWhenTheStreamIsOverIsNotStaged() {
        beforeServing = () -> gate.close();

        receiveOnly(Crc32c.of(bytes));

        await("the end of the fetch").atMost(PATIENCE).until(() -> served.isDone());
        assertThat(store.reader().staged(ALICE, UPLOAD))
                .as("who knows what became of the upload since")
                .isEmpty();
    }
}
