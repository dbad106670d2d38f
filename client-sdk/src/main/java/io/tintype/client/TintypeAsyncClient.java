// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.opentelemetry.api.trace.Tracer;
import io.tintype.client.internal.ClientCore;
import io.tintype.client.internal.net.ClientSettings;
import io.tintype.client.internal.transfer.NearCache;
import io.tintype.model.UploadId;
import io.tintype.model.Version;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Wire;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The client without waiting: every call returns at once, and its future fails with the exception that {@link
 * TintypeClient}'s method of the same name throws. Thread-safe.
 *
 * <p>Cancelling a future cancels the call; of a change it is then unknown whether it was made. What is chained to a future
 * runs on the client's threads and may block, at the cost of one thread each.
 *
 * <pre>{@code
 * client.async()
 *         .put("alice", "cat.jpg", BlobSource.of(path), PutOptions.DEFAULT.withContentType("image/jpeg"))
 *         .thenAccept(stored -> System.out.println("stored " + stored.info().version()));
 * }</pre>
 */
public final class TintypeAsyncClient {
    private final ClientCore core;
    private final Session session = new Session();
    private final CachedReads reads;

    TintypeAsyncClient(
            ClientSettings settings, NearCacheSettings caching, CallListener listener, @Nullable Tracer tracer) {
        core = new ClientCore(settings, new Reports(listener), tracer);
        var bytes =
                caching.isOn() ? new NearCache(caching.bytesForBlobs(), caching.maxBlobBytes(), core.workers()) : null;
        var leases = caching.isOn() && caching.leases() ? new Leases(core, caching.bytesForHeads()) : null;
        reads = new CachedReads(core, session, bytes, leases);
    }

    void close() {
        reads.close();
        core.close();
    }

    ClientCore core() {
        return core;
    }

    Session session() {
        return session;
    }

    Explanation.NearCached held(String user, String name) {
        return reads.held(user, name);
    }

    CacheStats cacheStats() {
        return reads.stats();
    }

    /** See {@link TintypeClient#put(String, String, BlobSource, PutOptions)}. */
    public CompletableFuture<PutResult> put(String user, String name, BlobSource bytes, PutOptions options) {
        return Futures.start(() -> {
            var header = Convert.header(user, name, options, Convert.orRandom(options.requestId()));
            return Futures.map(core.put(header, bytes.source(), options.timeout()), this::stored);
        });
    }

    private PutResult stored(PutResponse answer) {
        return stored(answer.getHead(), answer.getReplicasList(), answer.getSession());
    }

    private PutResult stored(BlobHead head, List<String> replicas, io.tintype.proto.v1.SessionToken at) {
        var token = Convert.token(at);
        var info = Convert.info(head);
        session.note(info.user(), token);
        reads.changed(info.user(), info.name(), info.version());
        return new PutResult(info, replicas, token);
    }

    /** See {@link TintypeClient#get(String, String, GetOptions)}. */
    public CompletableFuture<Blob> get(String user, String name, GetOptions options) {
        return Futures.start(() -> reads.get(user, name, options));
    }

    /** See {@link TintypeClient#getIfChanged}. */
    public CompletableFuture<Optional<Blob>> getIfChanged(String user, String name, Version known, GetOptions options) {
        return Futures.start(() -> reads.getIfChanged(user, name, known, options));
    }

    /** See {@link TintypeClient#getTo(String, String, Path, GetOptions)}. */
    public CompletableFuture<BlobInfo> getTo(String user, String name, Path file, GetOptions options) {
        return Futures.start(() -> {
            var sink = new FileSink(file);
            var mode = Convert.mode(options.consistency(), session, user);
            var reading = core.read(Requests.get(user, name, options), mode, options.timeout(), sink);
            return Futures.map(sink.start(reading), info -> info);
        });
    }

    /** See {@link TintypeClient#open(String, String, GetOptions)}. Completes when the blob's head is known. */
    public CompletableFuture<BlobInputStream> open(String user, String name, GetOptions options) {
        return Futures.start(() -> {
            var queue = new FrameQueue();
            var opening = Futures.map(
                    openQueue(user, name, options, queue),
                    first -> new BlobInputStream(
                            Convert.info(first.getHead()), Convert.freshness(first.getFreshness()), queue));
            return orClosed(opening, queue::close);
        });
    }

    /** See {@link TintypeClient#openChannel}. Completes when the blob's head is known. */
    public CompletableFuture<BlobChannel> openChannel(String user, String name, GetOptions options) {
        return Futures.start(() -> {
            var queue = new FrameQueue();
            var opening = Futures.map(
                    openQueue(user, name, options, queue),
                    first -> new BlobChannel(
                            Convert.info(first.getHead()), Convert.freshness(first.getFreshness()), queue));
            return orClosed(opening, queue::close);
        });
    }

    private CompletableFuture<GetResponse> openQueue(String user, String name, GetOptions options, FrameQueue queue) {
        var mode = Convert.mode(options.consistency(), session, user);
        return queue.start(core.read(Requests.get(user, name, options), mode, options.timeout(), queue));
    }

    /** Opens a blob for a subscriber who takes its bytes at his own pace. Completes when the blob's head is known. */
    public CompletableFuture<BlobPublisher> openPublisher(String user, String name, GetOptions options) {
        return Futures.start(() -> {
            var publisher = new BlobPublisher();
            var mode = Convert.mode(options.consistency(), session, user);
            var reading = core.read(Requests.get(user, name, options), mode, options.timeout(), publisher.sink());
            return orClosed(Futures.map(publisher.start(reading), opened -> opened), publisher::close);
        });
    }

    /** What is being opened; where whoever asked gives it up, he gets nothing that he could close. */
    private static <T> CompletableFuture<T> orClosed(CompletableFuture<T> opening, Runnable close) {
        var unused = opening.whenComplete((opened, failure) -> {
            if (failure != null) {
                close.run();
            }
        });
        return opening;
    }

    /** See {@link TintypeClient#head(String, String, HeadOptions)}. */
    public CompletableFuture<BlobInfo> head(String user, String name, HeadOptions options) {
        return Futures.start(() -> reads.head(user, name, options));
    }

    /** See {@link TintypeClient#list}. */
    public CompletableFuture<ListPage> list(String user, ListOptions options) {
        return Futures.start(() -> Futures.map(core.call(Requests.list(user, options, session)), Convert::page));
    }

    /** See {@link TintypeClient#delete(String, String, DeleteOptions)}. */
    public CompletableFuture<DeleteResult> delete(String user, String name, DeleteOptions options) {
        return Futures.start(() -> Futures.map(core.call(Requests.delete(user, name, options)), answer -> {
            var token = Convert.token(answer.getSession());
            session.note(user, token);
            var version = Wire.version(answer.getVersion());
            reads.removed(user, name, version);
            return new DeleteResult(answer.getExisted(), version, token);
        }));
    }

    /** See {@link TintypeClient#copy(String, String, String, CopyOptions)}. */
    public CompletableFuture<PutResult> copy(String user, String source, String target, CopyOptions options) {
        return Futures.start(() -> Futures.map(
                core.call(Requests.copy(user, source, target, options)),
                answer -> stored(answer.getHead(), answer.getReplicasList(), answer.getSession())));
    }

    /** See {@link TintypeClient#startUpload}. */
    public CompletableFuture<ResumableUpload> startUpload(String user, String name, PutOptions options) {
        return Futures.start(() -> ResumableUpload.start(uploads(), user, name, options));
    }

    /** See {@link TintypeClient#resumeUpload}. */
    public CompletableFuture<ResumableUpload> resumeUpload(String user, String name, UploadId id, PutOptions options) {
        return Futures.start(() -> ResumableUpload.resume(uploads(), user, name, id, options));
    }

    private UploadCalls uploads() {
        return new UploadCalls(core, done -> stored(done.getHead(), done.getReplicasList(), done.getSession()));
    }
}
