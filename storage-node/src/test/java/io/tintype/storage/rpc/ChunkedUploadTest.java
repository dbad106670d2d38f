// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static io.tintype.storage.rpc.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.v1.AbortUploadRequest;
import io.tintype.proto.v1.CompleteUploadRequest;
import io.tintype.proto.v1.CompleteUploadResponse;
import io.tintype.proto.v1.CopyRequest;
import io.tintype.proto.v1.GetUploadRequest;
import io.tintype.proto.v1.PutChunkRequest;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.StagedChunk;
import io.tintype.proto.v1.StartUploadRequest;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.log.RecordType;
import io.tintype.wire.Wire;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ChunkedUploadTest {
    private static Rig rig;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        rig = Rig.start(folder);
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    private static ByteString begin(PutHeader header) {
        var started = rig.upload.startUpload(
                StartUploadRequest.newBuilder().setHeader(header).build());
        assertThat(started.getChunkSize()).isEqualTo(Limits.CHUNK_BYTES);
        return started.getUploadId();
    }

    private static PutChunkRequest chunk(ByteString upload, byte[] bytes, int index) {
        var part = Arrays.copyOfRange(
                bytes, index * Limits.CHUNK_BYTES, Math.min(bytes.length, (index + 1) * Limits.CHUNK_BYTES));
        return PutChunkRequest.newBuilder()
                .setUser(Rig.USER)
                .setUploadId(upload)
                .setIndex(index)
                .setData(ByteString.copyFrom(part))
                .setCrc32C(Crc32c.of(part))
                .setShard(Rig.DATA)
                .build();
    }

    private static GetUploadRequest state(ByteString upload) {
        return GetUploadRequest.newBuilder()
                .setUser(Rig.USER)
                .setUploadId(upload)
                .setShard(Rig.DATA)
                .build();
    }

    private static CompleteUploadResponse complete(PutHeader header, ByteString upload, PutFinish finish) {
        return rig.upload.completeUpload(CompleteUploadRequest.newBuilder()
                .setHeader(header)
                .setUploadId(upload)
                .setFinish(finish)
                .build());
    }

    @Test
    void chunksInAnyOrderAndMoreThanOnceBecomeTheBlob() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var bytes = rig.bytes(5 * Limits.CHUNK_BYTES + 12_345);
        var header = rig.header("resumed").build();
        var upload = begin(header);
        var order = new ArrayList<Integer>();
        for (int i = 0; i < 6; i++) {
            order.add(i);
            order.add(i);
        }
        Collections.shuffle(order, random);
        for (int i = 0; i < order.size(); i++) {
            if (i == 3) {
                assertThat(rig.upload.getUpload(state(upload)).getChunksList().stream()
                                .map(StagedChunk::getIndex))
                        .as("seed " + seed)
                        .containsExactlyElementsOf(
                                order.subList(0, 3).stream().distinct().sorted().toList());
            }
            rig.upload.putChunk(chunk(upload, bytes, order.get(i)));
        }
        var stored = complete(header, upload, Rig.finish(bytes));
        assertThat(stored.getHead().getSize()).isEqualTo(bytes.length);
        assertThat(rig.read("resumed")).as("seed " + seed).isEqualTo(bytes);
        assertThat(complete(header, upload, Rig.finish(bytes)))
                .as("a retry says the same")
                .isEqualTo(stored);
        refused(
                Reason.UPLOAD_NOT_FOUND,
                () -> rig.upload.putChunk(chunk(upload, bytes, 0)),
                "completed, aborted, begun");
        refused(Reason.UPLOAD_NOT_FOUND, () -> rig.upload.getUpload(state(upload)));
        var other = header.toBuilder().setRequestId(rig.newRequest()).build();
        refused(Reason.UPLOAD_NOT_FOUND, () -> complete(other, upload, Rig.finish(bytes)));
        refused(
                Reason.REQUEST_ID_REUSED,
                () -> complete(header.toBuilder().setName("other").build(), upload, Rig.finish(bytes)));
    }

    @Test
    void whatIsMissingOrWrongIsNamed() {
        var bytes = rig.bytes(2 * Limits.CHUNK_BYTES + 10);
        var header = rig.header("incomplete").build();
        var upload = begin(header);
        rig.upload.putChunk(chunk(upload, bytes, 1));
        var missing =
                refused(Reason.CHUNKS_MISSING, () -> complete(header, upload, Rig.finish(bytes)), "lacks chunks 0,2");
        assertThat(missing.details()).containsEntry(TintypeException.MISSING, "0,2");
        rig.upload.putChunk(chunk(upload, bytes, 0));
        rig.upload.putChunk(chunk(upload, bytes, 2));
        var finish = Rig.finish(bytes).toBuilder();
        refused(
                Reason.SIZE_MISMATCH,
                () -> complete(
                        header, upload, finish.clone().setSize(bytes.length + 1).build()),
                "chunk 2 of upload",
                "has 10 bytes, but 11");
        refused(
                Reason.SIZE_MISMATCH,
                () -> complete(
                        header,
                        upload,
                        finish.clone().setSize(Limits.CHUNK_BYTES).build()),
                "has 3 chunks");
        refused(
                Reason.CHECKSUM_MISMATCH,
                () -> complete(
                        header,
                        upload,
                        finish.clone().setCrc32C(finish.getCrc32C() ^ 8).build()),
                "nothing was stored");
        refused(
                Reason.CHECKSUM_MISMATCH,
                () -> rig.upload.putChunk(chunk(upload, rig.bytes(bytes.length), 1)),
                "sent before with other bytes");
        refused(Reason.BLOB_NOT_FOUND, () -> rig.read("incomplete"));
        complete(header, upload, finish.build());
        assertThat(rig.read("incomplete")).isEqualTo(bytes);
    }

    @Test
    void badChunksAreRefused() {
        var upload = begin(rig.header("chunks").build());
        var good = chunk(upload, rig.bytes(100), 0);
        refused(
                Reason.CHECKSUM_MISMATCH,
                () -> rig.upload.putChunk(good.toBuilder().setCrc32C(1).build()),
                "chunk 0 has crc32c");
        refused(
                Reason.SIZE_MISMATCH,
                () -> rig.upload.putChunk(good.toBuilder().clearData().build()),
                "data has 0 bytes");
        refused(
                Reason.SIZE_MISMATCH,
                () -> rig.upload.putChunk(good.toBuilder()
                        .setData(ByteString.copyFrom(new byte[Limits.CHUNK_BYTES + 1]))
                        .build()),
                "a chunk has 1048576");
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.upload.putChunk(good.toBuilder().setIndex(5_120).build()),
                "index is 5120");
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.upload.putChunk(good.toBuilder()
                        .setUploadId(ByteString.copyFromUtf8("x"))
                        .build()),
                "upload_id has 1 bytes");
        var old = Wire.bytes(new UploadId(1, 1));
        refused(
                Reason.UPLOAD_NOT_FOUND,
                () -> rig.upload.putChunk(good.toBuilder().setUploadId(old).build()),
                "more than 24 h ago");
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.upload.completeUpload(CompleteUploadRequest.newBuilder()
                        .setHeader(rig.header("chunks"))
                        .setUploadId(upload)
                        .build()),
                "finish is missing");
        assertThat(rig.upload.getUpload(state(upload)).getChunksList()).isEmpty();
    }

    @Test
    void whatWasAbortedIsOver() {
        var bytes = rig.bytes(1_500_000);
        var header = rig.header("aborted").build();
        var upload = begin(header);
        rig.upload.putChunk(chunk(upload, bytes, 0));
        var abort = AbortUploadRequest.newBuilder()
                .setUser(Rig.USER)
                .setUploadId(upload)
                .setShard(Rig.DATA)
                .build();
        rig.upload.abortUpload(abort);
        rig.upload.abortUpload(abort);
        refused(Reason.UPLOAD_NOT_FOUND, () -> rig.upload.putChunk(chunk(upload, bytes, 1)));
        refused(Reason.UPLOAD_NOT_FOUND, () -> complete(header, upload, Rig.finish(bytes)));
        refused(Reason.BLOB_NOT_FOUND, () -> rig.read("aborted"));
    }

    @Test
    void whatCannotBeUnderWayIsAbortedWithoutATrace() {
        long now = System.currentTimeMillis();
        long lifetime = Limits.UPLOAD_LIFETIME.toMillis();
        for (long began : new long[] {now - lifetime - 60_000, now + 10 * lifetime}) {
            var upload = new UploadId(began, 7);

            rig.upload.abortUpload(AbortUploadRequest.newBuilder()
                    .setUser(Rig.USER)
                    .setUploadId(Wire.bytes(upload))
                    .setShard(Rig.DATA)
                    .build());

            assertThat(rig.data.isMarked(UserId.of(Rig.USER), upload))
                    .as("a mark of an upload that began at %d", began)
                    .isFalse();
        }
    }

    @Test
    void uploadsAreTakenThoughTheLogIsDaysAheadOfTheClock() {
        var bytes = rig.bytes(Limits.CHUNK_BYTES + 10);
        rig.put("now", bytes);
        rig.clockShiftMs = -Duration.ofDays(2).toMillis();
        try {
            rig.put("streamed", bytes);
            assertThat(rig.read("streamed")).isEqualTo(bytes);

            var header = rig.header("in chunks").build();
            var upload = begin(header);
            rig.upload.putChunk(chunk(upload, bytes, 1));
            rig.upload.putChunk(chunk(upload, bytes, 0));
            assertThat(rig.upload.getUpload(state(upload)).getChunksList()).hasSize(2);
            complete(header, upload, Rig.finish(bytes));
            assertThat(rig.read("in chunks")).isEqualTo(bytes);

            rig.upload.copy(CopyRequest.newBuilder()
                    .setUser(Rig.USER)
                    .setShard(Rig.DATA)
                    .setSourceName("streamed")
                    .setName("copied")
                    .setRequestId(rig.newRequest())
                    .build());
            assertThat(rig.read("copied")).isEqualTo(bytes);
        } finally {
            rig.clockShiftMs = 0;
        }
    }

    @Test
    void aRetryFindsWhatWasStoredHoweverFarTheClockIsFromTheLogs() {
        var bytes = rig.bytes(10);
        var header = rig.header("retried").build();
        var upload = begin(header);
        rig.upload.putChunk(chunk(upload, bytes, 0));
        var stored = complete(header, upload, Rig.finish(bytes));
        for (int hours : new int[] {-3, 3}) {
            rig.clockShiftMs = Duration.ofHours(hours).toMillis();
            try {
                assertThat(complete(header, upload, Rig.finish(bytes)))
                        .as("by a clock %d hours ahead", hours)
                        .isEqualTo(stored);
            } finally {
                rig.clockShiftMs = 0;
            }
        }
    }

    @Test
    void aRetryIsToldWhatWasStoredWheneverTheFirstAttemptTakesEffect() {
        var bytes = rig.bytes(10);
        boolean inTime = true;
        for (int reads = 1; inTime; reads++) {
            var header = rig.header("late " + reads).build();
            var upload = begin(header);
            rig.upload.putChunk(chunk(upload, bytes, 0));
            rig.data.refusesCommits = new TintypeException(Reason.OUTCOME_UNKNOWN, "it is on its way");
            refused(Reason.OUTCOME_UNKNOWN, () -> complete(header, upload, Rig.finish(bytes)));
            rig.data.refusesCommits = null;
            var first = Objects.requireNonNull(rig.data.lastCommit);
            var left = new AtomicInteger(reads);
            rig.data.beforeReads = () -> {
                if (left.decrementAndGet() == 0) {
                    rig.data.propose(first, rig.data.emptied()).join();
                }
            };
            try {
                var stored = complete(header, upload, Rig.finish(bytes));
                assertThat(stored.getHead().getSize()).as("read %d", reads).isEqualTo(bytes.length);
            } finally {
                rig.data.beforeReads = () -> {};
            }
            inTime = left.get() <= 0;
        }
    }

    @Test
    void theRetryOfACopyIsToldWhatWasStoredThoughTheSourceWentBehindIt() {
        var bytes = rig.bytes(10);
        boolean inTime = true;
        for (int reads = 1; inTime; reads++) {
            rig.put("original", bytes);
            var request = CopyRequest.newBuilder()
                    .setUser(Rig.USER)
                    .setSourceName("original")
                    .setName("copy " + reads)
                    .setRequestId(rig.newRequest())
                    .setShard(Rig.DATA)
                    .build();
            rig.data.refusesCommits = new TintypeException(Reason.OUTCOME_UNKNOWN, "it is on its way");
            refused(Reason.OUTCOME_UNKNOWN, () -> rig.upload.copy(request));
            rig.data.refusesCommits = null;
            var first = Objects.requireNonNull(rig.data.lastCommit);
            var left = new AtomicInteger(reads);
            rig.data.beforeReads = () -> {
                if (left.decrementAndGet() == 0) {
                    rig.data.propose(first, rig.data.emptied()).join();
                    var delete = DeleteBlob.newBuilder().setName("original").build();
                    rig.data
                            .propose(
                                    Proposal.of(RecordType.DELETE, UserId.of(Rig.USER), delete.toByteString()),
                                    rig.data.emptied())
                            .join();
                }
            };
            try {
                assertThat(rig.upload.copy(request).getHead().getSize())
                        .as("read %d", reads)
                        .isEqualTo(bytes.length);
            } finally {
                rig.data.beforeReads = () -> {};
            }
            inTime = left.get() <= 0;
        }
    }

    @Test
    void anEmptyUploadBecomesAnEmptyBlob() {
        var header = rig.header("nothing").build();
        complete(header, begin(header), Rig.finish(new byte[0]));
        assertThat(rig.read("nothing")).isEmpty();
    }

    @Test
    void aCopyIsABlobOfItsOwn() {
        for (int size : new int[] {0, 1_000, 3_000_000}) {
            var bytes = rig.bytes(size);
            var source = rig.put(
                    rig.header("source")
                            .setContentType("image/webp")
                            .putMetadata("a", "b")
                            .build(),
                    bytes);
            var request = CopyRequest.newBuilder()
                    .setUser(Rig.USER)
                    .setSourceName("source")
                    .setName("copy")
                    .setRequestId(rig.newRequest())
                    .setShard(Rig.DATA)
                    .build();
            var copied = rig.upload.copy(request);
            assertThat(copied.getHead().getCrc32C()).isEqualTo(source.getHead().getCrc32C());
            assertThat(copied.getHead().getContentType()).isEqualTo("image/webp");
            assertThat(copied.getHead().getMetadataMap()).containsEntry("a", "b");
            rig.put("source", rig.bytes(1));
            assertThat(rig.upload.copy(request)).as("a retry copies nothing").isEqualTo(copied);
            assertThat(rig.read("copy")).isEqualTo(bytes);
            refused(
                    Reason.VERSION_CONFLICT,
                    () -> rig.upload.copy(request.toBuilder()
                            .setRequestId(rig.newRequest())
                            .setSourceVersion(source.getHead().getVersion())
                            .build()),
                    "source_version is " + source.getHead().getEtag());
            refused(
                    Reason.REQUEST_ID_REUSED,
                    () -> rig.upload.copy(
                            request.toBuilder().setName("elsewhere").build()));
        }
        refused(
                Reason.BLOB_NOT_FOUND,
                () -> rig.upload.copy(CopyRequest.newBuilder()
                        .setUser(Rig.USER)
                        .setSourceName("no source")
                        .setName("copy")
                        .setRequestId(rig.newRequest())
                        .setShard(Rig.DATA)
                        .build()),
                "no blob 'no source'");
    }
}
