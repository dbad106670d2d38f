// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.UnsafeByteOperations;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.CopiedOutcome;
import io.tintype.proto.internal.v1.CopiedOutcomes;
import io.tintype.proto.internal.v1.InstallUser;
import io.tintype.proto.internal.v1.NamedHead;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.ReadChangesResponse;
import io.tintype.proto.internal.v1.StoredOutcome;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.LogStore;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Tells a move what changed of a user, by the log: whatever names and requests the records behind one touched, as it is now.
 *
 * <p>Thread-safe. Blocks on the disk.
 */
public final class UserChanges {
    /** Bytes of the log that one call looks at, about. */
    private static final long LOOKED_AT_BYTES = 16L << 20;

    private static final int READ_BYTES = 1 << 20;

    /** Names and requests that one answer tells of, at most. */
    private static final int TOUCHED = 500;

    private final LogStore log;
    private final StateMachine machine;
    private final ShardReader reader;
    private final LeavingOutcomes leaving;

    UserChanges(LogStore log, StateMachine machine, ShardReader reader) {
        this.log = log;
        this.machine = machine;
        this.reader = reader;
        this.leaving = new LeavingOutcomes(reader.exports());
    }

    /** What records behind {@code after} changed of a user; without a summary. */
    public ReadChangesResponse read(UserId user, long after) {
        return read(user, after, machine.applied(), machine.logTimeMs()).build();
    }

    /**
     * As above, for a move: what is remembered of his requests is counted on the way, so that it need not be read while he is
     * frozen.
     *
     * @return with a summary of all that a target must have, where he is frozen and nothing follows
     */
    public ReadChangesResponse readForMove(UserId user, long after) {
        var before = reader.users()
                .user(user); // first: if he was frozen by then, nothing of his is behind the last applied record
        var applied = machine.applied();
        long nowMs = machine.logTimeMs();
        var response = read(user, after, applied, nowMs);
        if (response.getTrimmed()) {
            return response.build();
        }
        long seen = response.getSequence();
        before.filter(Residence::isHome)
                .ifPresent(owned -> leaving.goOn(
                        user,
                        owned,
                        applied,
                        nowMs,
                        after,
                        seen,
                        response.getOutcomes().getOutcomesList()));
        boolean counted = before.filter(UserChanges::isFrozen).isPresent();
        if (seen >= applied.seq()) {
            reader.users()
                    .user(user)
                    .filter(UserChanges::isFrozen)
                    .ifPresent(known -> response.setSummary(summary(user, known, counted, seen, nowMs)));
        }
        return response.build();
    }

    private ReadChangesResponse.Builder read(UserId user, long after, LogPosition applied, long nowMs) {
        var response = ReadChangesResponse.newBuilder();
        if (after + 1 < log.first()) {
            return response.setTrimmed(true);
        }
        var names = new LinkedHashSet<String>();
        var requests = new LinkedHashSet<RequestId>();
        long seen = look(user, after, applied.seq(), names, requests);
        if (seen < after) {
            return response.setTrimmed(true);
        }
        names.forEach(name -> {
            var head = NamedHead.newBuilder().setName(name);
            reader.exports().head(user, name).ifPresent(head::setHead);
            response.addHeads(head);
        });
        return response.setSequence(seen).setMore(seen < applied.seq()).setOutcomes(outcomes(user, requests, nowMs));
    }

    /** @param counted whether all that is remembered of him is counted up to the last record that was looked at */
    private InstallUser summary(UserId user, StoredUser known, boolean counted, long seen, long nowMs) {
        long fromMs = reader.exports().outcomesFromMs(known.getSinceMs());
        var count = counted
                ? leaving.count(user, seen, nowMs, fromMs)
                : reader.exports().count(user, nowMs, fromMs);
        return InstallUser.newBuilder()
                .setMove(known.getMove())
                .setUser(known)
                .setOutcomes(count.count())
                .setOutcomesDigest(count.digest())
                .setOutcomesFromMs(fromMs)
                .build();
    }

    private static boolean isFrozen(StoredUser user) {
        return user.getState() == OwnershipState.OWNERSHIP_STATE_FROZEN;
    }

    /** Looks through the log; the last record that was looked at, or less than {@code after} where they are gone. */
    private long look(UserId user, long after, long applied, Set<String> names, Set<RequestId> requests) {
        long seen = after;
        long bytes = 0;
        while (seen < applied && bytes < LOOKED_AT_BYTES) {
            var entries = log.read(seen + 1, applied, READ_BYTES);
            if (entries.isEmpty()) {
                if (seen + 1 < log.first()) {
                    return -1; // trimmed meanwhile
                }
                throw new TintypeException(
                        Reason.UNAVAILABLE, "record " + (seen + 1) + " is applied and cannot be read; try again");
            }
            for (var entry : entries) {
                var record = entry.record();
                if (names.size() >= TOUCHED || requests.size() >= TOUCHED) {
                    return seen;
                }
                seen = record.seq();
                bytes += entry.encoded().size();
                var whose = record.user();
                if (whose != null && whose.equals(user)) {
                    UserExport.touched(record).ifPresent(touched -> {
                        touched.name().ifPresent(names::add);
                        touched.request().ifPresent(requests::add);
                    });
                }
            }
        }
        return seen;
    }

    private CopiedOutcomes outcomes(UserId user, Set<RequestId> requests, long nowMs) {
        var outcomes = CopiedOutcomes.newBuilder().setAsOfMs(nowMs);
        for (var request : requests) {
            reader.outcome(user, request, nowMs).ifPresent(outcome -> outcomes.addOutcomes(outcome(request, outcome)));
        }
        return outcomes.build();
    }

    private static CopiedOutcome outcome(RequestId request, StoredOutcome outcome) {
        return CopiedOutcome.newBuilder()
                .setRequestId(UnsafeByteOperations.unsafeWrap(request.toBytes()))
                .setOutcome(outcome)
                .build();
    }
}
