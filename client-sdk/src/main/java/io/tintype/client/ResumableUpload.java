// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.proto.v1.CompleteUploadResponse;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.wire.Wire;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An upload in chunks that survives lost connections and restarts of this process: keep {@link #id}, and go on with {@link
 * TintypeClient#resumeUpload} within 24 hours. Nothing is visible under the blob's name before {@link #complete}.
 *
 * <p>Thread-safe: chunks may be sent in any order, again, several at once, and from several processes.
 *
 * <pre>{@code
 * var upload = client.startUpload("alice", "film.tiff", PutOptions.DEFAULT);
 * upload.upload(path, 4, staged -> System.out.println(staged + " bytes staged"));
 * return upload.complete();
 * }</pre>
 */
public final class ResumableUpload {
    private final UploadCalls calls;
    private final PutHeader header;
    private final PutOptions options;
    private final RequestId requestId;
    private final UploadId id;
    private final int chunkSize;
    private final Instant expiresAt;
    private final ConcurrentHashMap<Integer, StagedChunk> sent = new ConcurrentHashMap<>();

    /** What the cluster was asked to complete, where it may have done so: it is asked for the very same from then on. */
    private final AtomicReference<@Nullable Completion> completion = new AtomicReference<>();

    /** A request to complete the upload, and when it was made first. */
    private record Completion(PutFinish finish, long firstNanos) {}

    private ResumableUpload(
            UploadCalls calls, PutHeader header, PutOptions options, UploadId id, int chunkSize, Instant expiresAt) {
        this.calls = calls;
        this.header = header;
        this.options = options;
        this.requestId = Wire.requestId(header.getRequestId());
        this.id = id;
        this.chunkSize = chunkSize;
        this.expiresAt = expiresAt;
    }

    static CompletableFuture<ResumableUpload> start(UploadCalls calls, String user, String name, PutOptions options) {
        var header = Convert.header(user, name, options, Convert.orRandom(options.requestId()));
        return Futures.map(
                calls.start(header),
                answer -> new ResumableUpload(
                        calls,
                        header,
                        options,
                        Wire.uploadId(answer.getUploadId()),
                        answer.getChunkSize(),
                        Instant.ofEpochMilli(answer.getExpiresAtMs())));
    }

    static CompletableFuture<ResumableUpload> resume(
            UploadCalls calls, String user, String name, UploadId id, PutOptions options) {
        var header = Convert.header(user, name, options, Convert.orRandom(options.requestId()));
        return Futures.map(
                calls.get(header.getUser(), id),
                answer -> new ResumableUpload(
                        calls,
                        header,
                        options,
                        id,
                        answer.getChunkSize(),
                        Instant.ofEpochMilli(id.timeMs()).plus(Limits.UPLOAD_LIFETIME)));
    }

    /** Names the upload, for resuming it. */
    public UploadId id() {
        return id;
    }

    /** Size of every chunk but the last, in bytes. */
    public int chunkSize() {
        return chunkSize;
    }

    /** When the cluster gives it up unless it is completed. */
    public Instant expiresAt() {
        return expiresAt;
    }

    /** The chunks that are on the cluster's disks, whoever sent them, by index. */
    public List<StagedChunk> staged() {
        return Futures.await(stagedAsync());
    }

    /** See {@link #staged}. */
    public CompletableFuture<List<StagedChunk>> stagedAsync() {
        return Futures.map(
                calls.get(header.getUser(), id),
                answer -> answer.getChunksList().stream()
                        .map(chunk -> new StagedChunk(chunk.getIndex(), chunk.getSize(), chunk.getCrc32C()))
                        .sorted((a, b) -> Integer.compareUnsigned(a.index(), b.index()))
                        .toList());
    }

    /**
     * Sends one chunk. Sending it again with the same bytes changes nothing.
     *
     * @param index its place, from 0
     * @param bytes {@link #chunkSize} of them, fewer only in the last chunk; not copied
     */
    public void putChunk(int index, byte[] bytes) {
        Futures.awaitChange(putChunkAsync(index, bytes));
    }

    /** See {@link #putChunk}. */
    public CompletableFuture<StagedChunk> putChunkAsync(int index, byte[] bytes) {
        return Futures.start(() -> {
            if (index < 0 || bytes.length == 0 || bytes.length > chunkSize) {
                throw new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        "chunk " + index + " has " + bytes.length + " bytes; chunks count from 0 and have 1 to "
                                + chunkSize);
            }
            return Futures.map(calls.putChunk(header.getUser(), id, index, bytes), crc -> {
                var chunk = new StagedChunk(index, bytes.length, crc);
                sent.put(index, chunk);
                completion.set(null); // the upload was still open, and is another one now
                return chunk;
            });
        });
    }

    /**
     * Sends a file, leaving out the chunks that are staged already with the same checksum. Waits; holds {@code parallelism}
     * chunks in memory.
     *
     * @param parallelism chunks on their way at once, 1 to 64
     * @param progress hears how many of the file's bytes are staged; from one thread at a time
     * @return bytes that had to be sent
     */
    public long upload(Path file, int parallelism, LongConsumer progress) {
        return new ChunkedFile(this, parallelism, progress).upload(file);
    }

    /** Counts a chunk as sent that was found staged. */
    void alreadyStaged(StagedChunk chunk) {
        sent.put(chunk.index(), chunk);
    }

    /**
     * Makes the chunks the blob's current version. Those that this object has not sent itself are taken as the cluster tells
     * them; {@link #upload} compares them with the file first.
     *
     * @return the same where it is called again, within 15 minutes
     * @throws OutcomeUnknownException where it may have been done: call it again, which repeats the same request
     */
    public PutResult complete() {
        return Futures.awaitChange(completeAsync());
    }

    /** See {@link #complete}. */
    public CompletableFuture<PutResult> completeAsync() {
        var earlier = completion.get();
        if (earlier != null) {
            // The chunks are no longer staged where it was done.
            return Futures.map(complete(earlier, true), this::stored);
        }
        var finished = stagedAsync().thenCompose(staged -> {
            var first = new Completion(finish(staged), System.nanoTime());
            var other = completion.compareAndExchange(null, first);
            return complete(other == null ? first : other, other != null);
        });
        return Futures.map(finished, this::stored);
    }

    private CompletableFuture<CompleteUploadResponse> complete(Completion what, boolean again) {
        long sinceFirstMs = again ? Math.max(1, (System.nanoTime() - what.firstNanos) / 1_000_000) : 0;
        var aged = header.toBuilder()
                .setRetryAgeMs(header.getRetryAgeMs() + sinceFirstMs)
                .build();
        return calls.complete(aged, id, what.finish, requestId, options.timeout())
                .whenComplete((answer, thrown) -> {
                    if (thrown != null && isRefused(Typed.of(thrown), again)) {
                        completion.compareAndSet(what, null);
                    }
                });
    }

    /** Whether a failure says that the upload was not completed. Of a repeat it mostly says nothing of what was before. */
    private static boolean isRefused(Throwable failure, boolean again) {
        return again
                ? failure instanceof UploadMismatchException
                : failure instanceof TintypeException && !(failure instanceof OutcomeUnknownException);
    }

    private PutFinish finish(List<StagedChunk> staged) {
        var chunks = new TreeMap<Integer, StagedChunk>();
        staged.forEach(chunk -> chunks.put(chunk.index(), chunk));
        chunks.putAll(sent);
        var sum = new Crc32c.Running();
        chunks.values().forEach(chunk -> sum.add(chunk.crc32c(), chunk.size()));
        return PutFinish.newBuilder().setSize(sum.length()).setCrc32C(sum.crc()).build();
    }

    private PutResult stored(CompleteUploadResponse answer) {
        return new PutResult(
                Convert.info(answer.getHead()), answer.getReplicasList(), Convert.token(answer.getSession()));
    }

    /** Gives up the upload and its chunks. Doing so twice, or after {@link #complete}, changes nothing. */
    public void abort() {
        Futures.awaitChange(abortAsync());
    }

    /** See {@link #abort}. */
    public CompletableFuture<Void> abortAsync() {
        return Futures.map(calls.abort(header.getUser(), id), answer -> null);
    }
}
