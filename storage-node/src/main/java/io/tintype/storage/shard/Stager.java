// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Write;
import io.tintype.storage.future.Futures;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ShardConfig;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Puts chunks of uploads under way on this disk and hands them to the in-sync followers. Nothing depends on the
 * followers having them: one that lacks a chunk fetches it before it acknowledges the record that names it. So a slow or
 * dead follower costs {@link ShardLimits#STAGING_WAIT} at most.
 *
 * <p>Thread-safe; never blocks.
 */
final class Stager {
    private static final Duration RETRY_AFTER = Duration.ofMillis(100);

    private final ShardContext context;
    private final ShardStore store;
    private final Board board;
    private final UploadRoom room;

    Stager(ShardContext context, ShardStore store, Board board, UploadRoom room) {
        this.context = context;
        this.store = store;
        this.board = board;
        this.room = room;
    }

    /** As primary. */
    CompletableFuture<Void> stage(StagedBytes chunk) {
        long epoch = board.leadingEpoch;
        var config = board.config;
        if (epoch == 0 || config == null) {
            return CompletableFuture.failedFuture(Refusals.notLeading(board.status));
        }
        long bytes = chunk.chunk().data().size();
        try {
            room.admitUpload(bytes);
        } catch (TintypeException e) {
            return CompletableFuture.failedFuture(e);
        }
        if (!context.budgets().staging().tryTake(bytes)) {
            return CompletableFuture.failedFuture(new TintypeException(
                    Reason.OVERLOADED,
                    "chunks of " + context.budgets().staging().limit()
                            + " bytes are being staged on this node already; try again a little later",
                    RETRY_AFTER));
        }
        CompletableFuture<Void> staged =
                Futures.begin(() -> write(chunk).thenCombine(toFollowers(config, epoch, chunk), (here, there) -> null));
        return staged.whenComplete((done, failure) -> {
            context.budgets().staging().give(bytes);
            if (failure == null) {
                context.metrics().staged();
            }
        });
    }

    /** As follower: looks first, on a thread that may block, whether the upload is over. */
    CompletableFuture<Void> stageReceived(long epoch, StagedBytes chunk) {
        var key = chunk.key();
        return Futures.begin(() -> CompletableFuture.supplyAsync(
                        () -> isOver(key), context.threads().io()))
                .thenCompose(over -> over ? refuse(key) : stageNow(epoch, chunk));
    }

    /** The mark that says how an old upload ended may be gone already, by the log's clock: see Collector. */
    private boolean isOver(ChunkKey key) {
        long age = store.reader().timeMs(context.clock().now().wallMillis())
                - key.upload().timeMs();
        return age > Limits.UPLOAD_LIFETIME.toMillis() || store.reader().isOver(key.user(), key.upload());
    }

    private CompletableFuture<Void> refuse(ChunkKey key) {
        return CompletableFuture.failedFuture(new TintypeException(
                Reason.UPLOAD_NOT_FOUND,
                "shard " + store.id() + ": the chunk comes too late for upload " + key.upload() + ", which is over"));
    }

    private CompletableFuture<Void> stageNow(long epoch, StagedBytes chunk) {
        var status = board.status;
        if (epoch < status.epoch()) {
            return CompletableFuture.failedFuture(new TintypeException(
                    Reason.NOT_PRIMARY,
                    "shard " + store.id() + " is in epoch " + status.epoch() + ", and the chunk comes from " + epoch));
        }
        if (!board.whole) {
            return CompletableFuture.failedFuture(new TintypeException(
                    Reason.UNAVAILABLE, "the replica of shard " + store.id() + " here is being installed"));
        }
        return write(chunk);
    }

    private CompletableFuture<Void> write(StagedBytes chunk) {
        try {
            var write = new Write();
            store.chunks().stage(write, chunk.key(), chunk.chunk());
            return context.disk().committer().commit(write);
        } catch (TintypeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<Void> toFollowers(ShardConfig config, long epoch, StagedBytes chunk) {
        return CompletableFuture.allOf(config.inSync().stream()
                .map(Member::node)
                .filter(node -> !node.equals(context.self()))
                .map(node -> context.peers()
                        .stage(store.id(), node, epoch, chunk)
                        .orTimeout(ShardLimits.STAGING_WAIT.toMillis(), TimeUnit.MILLISECONDS)
                        .exceptionally(failure -> {
                            context.metrics().followerMissed();
                            return null;
                        }))
                .toArray(CompletableFuture<?>[]::new));
    }
}
