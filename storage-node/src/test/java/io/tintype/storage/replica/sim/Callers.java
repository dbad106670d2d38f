// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.history.BlobKey;
import io.tintype.storage.history.HistoryCheck;
import io.tintype.storage.history.HistoryRecorder;
import io.tintype.storage.history.Result;
import io.tintype.storage.history.SearchLimits;
import io.tintype.storage.replica.LogPosition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The callers of a run, what they did and saw, and whether that may be. They do not know the machines: they find a primary
 * by asking around, wait for an answer and no longer, and try again under the same request id.
 */
final class Callers {
    /** Of all callers together; a caller that has none left is done. */
    static final int OPERATIONS = 400;

    private static final long MILLI = SimNet.MILLI;

    private static final List<String> NAMES = List.of("a", "b", "c", "d");

    private final Sim sim;
    private HistoryRecorder recorder;
    private List<BlobKey> keys = keys(0);
    private final int count;
    private final List<Caller> callers = new ArrayList<>();
    private final Map<Long, Consumer<Result>> waiting = new HashMap<>();
    private final Map<Long, LogPosition> places = new HashMap<>();
    private long instant;
    private long requests;
    private int left = OPERATIONS;
    private boolean stopping;
    private boolean looking;

    Callers(Sim sim, int count) {
        this.sim = sim;
        this.count = count;
        this.recorder = newRecorder();
        newCallers();
    }

    private static List<BlobKey> keys(int losses) {
        return NAMES.stream()
                .map(name -> BlobKey.of("u", losses == 0 ? name : name + losses))
                .toList();
    }

    private HistoryRecorder newRecorder() {
        // Each event has an instant of its own: what happens one after the other in the queue did so for callers, too.
        return new HistoryRecorder(OPERATIONS + NAMES.size(), () -> instant = Math.max(instant + 1, sim.queue.now()));
    }

    private void newCallers() {
        callers.clear();
        for (int i = 0; i < count; i++) {
            callers.add(new Caller(sim, this, i));
        }
    }

    /** Data was given up: callers who know nothing of it begin, with names that were never used. */
    void beginAnew(int losses) {
        recorder = newRecorder();
        keys = keys(losses);
        newCallers();
        waiting.clear();
        left = OPERATIONS;
        stopping = false;
        looking = false;
        start();
    }

    /** Names that callers contend for. */
    List<BlobKey> keys() {
        return keys;
    }

    void start() {
        callers.forEach(Caller::goOn);
    }

    /** Whether a caller may begin another operation. */
    boolean mayBegin() {
        return !stopping && left-- > 0;
    }

    HistoryRecorder recorder() {
        return recorder;
    }

    long nextRequest() {
        return ++requests;
    }

    /** The record that this proposal became is committed and applied, or it came to nothing, or nobody knows. */
    void await(long handle, Consumer<Result> answer) {
        waiting.put(handle, answer);
    }

    /** The record that a proposal became is committed and applied at the machine that took it. */
    void committed(long handle, Rec record, long seq) {
        if (waiting.containsKey(handle)) {
            places.put(handle, new LogPosition(record.epoch(), seq));
            answered(handle, sim.ledger.result(seq));
        }
    }

    /** Where the log has a proposal that was answered; what a session token is made of. */
    LogPosition place(long handle) {
        return places.getOrDefault(handle, LogPosition.NONE);
    }

    /** The machine tells; whether the answer arrives is another matter. */
    void answered(long handle, Result result) {
        var answer = waiting.remove(handle);
        if (answer != null && sim.random.nextInt(24) != 0) {
            sim.queue.after(sim.random.nextLong(2 * MILLI) + 1, () -> answer.accept(result));
        } else if (answer != null) {
            sim.coverage.count("answer lost on its way to a caller");
        }
    }

    /** Callers end what they are at; then one looks at every name once more, and they {@link #areDone}. */
    void stop() {
        stopping = true;
        lookAtAll();
    }

    /** A caller has ended what it was at. */
    void ended() {
        if (stopping && !looking) {
            lookAtAll();
        }
    }

    private void lookAtAll() {
        if (callers.stream().noneMatch(Caller::isBusy)) {
            looking = true;
            callers.stream().findFirst().ifPresent(Caller::lookAtAll);
        }
    }

    boolean areDone() {
        return callers.isEmpty() || (looking && callers.stream().noneMatch(Caller::isBusy));
    }

    /** Fails unless what callers saw can be explained, and nothing acknowledged is missing at the end. */
    void check() {
        var history = recorder.history();
        sim.coverage.count("operations of callers", history.operations().size());
        var report = HistoryCheck.complete(history, SearchLimits.DEFAULT);
        if (!report.ok()) {
            throw new SimFailure("what callers saw: " + report);
        }
    }
}
