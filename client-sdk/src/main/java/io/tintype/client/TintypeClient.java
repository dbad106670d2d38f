// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.Version;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Stores and reads images. Make one per application and share it: it is thread-safe, and keeps the shard map, the users'
 * homes and its connections.
 *
 * <pre>{@code
 * try (var client = TintypeClient.connect("localhost:7400")) {
 *     client.put("alice", "cat.jpg", Path.of("cat.jpg"));
 *     byte[] bytes = client.get("alice", "cat.jpg").bytes();
 * }
 * }</pre>
 *
 * <p>Requests go straight to the storage node that leads the user's shard, and through a coordinator where that way is not
 * known or fails. What fails for a passing reason is tried again, under the same request id, until it succeeds or patience
 * ends; a success means that the blob is on the disk of every in-sync replica. Bytes are checked (CRC32C) from end to end:
 * what the client computed while sending is what the disks hold and what every reader verifies.
 *
 * <p>All failures are {@link io.tintype.model.TintypeException}s of this package, one kind per family of reasons; trouble
 * with local files and streams is {@link UncheckedIOException}. A change that fails with {@link OutcomeUnknownException} may
 * have been made; with any other it was not.
 *
 * <p>Names and user ids: 1 to 1024 and 1 to 512 bytes of UTF-8 in Unicode normal form C, no NUL.
 */
public final class TintypeClient implements AutoCloseable {
    private final TintypeAsyncClient async;
    private final Executor workers;

    TintypeClient(TintypeAsyncClient async) {
        this.async = async;
        workers = async.core().workers();
    }

    /** A client with default settings for the cluster that a coordinator, host:port, belongs to. Does not connect yet. */
    public static TintypeClient connect(String coordinator) {
        return builder().seeds(coordinator).build();
    }

    /** A client with settings of your own. */
    public static TintypeClientBuilder builder() {
        return new TintypeClientBuilder();
    }

    /** The same client, without waiting. */
    public TintypeAsyncClient async() {
        return async;
    }

    /** Users and their homes. */
    public UsersClient users() {
        return new UsersClient(async.core());
    }

    /** The operator's view. */
    public AdminClient admin() {
        return new AdminClient(async.core());
    }

    /** Where replicas lie, and moving them: for operators. */
    public BalancingClient balancing() {
        return new BalancingClient(async.core());
    }

    /** What this client has written, for reads with {@link Consistency#session}. */
    public Session session() {
        return async.session();
    }

    /** What the near cache did. */
    public CacheStats cacheStats() {
        return async.cacheStats();
    }

    /** Stores bytes under a name, replacing what is there. */
    public PutResult put(String user, String name, byte[] bytes) {
        return put(user, name, BlobSource.of(bytes), PutOptions.DEFAULT);
    }

    /** Stores a file under a name, replacing what is there. */
    public PutResult put(String user, String name, Path file) {
        return put(user, name, BlobSource.of(file), PutOptions.DEFAULT);
    }

    /**
     * Stores a blob of up to 5 GiB whole, or not at all.
     *
     * @throws VersionConflictException where the options' condition does not hold
     * @throws OutcomeUnknownException where it may or may not have been stored
     * @throws QuotaExceededException where the user has no room for it
     */
    public PutResult put(String user, String name, BlobSource bytes, PutOptions options) {
        return Futures.awaitChange(workers, () -> async.put(user, name, bytes, options));
    }

    /** Reads a blob of up to 64 MiB into memory. */
    public Blob get(String user, String name) {
        return get(user, name, GetOptions.DEFAULT);
    }

    /**
     * Reads a blob, or a stretch of it, into memory.
     *
     * @throws BlobNotFoundException where there is none
     * @throws InvalidRequestException BLOB_TOO_LARGE where it is more than the options' {@code maxBytes}
     */
    public Blob get(String user, String name, GetOptions options) {
        return Futures.await(workers, () -> async.get(user, name, options));
    }

    /** Reads a blob into memory, unless its current version is one that you have; then the answer is empty. */
    public Optional<Blob> getIfChanged(String user, String name, Version known, GetOptions options) {
        return Futures.await(workers, () -> async.getIfChanged(user, name, known, options));
    }

    /** Reads a blob into a file. */
    public BlobInfo getTo(String user, String name, Path file) {
        return getTo(user, name, file, GetOptions.DEFAULT);
    }

    /**
     * Reads a blob, or a stretch of it, into a file, which appears whole or not at all: the bytes are written beside it and
     * moved there in the end.
     */
    public BlobInfo getTo(String user, String name, Path file, GetOptions options) {
        return Futures.await(workers, () -> async.getTo(user, name, file, options));
    }

    /** Reads a blob, or a stretch of it, into a stream, which is neither flushed nor closed. */
    public BlobInfo getTo(String user, String name, OutputStream target, GetOptions options) {
        try (var in = open(user, name, options)) {
            in.transferTo(target);
            return in.info();
        } catch (IOException e) {
            if (e.getCause() instanceof TintypeException failure) {
                throw failure;
            }
            throw new UncheckedIOException(e);
        }
    }

    /** Opens a blob for reading. Close it, or read it to its end. */
    public BlobInputStream open(String user, String name) {
        return open(user, name, GetOptions.DEFAULT);
    }

    /** Opens a blob, or a stretch of it, for reading. Close it, or read it to its end. */
    public BlobInputStream open(String user, String name, GetOptions options) {
        return Futures.await(workers, () -> async.open(user, name, options));
    }

    /** Opens a blob, or a stretch of it, for reading into buffers. Close it, or read it to its end. */
    public BlobChannel openChannel(String user, String name, GetOptions options) {
        return Futures.await(workers, () -> async.openChannel(user, name, options));
    }

    /** Tells what a blob is, without its bytes. */
    public BlobInfo head(String user, String name) {
        return head(user, name, HeadOptions.DEFAULT);
    }

    /** Tells what a blob is, without its bytes. */
    public BlobInfo head(String user, String name, HeadOptions options) {
        return Futures.await(workers, () -> async.head(user, name, options));
    }

    /** One page of a user's blobs, in order of their names' UTF-8 bytes. */
    public ListPage list(String user, ListOptions options) {
        return Futures.await(workers, () -> async.list(user, options));
    }

    /**
     * All of a user's blobs, fetched a page at a time as the stream is consumed: names that appear or vanish meanwhile may or
     * may not be seen.
     */
    public Stream<ListEntry> listAll(String user, ListOptions options) {
        return StreamSupport.stream(new Listing(page -> list(user, page), options), false);
    }

    /** Removes a blob; succeeds where there is none. */
    public DeleteResult delete(String user, String name) {
        return delete(user, name, DeleteOptions.DEFAULT);
    }

    /**
     * Removes a blob; succeeds where there is none, unless the options ask for a version.
     *
     * @throws VersionConflictException where another version is current
     */
    public DeleteResult delete(String user, String name, DeleteOptions options) {
        return Futures.awaitChange(workers, () -> async.delete(user, name, options));
    }

    /** Copies a blob to another name of the same user; its bytes do not pass this client. */
    public PutResult copy(String user, String source, String target) {
        return copy(user, source, target, CopyOptions.DEFAULT);
    }

    /** Copies a blob to another name of the same user; content type, metadata and expiry are the source's. */
    public PutResult copy(String user, String source, String target, CopyOptions options) {
        return Futures.awaitChange(workers, () -> async.copy(user, source, target, options));
    }

    /** Begins an upload in chunks, for blobs so large or connections so poor that starting over would hurt. */
    public ResumableUpload startUpload(String user, String name, PutOptions options) {
        return Futures.awaitChange(workers, () -> async.startUpload(user, name, options));
    }

    /**
     * Goes on with an upload that was begun before, here or elsewhere, under the same name and options.
     *
     * @throws UploadNotFoundException where it is over
     */
    public ResumableUpload resumeUpload(String user, String name, UploadId id, PutOptions options) {
        return Futures.await(workers, () -> async.resumeUpload(user, name, id, options));
    }

    /**
     * Tells who would answer reads of a blob now, how old each one's answer is, and how long it takes to ask him. For people who
     * wonder; asks every replica twice.
     *
     * @throws NotFoundException where nobody knows the user
     */
    public Explanation explain(String user, String name) {
        var nearCached = async.held(user, name);
        return new Explainer(async.core(), admin(), users(), async.core().location()).explain(user, name, nearCached);
    }

    /** Ends the client. Calls in flight get a second, then fail. */
    @Override
    public void close() {
        async.close();
    }
}
