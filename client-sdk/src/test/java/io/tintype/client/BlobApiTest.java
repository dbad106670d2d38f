// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.checksum.Crc32c;
import io.tintype.client.memory.InMemoryTintype;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.SubmissionPublisher;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BlobApiTest {
    private final InMemoryTintype cluster = new InMemoryTintype();
    private final TintypeClient client = Clusters.client(cluster).build();

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        client.close();
        cluster.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000, 262_143, 262_144, 262_145, 1 << 20, 3_000_000})
    void everyWayOfWritingIsReadBackByEveryWayOfReading(int size) throws Exception {
        byte[] bytes = Clusters.bytes(size, size);
        Path file = Files.write(folder.resolve("in"), bytes);
        var sources = List.of(
                BlobSource.of(bytes),
                BlobSource.of(file),
                BlobSource.of(new ByteArrayInputStream(bytes)),
                BlobSource.of(size, () -> new ByteArrayInputStream(bytes)),
                BlobSource.of(subscriber -> {
                    var publisher = new SubmissionPublisher<ByteBuffer>(Runnable::run, 64);
                    publisher.subscribe(subscriber);
                    for (int at = 0; at < size; at += 100_000) {
                        publisher.submit(ByteBuffer.wrap(bytes, at, Math.min(100_000, size - at)));
                    }
                    publisher.close();
                }));
        for (var source : sources) {
            var stored = client.put("alice", "b", source, PutOptions.DEFAULT);

            assertThat(stored.info().size()).isEqualTo(size);
            assertThat(stored.info().crc32c()).isEqualTo(Crc32c.of(bytes));
            assertThat(client.get("alice", "b").bytes()).isEqualTo(bytes);
            var out = new ByteArrayOutputStream();
            client.getTo("alice", "b", out, GetOptions.DEFAULT);
            assertThat(out.toByteArray()).isEqualTo(bytes);
            client.getTo("alice", "b", folder.resolve("out"));
            assertThat(folder.resolve("out")).hasBinaryContent(bytes);
            try (var channel = client.openChannel("alice", "b", GetOptions.DEFAULT)) {
                assertThat(Channels.newInputStream(channel).readAllBytes()).isEqualTo(bytes);
            }
            assertThat(Collector.collect(client.async()
                            .openPublisher("alice", "b", GetOptions.DEFAULT)
                            .get()))
                    .isEqualTo(bytes);
        }
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("in", "out");
    }

    @Test
    void aBlockingCallIsAnsweredByTheThreadThatWaitsForIt() {
        var ended = new ConcurrentLinkedQueue<Thread>();
        try (var observed = Clusters.client(cluster)
                .listener(report -> ended.add(Thread.currentThread()))
                .build()) {
            observed.put("alice", "b", new byte[] {1});
            observed.get("alice", "b");
            observed.head("alice", "b", HeadOptions.DEFAULT);
            assertThat(ended).hasSize(3).containsOnly(Thread.currentThread());

            // Nobody but workers can answer while this thread only waits for the future.
            observed.async().get("alice", "b", GetOptions.DEFAULT).join();
            Awaitility.await().untilAsserted(() -> assertThat(ended).hasSize(4));
        }
    }

    @Test
    void rangesAreThoseBytesAndNoOthers() throws IOException {
        byte[] bytes = Clusters.bytes(700_000, 1);
        client.put("alice", "b", bytes);

        assertThat(client.get("alice", "b", GetOptions.DEFAULT.withRange(300_000, 300_000))
                        .bytes())
                .isEqualTo(Arrays.copyOfRange(bytes, 300_000, 600_000));
        assertThat(client.get("alice", "b", GetOptions.DEFAULT.withRange(ByteRange.from(699_999)))
                        .bytes())
                .isEqualTo(Arrays.copyOfRange(bytes, 699_999, 700_000));
        try (var in = client.open("alice", "b", GetOptions.DEFAULT.withRange(1, 1_000_000))) {
            assertThat(in.info().size()).isEqualTo(700_000);
            assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(bytes, 1, 700_000));
        }
        assertThatThrownBy(() -> client.get("alice", "b", GetOptions.DEFAULT.withRange(700_000, 1)))
                .isInstanceOf(RangeNotSatisfiableException.class);
    }

    @Test
    void whatIsSaidOfABlobComesBack() {
        var options = PutOptions.DEFAULT.withContentType("image/png").withMetadata(Map.of("camera", "Leica M3 📷"));

        var stored = client.put("alice", "b", BlobSource.of(new byte[] {1, 2}), options);

        assertThat(client.head("alice", "b")).isEqualTo(stored.info());
        assertThat(stored.info().contentType()).isEqualTo("image/png");
        assertThat(stored.info().metadata()).containsEntry("camera", "Leica M3 📷");
        assertThat(stored.replicas()).containsExactly("n0", "n1");
        assertThat(client.session().tokens()).containsExactly(stored.session());
    }

    @Test
    void conditionsHoldOrTellTheVersionThereIs() {
        var first = client.put("alice", "b", BlobSource.of(new byte[1]), PutOptions.DEFAULT.ifAbsent());

        assertThatThrownBy(() -> client.put("alice", "b", BlobSource.of(new byte[2]), PutOptions.DEFAULT.ifAbsent()))
                .isInstanceOfSatisfying(
                        VersionConflictException.class,
                        conflict -> assertThat(conflict.current())
                                .contains(first.info().version()));
        var second = client.put(
                "alice",
                "b",
                BlobSource.of(new byte[2]),
                PutOptions.DEFAULT.ifVersion(first.info().version()));
        assertThatThrownBy(() -> client.delete(
                        "alice",
                        "b",
                        DeleteOptions.DEFAULT.withIfVersion(first.info().version())))
                .isInstanceOf(VersionConflictException.class);
        assertThat(client.get(
                                "alice",
                                "b",
                                GetOptions.DEFAULT.withIfVersion(second.info().version()))
                        .length())
                .isEqualTo(2);
        assertThat(client.getIfChanged("alice", "b", second.info().version(), GetOptions.DEFAULT))
                .isEmpty();
        assertThat(client.getIfChanged("alice", "b", first.info().version(), GetOptions.DEFAULT))
                .isPresent();
    }

    @Test
    void aDeletedBlobIsGoneAndDeletingItAgainSucceeds() {
        client.put("alice", "b", new byte[1]);

        assertThat(client.delete("alice", "b").existed()).isTrue();
        assertThat(client.delete("alice", "b").existed()).isFalse();
        assertThatThrownBy(() -> client.get("alice", "b"))
                .isInstanceOf(BlobNotFoundException.class)
                .hasMessageContaining("'b'");
    }

    @Test
    void aCopyIsTheSameUnderAnotherName() {
        client.put("alice", "b", BlobSource.of(new byte[] {9}), PutOptions.DEFAULT.withContentType("image/gif"));

        var copied = client.copy("alice", "b", "c");

        assertThat(copied.info().contentType()).isEqualTo("image/gif");
        assertThat(client.get("alice", "c").bytes()).containsExactly(9);
    }

    @Test
    void listingsRollUpAndPageLazily() {
        for (int i = 0; i < 7; i++) {
            client.put("alice", "a/" + i, new byte[i]);
        }
        client.put("alice", "z", new byte[1]);

        assertThat(client.list("alice", ListOptions.DEFAULT.withDelimiter("/")).entries())
                .extracting(ListEntry::name)
                .containsExactly("a/", "z");
        int before = cluster.faults.calls("List").size();
        var options = ListOptions.DEFAULT.withPrefix("a/").withPageSize(2);
        assertThat(client.listAll("alice", options).limit(3).map(ListEntry::name))
                .containsExactly("a/0", "a/1", "a/2");
        assertThat(cluster.faults.calls("List")).hasSize(before + 2);
        assertThat(client.listAll("alice", options).count()).isEqualTo(7);
    }

    @Test
    void illegalRequestsAreRefusedBeforeAnythingIsSent() {
        assertRefused(Reason.INVALID_NAME, "is empty", () -> client.put("alice", "", new byte[1]));
        assertRefused(Reason.INVALID_NAME, "1025 bytes", () -> client.put("alice", "n".repeat(1025), new byte[1]));
        assertRefused(Reason.INVALID_NAME, "NUL at position 1", () -> client.put("alice", "a\0b", new byte[1]));
        assertRefused(Reason.INVALID_NAME, "normal form C", () -> client.put("alice", "e\u0301", new byte[1]));
        assertRefused(Reason.INVALID_NAME, "NUL at position 1", () -> client.get("alice", "a\0b"));
        assertRefused(Reason.INVALID_USER, "is empty", () -> client.put("", "b", new byte[1]));
        assertRefused(Reason.INVALID_USER, "513 bytes", () -> client.put("u".repeat(513), "b", new byte[1]));
        assertRefused(Reason.INVALID_USER, "NUL at position 0", () -> client.put("\0", "b", new byte[1]));
        assertRefused(Reason.INVALID_USER, "normal form C", () -> client.head("e\u0301", "b"));
        assertRefused(
                Reason.INVALID_ARGUMENT,
                "page size is 1001",
                () -> client.list("alice", ListOptions.DEFAULT.withPageSize(1001)));
        assertRefused(
                Reason.METADATA_TOO_LARGE,
                "8192",
                () -> client.put(
                        "alice",
                        "b",
                        BlobSource.of(new byte[1]),
                        PutOptions.DEFAULT.withMetadata(Map.of("k", "v".repeat(9000)))));
        assertThat(cluster.faults.calls()).isEmpty();
    }

    private static void assertRefused(Reason reason, String text, Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(text)
                .extracting(e -> ((TintypeException) e).reason())
                .isEqualTo(reason);
    }

    @Test
    void aBlobTooLargeForMemoryIsRefusedBeforeItIsRead() {
        client.put("alice", "b", new byte[1001]);

        assertThatThrownBy(() -> client.get("alice", "b", GetOptions.DEFAULT.withMaxBytes(1000)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("1001 bytes")
                .hasMessageContaining("getTo");
    }

    @Test
    void aFileThatCannotBeReadIsALocalFailureAndNothingIsStored() {
        assertThatThrownBy(() -> client.put("alice", "b", folder.resolve("missing")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("missing");
        assertThat(cluster.applied()).isZero();
    }

    @Test
    void aFailedDownloadLeavesTheFileThatWasThere() throws IOException {
        Path file = Files.writeString(folder.resolve("out"), "as it was");

        assertThatThrownBy(() -> client.getTo("alice", "none", file)).isInstanceOf(NotFoundException.class);

        assertThat(folder).isDirectoryContaining(path -> path.equals(file));
        assertThat(file).hasContent("as it was");
    }

    @Test
    void aFileThatCannotBePutInItsPlaceIsReportedAsAFailure() {
        var reasons = new ArrayList<Optional<Reason>>();
        client.put("alice", "b", new byte[10]);
        try (var reporting = Clusters.client(cluster)
                .listener(report -> reasons.add(report.failure()))
                .build()) {
            assertThatThrownBy(() -> reporting.getTo("alice", "b", folder.resolve("x".repeat(300))))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("moving the finished file");
        }
        assertThat(reasons).containsExactly(Optional.of(Reason.INTERNAL));
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void resumableUploadsGoOnWhereTheyWere() throws IOException {
        byte[] bytes = Clusters.bytes(400_000, 3);
        Path file = Files.write(folder.resolve("in"), bytes);
        var upload = client.startUpload("alice", "big", PutOptions.DEFAULT.withContentType("image/tiff"));
        upload.putChunk(2, Arrays.copyOfRange(bytes, 2 * upload.chunkSize(), 3 * upload.chunkSize()));
        upload.putChunk(3, new byte[upload.chunkSize()]);

        var resumed =
                client.resumeUpload("alice", "big", upload.id(), PutOptions.DEFAULT.withContentType("image/tiff"));
        assertThat(resumed.staged()).extracting(StagedChunk::index).containsExactly(2, 3);
        var progress = new ArrayList<Long>();
        long sent = resumed.upload(file, 3, progress::add);
        var stored = resumed.complete();

        assertThat(sent).isEqualTo(400_000 - upload.chunkSize());
        assertThat(progress).isSorted().endsWith(400_000L);
        assertThat(stored.info().crc32c()).isEqualTo(Crc32c.of(bytes));
        assertThat(client.get("alice", "big").bytes()).isEqualTo(bytes);
        assertThatThrownBy(resumed::staged).isInstanceOf(UploadNotFoundException.class);
        resumed.abort();
    }

    @Test
    void usersAndTheOperatorsView() {
        assertThatThrownBy(() -> client.users().lookup("bob")).isInstanceOf(UserNotFoundException.class);
        assertThat(client.users().register("bob").created()).isTrue();
        assertThat(client.users()
                        .register("bob", new PoolId("here", "standard"))
                        .created())
                .isFalse();
        assertThat(client.users().lookup("bob").shard()).isEqualTo(new ShardId(5));
        client.put("bob", "b", new byte[12]);
        assertThat(client.users().usage("bob")).isEqualTo(new Usage(1, 12, 0, 0, false, false));

        var admin = client.admin();
        assertThat(admin.nodes()).extracting(node -> node.node().id().value()).containsExactly("n0", "n1", "n2");
        assertThat(admin.shards()).extracting(shard -> shard.id().value()).containsExactly(5);
        assertThat(admin.shard(new ShardId(5)).replicas())
                .extracting(ReplicaStatus::state)
                .containsExactly("PRIMARY");
        assertThatThrownBy(() -> admin.shard(new ShardId(9))).isInstanceOf(NotFoundException.class);
        assertThat(admin.pools()).extracting(PoolInfo::replicationFactor).containsExactly(3);
        var pool = new PoolInfo(new PoolId("there", "cold"), 3, 2, 1000, 4);
        assertThat(admin.createPool(pool)).isEqualTo(pool);
    }

    @Test
    void manyThreadsMayCallAtOnce() throws Exception {
        var threads = Executors.newFixedThreadPool(64);
        try {
            var calls = IntStream.range(0, 64)
                    .mapToObj(i -> threads.submit(() -> {
                        byte[] bytes = Clusters.bytes(i * 9000, i);
                        client.put(
                                "user" + i % 5,
                                "b" + i,
                                BlobSource.of(new ByteArrayInputStream(bytes)),
                                PutOptions.DEFAULT);
                        return Arrays.equals(client.get("user" + i % 5, "b" + i).bytes(), bytes);
                    }))
                    .toList();
            for (var call : calls) {
                assertThat(call.get()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void readsSayHowFreshTheyMustBe() {
        client.put("alice", "b", new byte[1]);
        Clusters.warmUp(client, cluster, "alice");

        client.get("alice", "b", GetOptions.DEFAULT.withConsistency(Consistency.session()));
        var token = client.session().tokens().get(0);
        assertThat(cluster.lastReadOptions().getSessionList())
                .singleElement()
                .satisfies(sent -> assertThat(sent.getSequence()).isEqualTo(token.sequence()));

        var stale = client.get(
                "alice", "b", GetOptions.DEFAULT.withConsistency(Consistency.boundedStaleness(Duration.ofSeconds(3))));
        assertThat(cluster.lastReadOptions().getMaxStalenessMs()).isEqualTo(3000);
        assertThat(stale.freshness().stale()).isTrue();
        assertThat(client.get("alice", "b").freshness()).isEqualTo(Freshness.CURRENT);
    }

    @Test
    void aRequestRepeatedUnderItsIdIsAppliedOnce() {
        var id = new RequestId(12, 34);
        var first = client.put("alice", "b", BlobSource.of(new byte[1]), PutOptions.DEFAULT.withRequestId(id));
        var again = client.put(
                "alice", "b", BlobSource.of(new byte[1]), PutOptions.DEFAULT.repeating(id, Duration.ofSeconds(5)));

        assertThat(again).isEqualTo(first);
        assertThat(cluster.applied()).isOne();
    }
}
