// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.AbortUpload;
import io.tintype.proto.internal.v1.FreezeUser;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.RecordType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Staged chunks: how they become a blob, and how they go. */
class UploadTest {
    private static final UserId ALICE = UserId.of("alice");
    private static final int CHUNK = 1000;

    @TempDir
    Path directory;

    private final byte[] bytes = new byte[2500];
    private Shelf shelf;

    @BeforeEach
    void open() throws Exception {
        new Random(1).nextBytes(bytes);
        shelf = new Shelf(directory);
        shelf.claim(ALICE);
    }

    @AfterEach
    void close() {
        shelf.close();
    }

    @Test
    void tellsWhatIsMissingUntilAllIsThere() {
        var upload = shelf.upload();
        assertThat(shelf.chunks().missing(ALICE, manifest(upload), new BitSet(), 10))
                .containsExactly(0, 1, 2);
        stage(upload, 1);
        assertThat(shelf.chunks().missing(ALICE, manifest(upload), new BitSet(), 10))
                .containsExactly(0, 2);
        assertThat(shelf.chunks().missing(ALICE, manifest(upload), new BitSet(), 1))
                .containsExactly(0);
        stage(upload, 0);
        stage(upload, 2);
        assertThat(shelf.chunks().missing(ALICE, manifest(upload), new BitSet(), 10))
                .isEmpty();
        assertThat(shelf.reader().staged(ALICE, upload))
                .extracting(StagedChunk::size)
                .containsExactly(1000, 1000, 500);
        assertThat(shelf.chunks().missing(UserId.of("bob"), manifest(upload), new BitSet(), 10))
                .as("another user's chunks")
                .hasSize(3);
    }

    @Test
    void chunksThatAreNotTheOnesMeantAreAllMissing() {
        var upload = stageAll();
        var other = manifest(upload).toBuilder().setCrc32C(1).build();

        assertThat(shelf.chunks().missing(ALICE, other, new BitSet(), 10)).containsExactly(0, 1, 2);
    }

    @Test
    void whatWasFetchedIsNotMissingAgainThoughItIsNotKnownWhatIsWrong() {
        var upload = stageAll();
        var other = manifest(upload).toBuilder().setCrc32C(1).build();
        var fetched = new BitSet();
        fetched.set(0, 2);
        assertThat(shelf.chunks().missing(ALICE, other, fetched, 10)).containsExactly(2);

        fetched.set(2);
        assertThat(shelf.chunks().missing(ALICE, manifest(upload), fetched, 10))
                .as("the right ones")
                .isEmpty();
        assertThatThrownBy(() -> shelf.chunks().missing(ALICE, other, fetched, 10))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CORRUPT_DATA));
    }

    @Test
    void aCompletedUploadIsReadChunkByChunkAndCannotBeCompletedAgain() {
        var upload = stageAll();

        assertThat(complete("cat", upload)).isInstanceOf(Outcome.Written.class);

        var head = shelf.reader().head(ALICE, BlobName.of("cat"), shelf.nowMs).orElseThrow();
        var read = ByteString.EMPTY;
        for (int i = 0; i < 3; i++) {
            read = read.concat(
                    shelf.reader().chunk(ALICE, head.getManifest(), i).data());
        }
        assertThat(read.toByteArray()).isEqualTo(bytes);
        assertThat(shelf.reader().staged(ALICE, upload)).isEmpty();
        assertThat(shelf.store().chunks().closed(ALICE, upload)).isTrue();
        assertThat(complete("dog", upload))
                .isInstanceOfSatisfying(
                        Outcome.Refused.class, e -> assertThat(e.reason()).isEqualTo(Reason.UPLOAD_NOT_FOUND));
        assertThat(abort(upload)).isEqualTo(new Outcome.Done());
        collectAfter(BlobRules.GRACE);
        assertThat(shelf.reader().chunk(ALICE, head.getManifest(), 0).data().size())
                .isEqualTo(CHUNK);
    }

    @Test
    void anAbortedUploadCannotBeCompletedAndItsChunksGo() {
        var upload = stageAll();

        abort(upload);

        assertThat(complete("cat", upload)).isInstanceOf(Outcome.Refused.class);
        assertThat(shelf.reader().chunk(new ChunkKey(ALICE, upload, 2)))
                .as("in grace")
                .isPresent();
        collectAfter(BlobRules.GRACE);
        for (int i = 0; i < 3; i++) {
            assertThat(shelf.reader().chunk(new ChunkKey(ALICE, upload, i))).isEmpty();
        }
    }

    @Test
    void whatWasReplacedCountsUntilItIsGone() {
        complete("cat", stageAll());
        shelf.put(ALICE, "cat", new byte[10]);

        assertThat(shelf.reader().stats().bytes()).isEqualTo(10);
        long size = shelf.store().sizeBytes();
        assertThat(size).as("what a snapshot has").isGreaterThanOrEqualTo(bytes.length + 10);
        collectAfter(BlobRules.GRACE);
        assertThat(size - shelf.store().sizeBytes()).isCloseTo((long) bytes.length, within(500L));
    }

    @Test
    void replacedChunksStayForTheGraceAndThenAreGone() {
        var upload = stageAll();
        complete("cat", upload);
        var old = shelf.reader().head(ALICE, BlobName.of("cat"), shelf.nowMs).orElseThrow();
        shelf.put(ALICE, "cat", new byte[10]);

        collectAfter(BlobRules.GRACE.minusMillis(1));
        assertThat(shelf.reader().chunk(ALICE, old.getManifest(), 1).data().size())
                .isEqualTo(CHUNK);

        collectAfter(Duration.ofMillis(1));
        assertThatThrownBy(() -> shelf.reader().chunk(ALICE, old.getManifest(), 1))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.VERSION_GONE));
        assertThat(shelf.get(ALICE, "cat")).hasSize(10);
    }

    @Test
    void chunksOfARefusedSmallBlobGoToo() {
        shelf.put(ALICE, "cat", new byte[10]);
        var absent = Precondition.newBuilder().setAbsent(true).build();
        shelf.put(ALICE, "cat", new byte[11], null, absent, 0);
        assertThat(count(Family.CHUNK)).isEqualTo(2);

        collectAfter(BlobRules.GRACE);

        assertThat(count(Family.CHUNK)).isEqualTo(1);
        assertThat(count(Family.GARBAGE)).isZero();
    }

    @Test
    void anAbandonedUploadIsGivenUpAfterADayThroughTheLog() {
        var upload = stageAll();
        shelf.nowMs += Limits.UPLOAD_LIFETIME.toMillis();
        shelf.put(ALICE, "tick", new byte[1]);
        assertThat(shelf.store().collector().collect(shelf.nowMs, 100).proposals())
                .isEmpty();

        shelf.nowMs += 1;
        shelf.put(ALICE, "tick", new byte[1]);
        assertThat(complete("late", upload)).isInstanceOf(Outcome.Refused.class);

        shelf.nowMs += Collector.LATE_CHUNKS.toMillis();
        shelf.put(ALICE, "tick", new byte[1]);
        var found = shelf.store().collector().collect(shelf.nowMs, 100);
        assertThat(found.proposals()).hasSize(1);
        propose(found);

        collectAfter(BlobRules.GRACE);
        assertThat(count(Family.STAGE)).as("nothing is kept of it").isZero();
        assertThat(shelf.reader().chunk(new ChunkKey(ALICE, upload, 0))).isEmpty();
    }

    @Test
    void whatStillStandsHereOfAnUploadADayAfterAllOthersGaveItUpGoesByItself() {
        var left = stageAll();
        var blob = stageAll();
        complete("cat", blob);
        shelf.nowMs += Limits.UPLOAD_LIFETIME.plus(Collector.LATE_CHUNKS).toMillis() + 1;
        shelf.put(ALICE, "tick", new byte[1]);
        assertThat(shelf.store().collector().collect(shelf.nowMs, 100).proposals())
                .as("what this replica would propose, and another one does not know")
                .hasSize(1);
        assertThat(shelf.reader().staged(ALICE, left)).hasSize(3);

        shelf.nowMs += Collector.LEFT_BEHIND.toMillis();
        shelf.put(ALICE, "tick", new byte[1]);
        assertThat(shelf.store().collector().collect(shelf.nowMs, 100))
                .isEqualTo(new Collector.Collection(List.of(), 0, Set.of()));

        assertThat(count(Family.STAGE)).isZero();
        for (int i = 0; i < 3; i++) {
            assertThat(shelf.reader().chunk(new ChunkKey(ALICE, left, i))).isEmpty();
            assertThat(shelf.reader().chunk(new ChunkKey(ALICE, blob, i))).isPresent();
        }
    }

    @Test
    void anUploadThatIsTooOldByTheLogsClockIsOverWhetherOrNotItsEndIsStillMarked() {
        var upload = stageAll();
        complete("cat", upload);
        shelf.nowMs += Limits.UPLOAD_LIFETIME.plus(Collector.LATE_CHUNKS).toMillis() + 1;
        shelf.put(ALICE, "tick", new byte[1]);
        shelf.store().collector().collect(shelf.nowMs, 100);

        assertThat(shelf.store().chunks().closed(ALICE, upload)).as("marked").isFalse();
        assertThat(shelf.reader().isOver(ALICE, upload)).isTrue();
    }

    @Test
    void aChunkThatComesBackAtTheEndOfAnUploadsLifeCostsTheBlobNothing() {
        var upload = stageAll();
        shelf.nowMs += Limits.UPLOAD_LIFETIME.toMillis();
        assertThat(complete("cat", upload)).isInstanceOf(Outcome.Written.class);
        shelf.nowMs += 1;
        shelf.put(ALICE, "tick", new byte[1]);
        propose(shelf.store().collector().collect(shelf.nowMs, 100));
        stage(upload, 0);

        for (int hour = 0; hour < 4; hour++) {
            shelf.nowMs += Duration.ofHours(1).toMillis();
            shelf.put(ALICE, "tick", new byte[1]);
            propose(shelf.store().collector().collect(shelf.nowMs, 100));
        }

        assertThat(shelf.reader().chunk(ALICE, manifest(upload), 0).data().size())
                .isEqualTo(CHUNK);
        assertThat(count(Family.STAGE)).isZero();
    }

    @Test
    void anExpiredBlobIsRemovedThroughTheLogUnlessItWasReplaced() {
        shelf.put(ALICE, "old", new byte[5], null, Precondition.getDefaultInstance(), shelf.nowMs + 10);
        shelf.put(ALICE, "new", new byte[5], null, Precondition.getDefaultInstance(), shelf.nowMs + 10);
        shelf.nowMs += 10;
        var found = shelf.store().collector().collect(shelf.nowMs, 100);
        assertThat(found.proposals()).hasSize(2);
        shelf.put(ALICE, "new", new byte[7]);

        propose(found);

        assertThat(shelf.reader().stats()).isEqualTo(new ShardStats(1, 1, 7));
        assertThat(shelf.get(ALICE, "new")).hasSize(7);
        assertThat(shelf.store().collector().collect(shelf.nowMs, 100).proposals())
                .isEmpty();
    }

    @Test
    void expiredBlobsOfAUserInAMoveAreInNobodysWay() {
        var bob = UserId.of("bob");
        shelf.claim(bob);
        for (int i = 0; i < 5; i++) {
            shelf.put(ALICE, "old-" + i, new byte[5], null, Precondition.getDefaultInstance(), shelf.nowMs + 10);
        }
        shelf.put(bob, "later", new byte[5], null, Precondition.getDefaultInstance(), shelf.nowMs + 20);
        var freeze =
                FreezeUser.newBuilder().setGeneration(1).setMove(2).setTo(9).build();
        shelf.append(RecordType.USER_FREEZE, ALICE, null, freeze.toByteString());
        shelf.nowMs += 20;

        Collector.Collection found;
        do {
            found = shelf.store().collector().collect(shelf.nowMs, 2);
            propose(found);
        } while (!found.more().isEmpty());

        assertThat(shelf.reader().stats()).as("alice's five blobs").isEqualTo(new ShardStats(2, 5, 25));
    }

    @Test
    void collectsNoMoreThanItsBudgetAtATime() {
        for (int i = 0; i < 4; i++) {
            abort(stageAll());
        }
        shelf.nowMs += BlobRules.GRACE.toMillis();
        var collector = shelf.store().collector();

        assertThat(collector.collect(shelf.nowMs, 5).chunksRemoved()).isEqualTo(5);
        assertThat(collector.collect(shelf.nowMs, 5).more()).containsExactly(Collector.Kind.CHUNKS);
        assertThat(collector.collect(shelf.nowMs, 5)).isEqualTo(new Collector.Collection(List.of(), 2, Set.of()));
        assertThat(count(Family.CHUNK)).isZero();
        assertThat(count(Family.GARBAGE)).isZero();
    }

    @Test
    void everyFlippedBitOfAStoredChunkIsFound() {
        var key = new ChunkKey(ALICE, shelf.upload(), 0);
        byte[] encodedKey = new Keys(Shelf.SHARD).chunk(key);
        byte[] value = ChunkCodec.encode(encodedKey, Shelf.chunk(new byte[50])).toByteArray();
        for (int bit = 0; bit < value.length * 8; bit++) {
            byte[] flipped = value.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            shelf.disk()
                    .committer()
                    .commit(new Write().put(Family.CHUNK, encodedKey, flipped))
                    .join();

            assertThatThrownBy(() -> shelf.reader().chunk(key))
                    .as("bit %d", bit)
                    .isInstanceOfSatisfying(
                            TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CORRUPT_DATA));
        }
    }

    @Test
    void aWholeChunkUnderAnotherKeyIsFound() {
        var keys = new Keys(Shelf.SHARD);
        var key = new ChunkKey(ALICE, shelf.upload(), 0);
        var other = keys.chunk(new ChunkKey(ALICE, shelf.upload(), 0));
        var value = ChunkCodec.encode(other, Shelf.chunk(new byte[50]));
        shelf.disk()
                .committer()
                .commit(new Write().put(Family.CHUNK, keys.chunk(key), value))
                .join();

        assertThatThrownBy(() -> shelf.reader().chunk(key)).hasMessageContaining("another chunk");
    }

    private UploadId stageAll() {
        var upload = shelf.upload();
        for (int i = 0; i < 3; i++) {
            stage(upload, i);
        }
        return upload;
    }

    private void stage(UploadId upload, int index) {
        int from = index * CHUNK;
        var part = Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + CHUNK));
        var write = new Write();
        shelf.store().chunks().stage(write, new ChunkKey(ALICE, upload, index), Shelf.chunk(part));
        shelf.disk().committer().commit(write).join();
    }

    private Outcome complete(String name, UploadId upload) {
        var put = PutCommit.newBuilder()
                .setName(name)
                .setManifest(manifest(upload))
                .setContentType("image/png")
                .build();
        return shelf.append(RecordType.PUT_COMMIT, ALICE, null, put.toByteString());
    }

    private Outcome abort(UploadId upload) {
        var abort = AbortUpload.newBuilder()
                .setUploadId(ByteString.copyFrom(upload.toBytes()))
                .build();
        return shelf.append(RecordType.ABORT_UPLOAD, ALICE, null, abort.toByteString());
    }

    private Manifest manifest(UploadId upload) {
        return Manifest.newBuilder()
                .setUploadId(ByteString.copyFrom(upload.toBytes()))
                .setChunkSize(CHUNK)
                .setChunks(3)
                .setSize(bytes.length)
                .setCrc32C(Crc32c.of(bytes))
                .build();
    }

    private void propose(Collector.Collection found) {
        found.proposals()
                .forEach(proposal ->
                        shelf.append(proposal.type(), proposal.user(), proposal.requestId(), proposal.payload()));
    }

    private void collectAfter(Duration time) {
        shelf.nowMs += time.toMillis();
        shelf.store().collector().collect(shelf.nowMs, 1000);
    }

    private int count(Family family) {
        var keys = new Keys(Shelf.SHARD);
        int count = 0;
        try (var scan = shelf.disk().scan(family, keys.first(), keys.end())) {
            for (; scan.valid(); scan.next()) {
                count++;
            }
        }
        return count;
    }
}
