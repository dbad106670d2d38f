// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.RequestId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.StoredOutcome;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Counts the outcomes of users who are being moved here while they come, so that at the end, while a user waits frozen,
 * nobody has to read them all again. Says exactly what reading them says, and is only memory: what it does not know, it
 * reads. So replicas that know different things still decide alike.
 *
 * <p>Used by whoever applies the shard's records; thread-safe all the same.
 */
final class ArrivingOutcomes {
    /** Users who are counted at once; whoever comes after them takes the place of the one who was touched first. */
    private static final int USERS = 32;

    /** Of each user: by the stretch in which an outcome is kept here. */
    private final Map<UserId, NavigableMap<Integer, OutcomeSums>> users = new LinkedHashMap<>(16, 0.75f, true);

    /** A move begins, and with it nothing is remembered of a user. */
    synchronized void begin(UserId user) {
        users.put(user, new TreeMap<>());
        if (users.size() > USERS) {
            var eldest = users.keySet().iterator();
            eldest.next();
            eldest.remove();
        }
    }

    /** Keeps an outcome that came with a move, in the place of one of the same request and stretch. */
    synchronized void put(
            Transaction tx, UserId user, RequestId request, int bucket, StoredOutcome outcome, long nowMs) {
        var known = users.get(user);
        if (known == null) {
            begin(user);
            known = read(tx, user, nowMs);
            users.put(user, known);
        }
        known.headMap(Retries.firstBucket(nowMs), false).clear(); // forgotten
        var sums = known.computeIfAbsent(bucket, any -> new OutcomeSums());
        byte[] id = request.toBytes();
        tx.outcome(bucket, user, request).ifPresent(old -> sums.remove(appliedAtMs(old), digest(id, old)));
        sums.add(appliedAtMs(outcome), digest(id, outcome));
        tx.putOutcome(bucket, user, request, outcome);
    }

    /** Those that a retry at a time can find, and that the source applied at a time or later. */
    synchronized UserExport.Count count(Transaction tx, UserId user, long nowMs, long fromMs) {
        var known = users.get(user);
        if (known == null || fromMs != OutcomeSums.floor(fromMs)) {
            var count = new OutcomeCount(fromMs);
            tx.outcomes(user, nowMs, (bucket, request, outcome) -> count.add(request, outcome));
            return new UserExport.Count(count.count(), count.digest());
        }
        return known.tailMap(Retries.firstBucket(nowMs), true).values().stream()
                .map(sums -> sums.from(fromMs))
                .reduce(UserExport.Count.NONE, OutcomeSums::plus);
    }

    /** A user is not on his way here any more. */
    synchronized void forget(UserId user) {
        users.remove(user);
    }

    /** What is on the disk may be something else now. */
    synchronized void clear() {
        users.clear();
    }

    private static NavigableMap<Integer, OutcomeSums> read(Transaction tx, UserId user, long nowMs) {
        var read = new TreeMap<Integer, OutcomeSums>();
        tx.outcomes(
                user,
                nowMs,
                (bucket, request, outcome) -> read.computeIfAbsent(bucket, any -> new OutcomeSums())
                        .add(appliedAtMs(outcome), digest(request, outcome)));
        return read;
    }

    private static long appliedAtMs(StoredOutcome outcome) {
        return outcome.getSourceAppliedAtMs();
    }

    private static long digest(byte[] request, StoredOutcome outcome) {
        return Digests.outcome(request, outcome, appliedAtMs(outcome));
    }
}
