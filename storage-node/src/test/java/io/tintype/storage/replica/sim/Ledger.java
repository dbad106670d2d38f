// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.model.Version;
import io.tintype.storage.history.BlobKey;
import io.tintype.storage.history.Call;
import io.tintype.storage.history.Condition;
import io.tintype.storage.history.Result;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the records of callers make of names, versions and retries: the state machine of one user, in small. One for all
 * replicas, since the {@link Checker} holds them to applying the same; a replica that has applied so many records shows what
 * was there after the last of them.
 */
final class Ledger {
    /** The outcome of a request is remembered, and its retry told the same. */
    static final String ONCE = "RETRIES_APPLY_ONCE";

    /** A retry that comes when its outcome may be forgotten is refused. */
    static final String NOT_TOO_LATE = "OLD_RETRIES_ARE_REFUSED";

    /** Version counters jump when data was given up. */
    static final String JUMP = "COUNTERS_JUMP_AFTER_LOSS";

    private static final long JUMP_BY = 1L << 32;

    /** A retry of this age is refused: a minute of a run is an age, so much shorter than in production. */
    static final long WINDOW = 8_000 * SimNet.MILLI;

    /** For how long, by the times of records, outcomes are remembered: a retry may wait in front of the log. */
    private static final long MEMORY = 60_000 * SimNet.MILLI;

    /**
     * What a caller wants changed.
     *
     * @param id the request id; the same in each retry
     * @param key of what
     * @param call a put or a delete
     */
    record Request(long id, BlobKey key, Call call) {}

    private record Entry(Version version, @Nullable String digest) {}

    private record Outcome(Result result, long loggedAt, long seq) {}

    private final Sim sim;
    private final Map<Long, Request> asked = new HashMap<>();
    private final Map<Long, Long> logged = new HashMap<>();
    private final Map<BlobKey, TreeMap<Long, Entry>> names = new HashMap<>();
    private final Map<Long, Outcome> remembered = new HashMap<>();
    private final Map<Long, Result> results = new HashMap<>();
    private final Map<Long, Long> effects = new HashMap<>();
    private final TreeMap<Long, Long> counters = new TreeMap<>();
    private final Map<Long, Long> given = new HashMap<>();

    Ledger(Sim sim) {
        this.sim = sim;
    }

    /** A proposal of this name is about this. */
    void ask(long handle, Request request) {
        asked.put(handle, request);
    }

    /** A primary has put these into its log; their times stay what they are, however long it takes to commit them. */
    void logged(List<Long> handles) {
        handles.forEach(handle -> logged.putIfAbsent(handle, sim.queue.now()));
    }

    /** The record is applied by the first replica that does; later ones do the same. */
    void apply(long seq, long value) {
        var request = asked.get(value);
        if (request != null) {
            results.put(seq, outcome(seq, request, logged.getOrDefault(value, 0L)));
        }
    }

    private Result outcome(long seq, Request request, long loggedAt) {
        var known = remembered.get(request.id());
        long memory = sim.keeps(NOT_TOO_LATE) ? MEMORY : WINDOW;
        if (known != null && sim.keeps(ONCE) && loggedAt - known.loggedAt() <= memory) {
            sim.coverage.count("retry recognised");
            return known.result();
        }
        var result = decide(seq, request);
        if (!(result instanceof Result.Conflict)) {
            var earlier = effects.put(request.id(), seq);
            if (earlier != null) {
                throw new SimFailure("request " + request.id() + ", " + request.call() + " of " + request.key()
                        + ", took effect at " + earlier + " and again at " + seq);
            }
        }
        remembered.put(request.id(), new Outcome(result, loggedAt, seq));
        return result;
    }

    private Result decide(long seq, Request request) {
        var current = entry(request.key(), seq);
        var live = current != null && current.digest() != null ? current.version() : null;
        var call = request.call();
        var condition = call instanceof Call.Put put ? put.condition() : ((Call.Delete) call).condition();
        boolean holds = condition instanceof Condition.Is is
                ? is.version().equals(live)
                : !condition.equals(Condition.ABSENT) || live == null;
        if (!holds) {
            return new Result.Conflict(live);
        }
        long counter = counter() + 1;
        counters.put(seq, counter);
        var twice = given.put(counter, seq);
        if (twice != null) {
            throw new SimFailure("version " + counter + " is given out at " + seq + ", and was at " + twice);
        }
        var version = Version.of(1, counter, (int) seq);
        var digest = call instanceof Call.Put put ? put.digest() : null;
        names.computeIfAbsent(request.key(), key -> new TreeMap<>()).put(seq, new Entry(version, digest));
        return digest == null ? new Result.Deleted(version, live != null) : new Result.Written(version);
    }

    private @Nullable Entry entry(BlobKey key, long seq) {
        var found = names.getOrDefault(key, new TreeMap<>()).floorEntry(seq);
        return found == null ? null : found.getValue();
    }

    private long counter() {
        var last = counters.lastEntry();
        return last == null ? 0 : last.getValue();
    }

    /** An operator gave up all records behind this one. */
    void lose(long last) {
        for (var name : names.values()) {
            name.tailMap(last, false).clear();
        }
        results.keySet().removeIf(seq -> seq > last);
        effects.values().removeIf(seq -> seq > last);
        remembered.values().removeIf(outcome -> outcome.seq() > last);
        counters.tailMap(last, false).clear();
        if (sim.keeps(JUMP)) {
            counters.put(last, counter() + JUMP_BY);
        }
    }

    /** What came of the record there. */
    Result result(long seq) {
        return results.getOrDefault(seq, Result.UNKNOWN);
    }

    /** What a replica that has applied so many records shows. */
    Result read(BlobKey key, long applied) {
        var entry = entry(key, applied);
        return entry == null || entry.digest() == null
                ? Result.MISSING
                : new Result.Found(entry.version(), entry.digest());
    }
}
