// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.BlobName;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ActivateUser;
import io.tintype.proto.internal.v1.CopiedHead;
import io.tintype.proto.internal.v1.CopiedOutcomes;
import io.tintype.proto.internal.v1.CopyUser;
import io.tintype.proto.internal.v1.DropUser;
import io.tintype.proto.internal.v1.ImportUser;
import io.tintype.proto.internal.v1.InstallUser;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.log.LogRecord;
import java.util.Set;

/**
 * The target's side of a move: IMPORTING, READY, ACTIVE, or GONE where the move was given up. Each record names its move
 * exactly; one that comes twice changes nothing, and one of another move is refused. Pure over the {@link Transaction} it
 * is given.
 */
final class ArrivalRules {
    private final Set<MoveRule> rules;
    private final ArrivingOutcomes arriving;

    ArrivalRules(Set<MoveRule> rules, ArrivingOutcomes arriving) {
        this.rules = rules;
        this.arriving = arriving;
    }

    /**
     * Begins to take a user over, if there is room. What stands here of an earlier stay, or of a move that was given up,
     * stays as it is: copying corrects it.
     */
    Outcome begin(Transaction tx, LogRecord record, UserId user) {
        var begin = Stored.payload(ImportUser.parser(), record);
        var known = DepartureRules.known(tx, user);
        if (begin.getMove() == known.getMove() && (isImporting(known, known.getMove()) || isReady(known))) {
            return new Outcome.Moved(record.position(), known);
        }
        boolean later = begin.getMove() > known.getMove() && begin.getMove() > begin.getGeneration();
        if (Residence.isHome(known) || !later) {
            return DepartureRules.otherMove("USER_IMPORT", begin.getMove(), known);
        }
        boolean counted = isImporting(known, known.getMove()) || isReady(known);
        if (!counted && UserRules.isOld(tx, begin.getAskedEpoch(), begin.getAskedSequence(), rules)) {
            return UserRules.old(user);
        }
        if (!counted && tx.stats().users() >= Integer.toUnsignedLong(begin.getUsersLimit())) {
            return UserRules.full(tx);
        }
        if (!counted) {
            if (known.getSinceMs() != 0) {
                tx.markGone(user, known, false);
            }
            tx.countUsers(1);
        }
        tx.forgetOutcomes(user, record.logTimeMs());
        arriving.begin(user);
        var importing = known.toBuilder()
                .setState(OwnershipState.OWNERSHIP_STATE_IMPORTING)
                .setGeneration(begin.getGeneration())
                .setMove(begin.getMove())
                .setOtherShard(begin.getFrom())
                .setSinceMs(record.logTimeMs())
                .build();
        tx.putUser(user, importing);
        tx.markMoving(user, true);
        return new Outcome.Moved(record.position(), importing);
    }

    /** Makes one thing as the source has it. */
    Outcome copy(Transaction tx, LogRecord record, UserId user) {
        var copy = Stored.payload(CopyUser.parser(), record);
        var known = DepartureRules.known(tx, user);
        if (!isImporting(known, copy.getMove())) {
            if (copy.hasHead()) {
                discard(tx, record, user, copy.getHead());
            }
            return DepartureRules.otherMove("USER_COPY", copy.getMove(), known);
        }
        var usage = known.toBuilder();
        switch (copy.getWhatCase()) {
            case HEAD -> head(tx, record, user, usage, copy.getHead());
            case DROPPED -> drop(tx, record, user, usage, BlobName.of(copy.getDropped()));
            case OUTCOMES -> outcomes(tx, record, user, copy.getOutcomes());
            case WHAT_NOT_SET -> {}
        }
        tx.putUser(user, usage.build());
        return new Outcome.Moved(record.position(), usage.build());
    }

    private static void head(
            Transaction tx, LogRecord record, UserId user, StoredUser.Builder usage, CopiedHead copied) {
        var name = BlobName.of(copied.getName());
        var stored = tx.head(user, name);
        if (stored.isPresent()
                && stored.get().getVersion().equals(copied.getHead().getVersion())) {
            discard(tx, record, user, copied); // copied twice: the first one stays
            return;
        }
        stored.ifPresent(head -> tx.removeHead(user, name, head, usage, BlobRules.dueMs(record)));
        tx.putHead(user, name, copied.getHead(), usage);
        if (!copied.getInline()) {
            Stored.upload(copied.getHead().getManifest())
                    .ifPresent(upload -> tx.close(
                            user,
                            upload,
                            Closing.COMMITTED,
                            copied.getHead().getManifest().getChunks(),
                            BlobRules.dueMs(record)));
        }
    }

    /** Lets go of chunks that were brought for nothing, unless a head has them already. */
    private static void discard(Transaction tx, LogRecord record, UserId user, CopiedHead copied) {
        var manifest = copied.getHead().getManifest();
        var upload = Stored.upload(manifest);
        var standing = tx.head(user, BlobName.of(copied.getName()));
        boolean used = standing.isPresent()
                && standing.get().getManifest().getUploadId().equals(manifest.getUploadId());
        if (upload.isEmpty() || used) {
            return;
        }
        if (copied.getInline()) {
            tx.discard(user, manifest, BlobRules.dueMs(record));
        } else if (tx.closing(user, upload.get()).isEmpty()) {
            tx.close(user, upload.get(), Closing.ABORTED, 0, BlobRules.dueMs(record));
        }
    }

    private static void drop(Transaction tx, LogRecord record, UserId user, StoredUser.Builder usage, BlobName name) {
        tx.head(user, name).ifPresent(head -> tx.removeHead(user, name, head, usage, BlobRules.dueMs(record)));
    }

    /** An outcome is as old here as it was there, and stands at this record, which is behind all that it is about. */
    private void outcomes(Transaction tx, LogRecord record, UserId user, CopiedOutcomes copied) {
        for (var one : copied.getOutcomesList()) {
            var source = one.getOutcome();
            long age = Math.max(0, copied.getAsOfMs() - source.getAppliedAtMs());
            if (age > Retries.MEMORY_MS || age > record.logTimeMs()) {
                continue;
            }
            long appliedAt = record.logTimeMs() - age;
            arriving.put(
                    tx,
                    user,
                    requestId(one.getRequestId().toByteArray()),
                    Retries.bucket(appliedAt),
                    source.toBuilder()
                            .setAppliedAtMs(appliedAt)
                            .setSourceAppliedAtMs(source.getAppliedAtMs())
                            .setEpoch(record.epoch())
                            .setSequence(record.seq())
                            .build(),
                    record.logTimeMs());
        }
    }

    private static RequestId requestId(byte[] bytes) {
        if (bytes.length != RequestId.BYTES) {
            throw Stored.corrupt("a copied outcome", new IllegalStateException("its request id has " + bytes.length));
        }
        return RequestId.of(bytes);
    }

    /** All of him is here, if what is here is what the source counted. */
    Outcome install(Transaction tx, LogRecord record, UserId user) {
        var install = Stored.payload(InstallUser.parser(), record);
        var known = DepartureRules.known(tx, user);
        if (isReady(known) && known.getMove() == install.getMove()) {
            return new Outcome.Moved(record.position(), known);
        }
        boolean exact = isImporting(known, install.getMove())
                || (isImporting(known, known.getMove()) && !rules.contains(MoveRule.INSTALL_NAMES_MOVE));
        if (!exact) {
            return DepartureRules.otherMove("USER_INSTALL", install.getMove(), known);
        }
        var difference = difference(tx, record, user, known, install);
        if (!difference.isEmpty() && rules.contains(MoveRule.INSTALL_IS_CHECKED)) {
            return new Outcome.Refused(Reason.CHECKSUM_MISMATCH, difference);
        }
        var ready = install.getUser().toBuilder()
                .setState(OwnershipState.OWNERSHIP_STATE_READY)
                .setGeneration(known.getGeneration())
                .setMove(known.getMove())
                .setOtherShard(known.getOtherShard())
                .setSinceMs(record.logTimeMs())
                .setBlobs(known.getBlobs())
                .setBytes(known.getBytes())
                .setDigest(known.getDigest())
                .setLosses((int) tx.losses()) // this shard's, not the source's
                .build();
        tx.putUser(user, ready);
        arriving.forget(user);
        return new Outcome.Moved(record.position(), ready);
    }

    private String difference(Transaction tx, LogRecord record, UserId user, StoredUser known, InstallUser install) {
        var source = install.getUser();
        if (known.getBlobs() != source.getBlobs()
                || known.getBytes() != source.getBytes()
                || known.getDigest() != source.getDigest()) {
            return "the copy of user '" + user + "' has " + known.getBlobs() + " blobs of " + known.getBytes()
                    + " bytes, the source " + source.getBlobs() + " of " + source.getBytes() + ", or they differ";
        }
        var outcomes = arriving.count(tx, user, record.logTimeMs(), install.getOutcomesFromMs());
        if (outcomes.count() != install.getOutcomes() || outcomes.digest() != install.getOutcomesDigest()) {
            return "the copy of user '" + user + "' remembers " + outcomes.count() + " requests, the source "
                    + install.getOutcomes() + ", or they differ";
        }
        return "";
    }

    /** The directory says that he lives here. */
    Outcome activate(Transaction tx, LogRecord record, UserId user) {
        var activate = Stored.payload(ActivateUser.parser(), record);
        var known = DepartureRules.known(tx, user);
        boolean exact = known.getMove() == activate.getMove() || !rules.contains(MoveRule.ACTIVATE_NAMES_MOVE);
        if (!isReady(known) || !exact) {
            return DepartureRules.otherMove("USER_ACTIVATE", activate.getMove(), known);
        }
        var active = known.toBuilder()
                .setState(OwnershipState.OWNERSHIP_STATE_ACTIVE)
                .setGeneration(known.getMove())
                .clearMove()
                .clearOtherShard()
                .clearSinceMs()
                .build();
        tx.putUser(user, active);
        tx.markMoving(user, false);
        return new Outcome.Moved(record.position(), active);
    }

    /** The move was given up. What came is kept a while: the next move may want it. */
    Outcome drop(Transaction tx, LogRecord record, UserId user) {
        var drop = Stored.payload(DropUser.parser(), record);
        var known = DepartureRules.known(tx, user);
        boolean exact = (isImporting(known, drop.getMove()) || isReady(known)) && known.getMove() == drop.getMove();
        if (!exact || drop.getGeneration() <= known.getMove()) {
            return DepartureRules.otherMove("USER_DROP", drop.getMove(), known);
        }
        arriving.forget(user);
        return new Outcome.Moved(record.position(), DepartureRules.gone(tx, record, user, known, drop.getHome()));
    }

    private static boolean isImporting(StoredUser known, long move) {
        return known.getState() == OwnershipState.OWNERSHIP_STATE_IMPORTING && known.getMove() == move;
    }

    private static boolean isReady(StoredUser known) {
        return known.getState() == OwnershipState.OWNERSHIP_STATE_READY;
    }
}
