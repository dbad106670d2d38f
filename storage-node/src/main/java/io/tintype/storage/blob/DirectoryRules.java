// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Reason;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.DirectoryAbort;
import io.tintype.proto.internal.v1.DirectoryBegin;
import io.tintype.proto.internal.v1.DirectoryCommit;
import io.tintype.proto.internal.v1.DirectoryCreate;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryRehome;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.MoveEnd;
import io.tintype.storage.log.LogRecord;
import java.util.Set;

/**
 * What records do in the directory. Of several who change an entry the first in the log wins, and all learn what it says
 * then. Pure over the {@link Transaction} it is given.
 */
final class DirectoryRules {
    private DirectoryRules() {}

    /** Enters a user; of several who try, the first in the log wins, and all learn what he entered. */
    static Outcome create(Transaction tx, LogRecord record, UserId user) {
        var create = Stored.payload(DirectoryCreate.parser(), record);
        var known = tx.entry(user);
        if (known.isPresent()) {
            return DirectoryErasure.isErased(known.get())
                    ? DirectoryErasure.createAgain(tx, record, user, known.get(), create)
                    : new Outcome.Entry(known.get(), false);
        }
        var entry = DirectoryEntry.newBuilder()
                .setGeneration(1)
                .setHome(create.getHome())
                .setPool(create.getPool())
                .build();
        tx.putEntry(user, entry, true);
        return new Outcome.Entry(entry, true);
    }

    /** Gives a user another home, perhaps in another pool, if his entry is still the one that turned out full. */
    static Outcome rehome(Transaction tx, LogRecord record, UserId user) {
        var rehome = Stored.payload(DirectoryRehome.parser(), record);
        var known = tx.entry(user);
        if (known.isEmpty()) {
            return unknown(user);
        }
        if (known.get().getGeneration() != rehome.getGeneration() || !isSettled(known.get())) {
            return new Outcome.Entry(known.get(), false);
        }
        var entry = known.get().toBuilder()
                .setGeneration(rehome.getGeneration() + 1)
                .setHome(rehome.getHome())
                .setPool(rehome.getPool().isEmpty() ? known.get().getPool() : rehome.getPool())
                .build();
        tx.putEntry(user, entry, false);
        return new Outcome.Entry(entry, true);
    }

    /** Begins a move, if the entry is still the one that whoever asks has seen, and no other move is under way. */
    static Outcome begin(Transaction tx, LogRecord record, UserId user) {
        var begin = Stored.payload(DirectoryBegin.parser(), record);
        var known = tx.entry(user);
        if (known.isEmpty()) {
            return unknown(user);
        }
        var entry = known.get();
        if (!isSettled(entry) || entry.getGeneration() != begin.getGeneration() || entry.getHome() == begin.getTo()) {
            return new Outcome.Entry(entry, false);
        }
        if (entry.getGeneration() + 2 > Version.MAX_GENERATION) {
            return new Outcome.Refused(
                    Reason.INVALID_ARGUMENT,
                    "user '" + user + "' was moved so often that no generation is left for another move; export him"
                            + " and register him under another id");
        }
        var moving = entry.toBuilder()
                .setState(DirectoryState.DIRECTORY_STATE_MOVING)
                .setTo(begin.getTo())
                .setToPool(begin.getPool())
                .setMove(entry.getGeneration() + 1)
                .setSinceMs(record.logTimeMs())
                .build();
        tx.putEntry(user, moving, false);
        tx.markMoving(user, true);
        return new Outcome.Entry(moving, true);
    }

    /** The point of no return. Only the target asks for it, once it has all of the user. */
    static Outcome commit(Transaction tx, LogRecord record, UserId user) {
        var commit = Stored.payload(DirectoryCommit.parser(), record);
        var known = tx.entry(user);
        if (known.isEmpty()) {
            return unknown(user);
        }
        var entry = known.get();
        if (!isMove(entry, commit.getMove())) {
            return new Outcome.Entry(entry, false);
        }
        var committed = ended(entry, record, MoveEnd.MOVE_END_COMMITTED)
                .setGeneration(entry.getMove())
                .setHome(entry.getTo())
                .setPool(entry.getToPool())
                .build();
        tx.putEntry(user, committed, false);
        tx.markMoving(user, false);
        return new Outcome.Entry(committed, true);
    }

    /** Gives a move up; it takes a generation of its own, so that nothing of the move fits anything later. */
    static Outcome abort(Transaction tx, LogRecord record, UserId user, Set<MoveRule> rules) {
        var abort = Stored.payload(DirectoryAbort.parser(), record);
        var known = tx.entry(user);
        if (known.isEmpty()) {
            return unknown(user);
        }
        var entry = known.get();
        if (!isMove(entry, abort.getMove())) {
            return new Outcome.Entry(entry, false);
        }
        var aborted = ended(entry, record, abort.getWhy())
                .setGeneration(
                        rules.contains(MoveRule.ABORT_TAKES_GENERATION) ? entry.getMove() + 1 : entry.getGeneration())
                .build();
        tx.putEntry(user, aborted, false);
        tx.markMoving(user, false);
        return new Outcome.Entry(aborted, true);
    }

    private static DirectoryEntry.Builder ended(DirectoryEntry entry, LogRecord record, MoveEnd how) {
        return entry.toBuilder()
                .setState(DirectoryState.DIRECTORY_STATE_ACTIVE)
                .setLastMove(entry.getMove())
                .setLastEnd(how)
                .setSinceMs(record.logTimeMs())
                .clearTo()
                .clearToPool()
                .clearMove();
    }

    private static boolean isMove(DirectoryEntry entry, long move) {
        return entry.getState() == DirectoryState.DIRECTORY_STATE_MOVING && entry.getMove() == move;
    }

    /** Entries of before there were moves have no state. */
    private static boolean isSettled(DirectoryEntry entry) {
        return entry.getState() == DirectoryState.DIRECTORY_STATE_ACTIVE
                || entry.getState() == DirectoryState.DIRECTORY_STATE_UNSPECIFIED;
    }

    static Outcome.Refused unknown(UserId user) {
        return new Outcome.Refused(Reason.USER_NOT_FOUND, "the directory has no user '" + user + "'");
    }
}
