// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import io.grpc.Deadline;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.FreezeUser;
import io.tintype.proto.internal.v1.MoveEnd;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.PurgeUser;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.blob.MoveRule;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.future.Futures;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.wire.Errors;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Takes users who are in a move a step further: asks the directory, lets {@link MoveStep} decide, and has the shard's log, the
 * directory or a {@link Pulls copy} do it. Any number of calls about one user at a time do no harm. Thread-safe; never blocks
 * its caller.
 */
final class UserMover {
    private static final long DIRECTORY_SECONDS = 3;

    /** Steps that one call takes at most. */
    private static final int STEPS = 6;

    private final DirectoryClient directory;
    private final Pulls pulls;
    private final Source others;
    private final Executor blocking;
    private final FrozenTimes frozen;

    /**
     * @param blocking threads that may read the disk
     * @param frozen for how long users have been frozen
     */
    UserMover(DirectoryClient directory, Pulls pulls, Source others, Executor blocking, FrozenTimes frozen) {
        this.directory = directory;
        this.pulls = pulls;
        this.others = others;
        this.blocking = blocking;
        this.frozen = frozen;
    }

    /** Does what the directory and the shard's record call for; what the shard has of the user then. */
    CompletableFuture<StoredUser> settle(ShardReplica shard, UserId user) {
        var askedAt = shard.reader().appliedAt(); // first
        return directory
                .entryEvenErased(user, deadline())
                .thenCompose(entry -> settle(shard, user, entry, askedAt, STEPS));
    }

    private CompletableFuture<StoredUser> settle(
            ShardReplica shard, UserId user, DirectoryEntry entry, LogPosition askedAt, int stepsLeft) {
        return here(shard, user).thenCompose(here -> {
            var step = MoveStep.next(
                    shard.id().value(),
                    here,
                    entry,
                    askedAt,
                    frozen.millis(shard.id(), user, here),
                    shard.status().usersLimit(),
                    MoveRule.all());
            if (stepsLeft == 0 || step instanceof MoveStep.Nothing) {
                return CompletableFuture.completedFuture(here);
            }
            if (step instanceof MoveStep.Pull pull) {
                pulls.start(shard, user, pull, () -> settle(shard, user));
                return CompletableFuture.completedFuture(here);
            }
            var nowAt = shard.reader().appliedAt();
            if (step instanceof MoveStep.Commit commit) {
                return directory
                        .commitMove(user, commit.move(), deadline())
                        .thenCompose(now -> settle(shard, user, now, nowAt, stepsLeft - 1));
            }
            if (step instanceof MoveStep.Abort abort) {
                return directory
                        .abortMove(user, abort.move(), abort.why(), deadline())
                        .thenCompose(now -> settle(shard, user, now.getEntry(), nowAt, stepsLeft - 1));
            }
            if (step instanceof MoveStep.Erase erase) {
                return UserEraser.some(shard, user, erase.generation())
                        .thenCompose(left -> settle(shard, user, entry, nowAt, stepsLeft - 1));
            }
            if (step instanceof MoveStep.Append append) {
                return append(shard, user, here, entry, append)
                        .thenCompose(now -> settle(shard, user, now, askedAt, stepsLeft - 1));
            }
            throw new IllegalStateException("unknown step " + step);
        });
    }

    /** Appends a record; the directory's entry to go on with. */
    private CompletableFuture<DirectoryEntry> append(
            ShardReplica shard, UserId user, StoredUser here, DirectoryEntry entry, MoveStep.Append append) {
        return before(shard, user, append.type())
                .thenCompose(ready -> shard.propose(
                        new Proposal(append.type(), user, null, append.payload().toByteString(), null)))
                .thenCompose(committed -> {
                    if (committed.outcome() instanceof Outcome.Refused refused) {
                        return refused(user, entry, append.type(), refused);
                    }
                    if (append.type() == RecordType.USER_ACTIVATE) {
                        tell(new ShardId(here.getOtherShard()), user);
                    }
                    return CompletableFuture.completedFuture(entry);
                });
    }

    /** Nobody knows afterwards which uploads were copies of the move that ends. */
    private CompletableFuture<Void> before(ShardReplica shard, UserId user, RecordType type) {
        return type == RecordType.USER_DROP || type == RecordType.USER_IMPORT
                ? Futures.begin(() -> CompletableFuture.runAsync(() -> pulls.abortLeftBehind(shard, user), blocking))
                        .exceptionally(failure -> null) // they stay for a day
                : CompletableFuture.completedFuture(null);
    }

    /** A target without room ends the move; any other refusal means that somebody was faster, and asks again. */
    private CompletableFuture<DirectoryEntry> refused(
            UserId user, DirectoryEntry entry, RecordType type, Outcome.Refused refused) {
        if (type != RecordType.USER_IMPORT || refused.reason() != Reason.SHARD_FULL) {
            return CompletableFuture.completedFuture(DirectoryEntry.getDefaultInstance());
        }
        return directory
                .abortMove(user, entry.getMove(), MoveEnd.MOVE_END_TARGET_FULL, deadline())
                .thenApply(answer -> DirectoryEntry.getDefaultInstance());
    }

    /** Has another shard look after a user soon; if nobody hears it, it does so by itself. */
    void tell(ShardId shard, UserId user) {
        var unused = others.settle(shard, user).exceptionally(failure -> null);
    }

    /**
     * As source: takes no more changes of a user.
     *
     * @return a record at or behind the freeze; fails with MOVE_CONFLICT where the move is not under way any more
     */
    CompletableFuture<Long> freeze(ShardReplica shard, UserId user, long generation, long move, ShardId to) {
        return here(shard, user).thenCompose(here -> {
            boolean behind = here.getMove() == 0 && here.getGeneration() < generation;
            return behind
                    ? claim(shard, user).thenCompose(claimed -> freezeNow(shard, user, generation, move, to))
                    : freezeNow(shard, user, generation, move, to);
        });
    }

    private CompletableFuture<Long> freezeNow(ShardReplica shard, UserId user, long generation, long move, ShardId to) {
        var freeze = FreezeUser.newBuilder()
                .setGeneration(generation)
                .setMove(move)
                .setTo(to.value())
                .build();
        return shard.propose(new Proposal(RecordType.USER_FREEZE, user, null, freeze.toByteString(), null))
                .thenApply(committed -> {
                    if (committed.outcome().orThrow() instanceof Outcome.Moved moved) {
                        var unused = frozen.millis(shard.id(), user, moved.user()); // his time begins
                        return moved.at().seq();
                    }
                    throw new IllegalStateException("a freeze ended with " + committed.outcome());
                });
    }

    /** Follows the directory to a generation that a move took which was given up; or claims a user who never wrote. */
    private CompletableFuture<Long> claim(ShardReplica shard, UserId user) {
        var askedAt = shard.reader().appliedAt(); // first
        return directory.entry(user, deadline()).thenCompose(entry -> {
            if (entry.getHome() != shard.id().value()) {
                return CompletableFuture.failedFuture(new TintypeException(
                        Reason.MOVE_CONFLICT,
                        "user '" + user + "' does not live on shard " + shard.id() + " any more"));
            }
            var claim = ClaimUser.newBuilder()
                    .setGeneration(entry.getGeneration())
                    .setUsersLimit(shard.status().usersLimit())
                    .setAskedEpoch(askedAt.epoch())
                    .setAskedSequence(askedAt.seq())
                    .build();
            return shard.propose(new Proposal(RecordType.USER_CLAIM, user, null, claim.toByteString(), null))
                    .thenApply(committed -> {
                        if (committed.outcome().orThrow() instanceof Outcome.Claimed claimed) {
                            return claimed.generation();
                        }
                        throw new IllegalStateException("a claim ended with " + committed.outcome());
                    });
        });
    }

    /** Gives a move up that cannot be made. */
    CompletableFuture<StoredUser> abort(ShardReplica shard, UserId user, long move, MoveEnd why) {
        var askedAt = shard.reader().appliedAt();
        return directory
                .abortMove(user, move, why, deadline())
                .thenCompose(answer -> settle(shard, user, answer.getEntry(), askedAt, STEPS));
    }

    /** Removes some of what a user left behind here, or the memory that he was refused once he has another home. */
    CompletableFuture<?> purge(ShardReplica shard, UserId user, StoredUser gone, int blobs) {
        var purge = PurgeUser.newBuilder().setMove(gone.getMove()).setLimit(blobs);
        if (gone.getState() != OwnershipState.OWNERSHIP_STATE_REFUSED) {
            return purge(shard, user, purge.build());
        }
        return directory.entryEvenErased(user, deadline()).thenCompose(entry -> {
            boolean answered = entry.getGeneration() > gone.getGeneration();
            return answered
                    ? purge(
                            shard,
                            user,
                            purge.setGeneration(entry.getGeneration()).build())
                    : CompletableFuture.completedFuture(null);
        });
    }

    private static CompletableFuture<?> purge(ShardReplica shard, UserId user, PurgeUser purge) {
        return shard.propose(new Proposal(RecordType.USER_PURGE, user, null, purge.toByteString(), null));
    }

    private CompletableFuture<StoredUser> here(ShardReplica shard, UserId user) {
        Supplier<StoredUser> read = () -> shard.reader().users().user(user).orElse(StoredUser.getDefaultInstance());
        try {
            return CompletableFuture.supplyAsync(read, blocking);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(Errors.fromWire(e));
        }
    }

    private static Deadline deadline() {
        return Deadline.after(DIRECTORY_SECONDS, TimeUnit.SECONDS);
    }
}
