// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import io.tintype.model.Version;
import org.jspecify.annotations.Nullable;

/**
 * The state of one name, and what each operation would do to it if it happened at one instant: the sequential object that
 * a run is compared with.
 *
 * <p>Immutable, compared by value. A change whose answer is not known has a version that is not known either; the first
 * answer that names it settles it.
 *
 * @param present whether there is a blob
 * @param version of the blob; null: not known, or no blob
 * @param digest of its content; empty: no blob
 * @param highest number of the highest version that this name has had, unsigned
 * @param unseen whether the last change is an open one that no answer has shown yet
 */
record Register(boolean present, @Nullable Version version, String digest, long highest, boolean unseen) {
    static final Register EMPTY = new Register(false, null, "", 0, false);

    /**
     * The state after the operation.
     *
     * @return null if the operation cannot have happened in this state with this result, or if an open one changes nothing
     *     that could ever matter
     */
    @Nullable
    Register after(Operation operation) {
        if (operation.call() instanceof Call.Put put) {
            return afterPut(put, operation.result());
        }
        if (operation.call() instanceof Call.Delete delete) {
            return afterDelete(delete, operation.result());
        }
        if (operation.result() instanceof Result.Found found) {
            return digest.equals(found.digest()) ? seenAs(found.version()) : null;
        }
        return present ? null : seen();
    }

    /** Whether nothing has changed but, perhaps, that an answer has now shown this state. */
    boolean sameBlobAs(Register before) {
        return seen().equals(before.seen());
    }

    private @Nullable Register afterPut(Call.Put put, Result result) {
        if (result instanceof Result.Conflict conflict) {
            return afterConflict(put.condition(), conflict.current());
        }
        var before = where(put.condition());
        if (before == null || before.pointless(put.condition())) {
            return null;
        }
        if (result instanceof Result.Written written) {
            long number = written.version().number();
            return before.rises(number) ? new Register(true, written.version(), put.digest(), number, false) : null;
        }
        return new Register(true, null, put.digest(), before.highest, true);
    }

    private @Nullable Register afterDelete(Call.Delete delete, Result result) {
        if (result instanceof Result.Conflict conflict) {
            return afterConflict(delete.condition(), conflict.current());
        }
        var before = where(delete.condition());
        if (before == null) {
            return null;
        }
        if (result instanceof Result.Deleted deleted) {
            if (deleted.existed() != before.present) {
                return null;
            }
            var took = deleted.version();
            if (took == null) {
                return new Register(false, null, "", before.highest, false);
            }
            return before.rises(took.number()) ? new Register(false, null, "", took.number(), false) : null;
        }
        return before.present && !before.pointless(delete.condition())
                ? new Register(false, null, "", before.highest, true)
                : null;
    }

    private @Nullable Register afterConflict(Condition condition, @Nullable Version current) {
        if (condition instanceof Condition.Is is) {
            if (is.version().equals(current)) {
                return null;
            }
            if (current == null) {
                return present && is.version().equals(version) ? null : seen();
            }
        }
        if (!present) {
            return null;
        }
        return current == null ? seen() : seenAs(current);
    }

    /** This state if the condition holds in it, with what that tells about it. */
    private @Nullable Register where(Condition condition) {
        if (condition instanceof Condition.Absent) {
            return present ? null : seen();
        }
        return condition instanceof Condition.Is is ? seenAs(is.version()) : this;
    }

    /**
     * Whether a change that asks nothing of this state would only hide an open change that nothing has shown. An order with
     * such a pair is as good without its first half, so it need not be tried.
     */
    private boolean pointless(Condition condition) {
        return unseen && condition.equals(Condition.ANY);
    }

    private @Nullable Register seenAs(Version shown) {
        if (!present) {
            return null;
        }
        if (version != null) {
            return version.equals(shown) ? seen() : null;
        }
        return rises(shown.number()) ? new Register(true, shown, digest, shown.number(), false) : null;
    }

    private Register seen() {
        return unseen ? new Register(present, version, digest, highest, false) : this;
    }

    private boolean rises(long number) {
        return Long.compareUnsigned(number, highest) > 0;
    }
}
