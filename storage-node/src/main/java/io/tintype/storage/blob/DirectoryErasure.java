// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Reason;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.DirectoryCreate;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryErase;
import io.tintype.proto.internal.v1.DirectoryErased;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.storage.log.LogRecord;
import java.time.Instant;
import java.util.Optional;

/**
 * Users who are erased, in the directory. What is left of such a one is the number of his last generation and when it was:
 * whoever is registered under his id later begins above that, so that nothing that was under way before fits him. Pure
 * over the {@link Transaction} it is given.
 */
public final class DirectoryErasure {
    /** Places that are remembered for the report. */
    static final int PLACES = 64;

    private DirectoryErasure() {}

    /** From here on he lives nowhere; a move he was in is given up. */
    static Outcome begin(Transaction tx, LogRecord record, UserId user) {
        var erase = Stored.payload(DirectoryErase.parser(), record);
        var known = tx.entry(user);
        if (known.isEmpty()) {
            return DirectoryRules.unknown(user);
        }
        var entry = known.get();
        if (isErased(entry) || entry.getGeneration() != erase.getGeneration()) {
            return new Outcome.Entry(entry, false);
        }
        var erased = DirectoryEntry.newBuilder()
                .setState(DirectoryState.DIRECTORY_STATE_DELETED)
                .setGeneration(Math.max(entry.getGeneration(), entry.getMove()) + 1)
                .setHome(entry.getHome())
                .setTo(entry.getTo())
                .setPool(entry.getPool())
                .setSinceMs(record.logTimeMs())
                .addAllErased(erase.getFoundList().subList(0, Math.min(PLACES, erase.getFoundCount())))
                .build();
        tx.putEntry(user, erased, false);
        tx.markMoving(user, true);
        return new Outcome.Entry(erased, true);
    }

    /** Nothing of him is left. */
    static Outcome end(Transaction tx, LogRecord record, UserId user) {
        var end = Stored.payload(DirectoryErased.parser(), record);
        var known = tx.entry(user);
        if (known.isEmpty()) {
            return DirectoryRules.unknown(user);
        }
        var entry = known.get();
        if (!isErased(entry) || entry.getGeneration() != end.getGeneration() || entry.getErasedAtMs() != 0) {
            return new Outcome.Entry(entry, false);
        }
        var erased = entry.toBuilder()
                .clearHome()
                .clearTo()
                .clearPool()
                .setErasedAtMs(record.logTimeMs())
                .setKeyGone(end.getKeyGone())
                .build();
        tx.putEntry(user, erased, false);
        tx.markMoving(user, false);
        return new Outcome.Entry(erased, true);
    }

    /** What comes of registering an id whose user was erased. */
    static Outcome createAgain(
            Transaction tx, LogRecord record, UserId user, DirectoryEntry erased, DirectoryCreate create) {
        if (refusedUntilMs(erased, create.getRefuseMs()) > record.logTimeMs()) {
            return refusal(user, erased, create.getRefuseMs());
        }
        if (erased.getGeneration() + 1 > Version.MAX_GENERATION) {
            return new Outcome.Refused(
                    Reason.INVALID_ARGUMENT,
                    "no generation is left for another user '" + user + "'; register him under another id");
        }
        var entry = DirectoryEntry.newBuilder()
                .setGeneration(erased.getGeneration() + 1)
                .setHome(create.getHome())
                .setPool(create.getPool())
                .build();
        tx.putEntry(user, entry, false);
        return new Outcome.Entry(entry, true);
    }

    static boolean isErased(DirectoryEntry entry) {
        return entry.getState() == DirectoryState.DIRECTORY_STATE_DELETED;
    }

    private static long refusedUntilMs(DirectoryEntry erased, long refuseMs) {
        return erased.getErasedAtMs() == 0 ? Long.MAX_VALUE : erased.getErasedAtMs() + refuseMs;
    }

    /**
     * Why nothing can be had or stored under a user's id; empty: he was not erased.
     *
     * @param refuseMs for how long the id of one who was erased is refused; afterwards nobody knows him
     */
    public static Optional<Outcome.Refused> refusal(UserId user, DirectoryEntry entry, long refuseMs, long nowMs) {
        if (!isErased(entry)) {
            return Optional.empty();
        }
        return Optional.of(
                refusedUntilMs(entry, refuseMs) > nowMs
                        ? refusal(user, entry, refuseMs)
                        : DirectoryRules.unknown(user));
    }

    private static Outcome.Refused refusal(UserId user, DirectoryEntry erased, long refuseMs) {
        return new Outcome.Refused(
                Reason.USER_ERASED,
                erased.getErasedAtMs() == 0
                        ? "user '" + user + "' is being erased, since " + Instant.ofEpochMilli(erased.getSinceMs())
                        : "user '" + user + "' was erased at " + Instant.ofEpochMilli(erased.getErasedAtMs())
                                + "; his id may be registered anew from "
                                + Instant.ofEpochMilli(refusedUntilMs(erased, refuseMs)) + " on");
    }
}
