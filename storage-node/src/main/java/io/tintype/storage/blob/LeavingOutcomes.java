// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.CopiedOutcome;
import io.tintype.proto.internal.v1.StoredOutcome;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.log.LogPosition;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Counts the outcomes of users who are being moved away while they still write, so that once a user is frozen only those
 * that came since have to be counted. Says exactly what reading all of them says, and is only memory: where it does not go on
 * from where it ended, it begins again by reading. Thread-safe; blocks on the disk.
 */
final class LeavingOutcomes {
    /** Users who are counted at once; whoever comes after them takes the place of the one who was asked for least lately. */
    private static final int USERS = 16;

    /**
     * What is counted of a user.
     *
     * @param epoch the primary's; another one may have begun elsewhere
     * @param generation under which the shard owns him
     * @param upTo all that records up to here remember
     */
    private record Known(long epoch, long generation, long upTo, OutcomeSums sums) {}

    private final UserExport exports;
    private final Map<UserId, Known> users = new LinkedHashMap<>();

    LeavingOutcomes(UserExport exports) {
        this.exports = exports;
    }

    /**
     * Goes on counting.
     *
     * @param owned the user's record from before {@code applied} was read: his home was and is here
     * @param applied the last record that had taken effect
     * @param nowMs its log time, or later
     * @param after where the last call ended
     * @param seen where this one ends
     * @param outcomes all that records between the two remember of him, and perhaps others
     */
    void goOn(
            UserId user,
            StoredUser owned,
            LogPosition applied,
            long nowMs,
            long after,
            long seen,
            List<CopiedOutcome> outcomes) {
        var known = take(user); // so that nobody else has it meanwhile
        boolean goesOn = known != null
                && known.epoch() == applied.epoch()
                && known.generation() == owned.getGeneration()
                && known.upTo() == after;
        if (!goesOn && seen != applied.seq()) {
            return; // too far from the end; or a new primary has not applied yet what the target knows of
        }
        var sums = known != null && goesOn ? known.sums() : new OutcomeSums();
        if (goesOn) {
            outcomes.stream()
                    .filter(one -> one.getOutcome().getSequence() > after)
                    .forEach(one -> add(sums, one.getRequestId().toByteArray(), one.getOutcome(), seen));
        } else {
            exports.forEachOutcome(user, nowMs, (request, outcome) -> add(sums, request, outcome, seen));
        }
        sums.forgetBefore(Retries.begin(Retries.firstBucket(nowMs)));
        keep(user, new Known(applied.epoch(), owned.getGeneration(), seen, sums));
    }

    private static void add(OutcomeSums sums, byte[] request, StoredOutcome outcome, long upTo) {
        if (outcome.getSequence() <= upTo) {
            long appliedAtMs = outcome.getAppliedAtMs();
            sums.add(appliedAtMs, Digests.outcome(request, outcome, appliedAtMs));
        }
    }

    private synchronized @Nullable Known take(UserId user) {
        return users.remove(user);
    }

    private synchronized void keep(UserId user, Known known) {
        users.put(user, known);
        if (users.size() > USERS) {
            var eldest = users.keySet().iterator();
            eldest.next();
            eldest.remove();
        }
    }

    /**
     * All outcomes of a frozen user that were applied at a time or later, which is a whole second. {@link #goOn} was called
     * just before, with a record of him that was frozen already.
     *
     * @param seen where that call ended
     */
    UserExport.Count count(UserId user, long seen, long nowMs, long fromMs) {
        return counted(user, seen, Math.max(fromMs, Retries.begin(Retries.firstBucket(nowMs))))
                .orElseGet(() -> exports.count(user, nowMs, fromMs));
    }

    private synchronized Optional<UserExport.Count> counted(UserId user, long seen, long fromMs) {
        return Optional.ofNullable(users.get(user))
                .filter(known -> known.upTo() == seen)
                .map(known -> known.sums().from(fromMs));
    }
}
