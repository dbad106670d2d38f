// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.upload;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.util.HashMap;
import java.util.Map;

/**
 * How many bytes of uploads this process holds, and how many it may. Thread-safe.
 *
 * <p>Uploads are bounded by what they hold, not by their number: a slow one that holds little costs little. Once half of the
 * limit is in use, a user is admitted only up to his share: the limit by the number of users who upload, and one more, so that
 * whoever comes next finds room. A user's first upload is admitted as long as there is any. Whoever is refused is told when to come
 * back: see {@link RetryPace}.
 */
public final class Admission {
    private final long maxBytes;
    private final Map<UserId, Long> byUser = new HashMap<>(); // guarded by this
    private final RetryPace pace = new RetryPace(System::nanoTime); // guarded by this
    private long held; // guarded by this

    /** An admission of so many bytes in all. */
    public Admission(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Bytes held now. */
    public synchronized long heldBytes() {
        return held;
    }

    /** Users of whom any are held now. */
    public synchronized int users() {
        return byUser.size();
    }

    /**
     * Admits an upload that will hold up to this many bytes.
     *
     * @throws TintypeException OVERLOADED, saying when to try again
     */
    synchronized Lease admit(UserId user, long bytes) {
        if (held + bytes > maxBytes) {
            throw new TintypeException(
                    Reason.OVERLOADED,
                    "This coordinator holds " + held + " bytes of uploads under way; its limit is " + maxBytes
                            + ". Try again a little later, or add coordinators of role upload.",
                    pace.refuse());
        }
        long his = byUser.getOrDefault(user, 0L);
        long share = maxBytes / (byUser.size() + (his == 0 ? 2 : 1));
        if (held + bytes > maxBytes / 2 && his > 0 && his + bytes > share) {
            throw new TintypeException(
                    Reason.OVERLOADED,
                    "This coordinator holds " + his + " bytes of this user's uploads under way; his share is " + share
                            + " while it is busy. Try again a little later, or with fewer uploads at a time.",
                    pace.refuse());
        }
        add(user, bytes);
        return new Lease(user, bytes);
    }

    private synchronized void add(UserId user, long bytes) {
        held += bytes;
        long his = byUser.getOrDefault(user, 0L) + bytes;
        if (his == 0) {
            byUser.remove(user);
        } else {
            byUser.put(user, his);
        }
    }

    /** What one upload holds. Confined to that upload. */
    final class Lease {
        private final UserId user;
        private long bytes;

        private Lease(UserId user, long bytes) {
            this.user = user;
            this.bytes = bytes;
        }

        /**
         * Holds at least this from now on, though there were no room: a message that is larger than was to be expected is here
         * already, and it is those who come next who find less.
         */
        void growTo(long more) {
            if (more > bytes) {
                add(user, more - bytes);
                bytes = more;
            }
        }

        /** Holds no more than this from now on. */
        void shrinkTo(long fewer) {
            if (fewer < bytes) {
                add(user, fewer - bytes);
                bytes = fewer;
            }
        }

        /** Holds nothing any more; may be called again. */
        void release() {
            shrinkTo(0);
        }
    }
}
