// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Deadline;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.AbortUpload;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.EraseUser;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.ShardReplica;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Removes users from shards whom the directory says to be erased. Thread-safe; never blocks its caller. */
final class UserEraser {
    private static final long DIRECTORY_SECONDS = 3;

    /** Blobs that one record of an erasure removes. */
    private static final int ERASED_AT_ONCE = 500;

    /** Records of one erasure that one call appends at most. */
    private static final int ERASURES = 100;

    /** Open uploads that are given up together: few enough to leave room for what others propose. */
    static final int ABORTED_AT_ONCE = 250;

    /** How often one call gives some up at most. */
    static final int ABORTS = 40;

    private final Function<UserId, CompletableFuture<DirectoryEntry>> entries;
    private final Executor blocking;

    /** @param blocking threads that may read the disk */
    UserEraser(DirectoryClient directory, Executor blocking) {
        this(user -> directory.entryEvenErased(user, Deadline.after(DIRECTORY_SECONDS, TimeUnit.SECONDS)), blocking);
    }

    /** @param entries what the directory says of a user */
    UserEraser(Function<UserId, CompletableFuture<DirectoryEntry>> entries, Executor blocking) {
        this.entries = entries;
        this.blocking = blocking;
    }

    /**
     * Removes all that the shard has of a user whom the directory says to be erased, and uploads of his that are open.
     *
     * @return whether nothing is left; fails with MOVE_CONFLICT where he is not erased
     */
    CompletableFuture<Boolean> erase(ShardReplica shard, UserId user) {
        return entries.apply(user).thenCompose(entry -> {
            if (entry.getState() != DirectoryState.DIRECTORY_STATE_DELETED) {
                return CompletableFuture.failedFuture(
                        new TintypeException(Reason.MOVE_CONFLICT, "user '" + user + "' is not erased"));
            }
            // Uploads last: until he is gone, whoever is at one would be told that it is over, not that he is.
            return all(shard, user, entry.getGeneration(), ERASURES)
                    .thenCompose(done ->
                            done ? abortUploads(shard, user, ABORTS) : CompletableFuture.completedFuture(false));
        });
    }

    private CompletableFuture<Boolean> all(ShardReplica shard, UserId user, long generation, int recordsLeft) {
        return some(shard, user, generation).thenCompose(left -> {
            boolean done = left.getState() == OwnershipState.OWNERSHIP_STATE_UNSPECIFIED;
            return done || recordsLeft == 1
                    ? CompletableFuture.completedFuture(done)
                    : all(shard, user, generation, recordsLeft - 1);
        });
    }

    /** Removes some of what the shard has of him; what it has then. */
    static CompletableFuture<StoredUser> some(ShardReplica shard, UserId user, long generation) {
        var erase = EraseUser.newBuilder()
                .setGeneration(generation)
                .setLimit(ERASED_AT_ONCE)
                .build();
        return shard.propose(new Proposal(RecordType.USER_ERASE, user, null, erase.toByteString(), null))
                .thenApply(committed -> {
                    if (committed.outcome().orThrow() instanceof Outcome.Moved moved) {
                        return moved.user();
                    }
                    throw new IllegalStateException("an erasure ended with " + committed.outcome());
                });
    }

    /** Gives his open uploads up, some at a time; whether none is left. */
    private CompletableFuture<Boolean> abortUploads(ShardReplica shard, UserId user, int triesLeft) {
        return CompletableFuture.supplyAsync(() -> shard.reader().openUploads(user, ABORTED_AT_ONCE), blocking)
                .thenCompose(uploads -> {
                    if (uploads.isEmpty() || triesLeft == 0) {
                        return CompletableFuture.completedFuture(uploads.isEmpty());
                    }
                    return CompletableFuture.allOf(uploads.stream()
                                    .map(upload -> abort(shard, user, upload))
                                    .toArray(CompletableFuture<?>[]::new))
                            .thenCompose(aborted -> abortUploads(shard, user, triesLeft - 1));
                });
    }

    private static CompletableFuture<?> abort(ShardReplica shard, UserId user, UploadId upload) {
        var abort = AbortUpload.newBuilder()
                .setUploadId(UnsafeByteOperations.unsafeWrap(upload.toBytes()))
                .build();
        return shard.propose(new Proposal(RecordType.ABORT_UPLOAD, user, null, abort.toByteString(), null))
                .thenAccept(committed -> committed.outcome().orThrow());
    }
}
