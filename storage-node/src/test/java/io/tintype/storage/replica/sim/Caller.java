// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.model.Version;
import io.tintype.storage.history.BlobKey;
import io.tintype.storage.history.Call;
import io.tintype.storage.history.Condition;
import io.tintype.storage.history.HistoryRecorder;
import io.tintype.storage.history.Result;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.ReplicaState;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** Somebody who puts, deletes and reads, one operation after the other, and writes down what came of it. */
final class Caller {
    private static final long MILLI = SimNet.MILLI;
    private static final int ATTEMPTS = 4;
    private static final int FINAL_ATTEMPTS = 200;

    private final Sim sim;
    private final Callers all;
    private final int number;
    private final Map<BlobKey, Version> lastSeen = new HashMap<>();
    private final Deque<BlobKey> toLookAt = new ArrayDeque<>();
    private LogPosition token = LogPosition.NONE;
    private boolean busy;
    private boolean last;
    private int contents;

    Caller(Sim sim, Callers all, int number) {
        this.sim = sim;
        this.all = all;
        this.number = number;
    }

    boolean isBusy() {
        return busy || !toLookAt.isEmpty();
    }

    /** The next operation, after a while. */
    void goOn() {
        sim.queue.after(sim.random.nextLong(800 * MILLI) + 1, () -> {
            if (!busy && all.mayBegin()) {
                begin();
            }
        });
    }

    /** Looks at every name, with reads that must show what is current, and does nothing else any more. */
    void lookAtAll() {
        last = true;
        toLookAt.addAll(all.keys());
        lookOn();
    }

    private void lookOn() {
        var key = toLookAt.poll();
        if (key != null) {
            busy = true;
            read(key, Call.Promise.LINEARIZABLE, FINAL_ATTEMPTS);
        }
    }

    private void begin() {
        busy = true;
        var key = all.keys().get(sim.random.nextInt(all.keys().size()));
        switch (sim.random.nextInt(10)) {
            case 0, 1, 2 -> change(key, put(Condition.ANY));
            case 3 -> change(key, put(condition(key)));
            case 4 -> change(key, new Call.Delete(sim.random.nextBoolean() ? Condition.ANY : condition(key)));
            case 5 -> read(key, Call.Promise.SESSION, ATTEMPTS);
            case 6 -> read(key, Call.Promise.STALE, ATTEMPTS);
            default -> read(key, Call.Promise.LINEARIZABLE, ATTEMPTS);
        }
    }

    private Call put(Condition condition) {
        return new Call.Put(number + "." + ++contents, condition);
    }

    private Condition condition(BlobKey key) {
        var seen = lastSeen.get(key);
        return seen == null || sim.random.nextInt(3) == 0 ? Condition.ABSENT : new Condition.Is(seen);
    }

    private void finish(HistoryRecorder.UnderWay operation, BlobKey key, Result result) {
        operation.end(result);
        if (result instanceof Result.Written written) {
            lastSeen.put(key, written.version());
        } else if (result instanceof Result.Found found) {
            lastSeen.put(key, found.version());
        }
        busy = false;
        if (last) {
            lookOn();
        } else {
            goOn();
            all.ended();
        }
    }

    // ---- changes

    private void change(BlobKey key, Call call) {
        sim.coverage.count("call: " + call.getClass().getSimpleName().toLowerCase(Locale.ROOT));
        var operation = all.recorder().begin(number, key, call);
        new Change(operation, new Ledger.Request(all.nextRequest(), key, call)).attempt();
    }

    /** One request and its retries. */
    private final class Change {
        private final HistoryRecorder.UnderWay operation;
        private final Ledger.Request request;
        private final long born = sim.queue.now();
        private int attempts;
        private long handle;
        private boolean mayHaveHappened;

        Change(HistoryRecorder.UnderWay operation, Ledger.Request request) {
            this.operation = operation;
            this.request = request;
        }

        void attempt() {
            boolean tooOld = attempts > 0 && sim.queue.now() - born >= Ledger.WINDOW;
            if (attempts++ == ATTEMPTS || (tooOld && sim.keeps(Ledger.NOT_TOO_LATE))) {
                giveUp();
                return;
            }
            handle = sim.clients.nextValue();
            sim.ledger.ask(handle, request);
            var once = new Once(this::answered);
            long proposed = handle;
            all.await(proposed, once);
            sim.queue.after(sim.random.nextLong(500 * MILLI, 3_000 * MILLI), () -> once.accept(Result.UNKNOWN));
            var node = someNode();
            sim.queue.after(sim.random.nextLong(3 * MILLI) + 1, () -> {
                if (node.isUp()) {
                    SimChunks.stage(sim, node, List.of(proposed));
                    node.deliver(node.life(), new ReplicaEvent.Propose(List.of(proposed)));
                } else {
                    once.accept(Result.FAILED);
                }
            });
        }

        private void answered(Result result) {
            mayHaveHappened |= result instanceof Result.Unknown;
            if (result instanceof Result.Failed || result instanceof Result.Unknown) {
                // Most come back soon, some when hardly anybody remembers them.
                long pause = sim.random.nextInt(4) == 0 ? 12_000 * MILLI : 600 * MILLI;
                sim.queue.after(sim.random.nextLong(pause) + 1, this::attempt);
            } else {
                saw(all.place(handle));
                finish(operation, request.key(), result);
            }
        }

        private void giveUp() {
            finish(operation, request.key(), mayHaveHappened ? Result.UNKNOWN : Result.FAILED);
        }
    }

    /** Takes the first answer only. */
    private static final class Once implements Consumer<Result> {
        private final Consumer<Result> taker;
        private boolean taken;

        Once(Consumer<Result> taker) {
            this.taker = taker;
        }

        @Override
        public void accept(Result result) {
            if (!taken) {
                taken = true;
                taker.accept(result);
            }
        }
    }

    /** Who leads, if anybody seems to; now and then just anybody. */
    private SimNode someNode() {
        var leaders = sim.nodes.stream()
                .filter(node -> node.state() == ReplicaState.PRIMARY)
                .toList();
        var some = leaders.isEmpty() || sim.random.nextInt(8) == 0 ? sim.nodes : leaders;
        return some.get(sim.random.nextInt(some.size()));
    }

    // ---- reads

    private void read(BlobKey key, Call.Promise promise, int attempts) {
        sim.coverage.count("call: read, " + promise.name().toLowerCase(Locale.ROOT));
        var operation = all.recorder().begin(number, key, new Call.Read(promise));
        tryToRead(operation, key, promise, attempts);
    }

    private void tryToRead(HistoryRecorder.UnderWay operation, BlobKey key, Call.Promise promise, int attempts) {
        if (attempts == 0) {
            finish(operation, key, Result.FAILED);
            return;
        }
        Consumer<Result> answer = result -> {
            if (result instanceof Result.Failed) {
                sim.queue.after(
                        sim.random.nextLong(300 * MILLI) + 1, () -> tryToRead(operation, key, promise, attempts - 1));
            } else {
                finish(operation, key, result);
            }
        };
        var node =
                promise == Call.Promise.LINEARIZABLE ? someNode() : sim.nodes.get(sim.random.nextInt(sim.nodes.size()));
        sim.queue.after(sim.random.nextLong(3 * MILLI) + 1, () -> {
            if (!node.isUp() || node.isPaused() || node.disk.seen.installing) {
                answer.accept(Result.FAILED);
            } else if (promise == Call.Promise.LINEARIZABLE) {
                readCurrent(node, key, answer);
            } else {
                readHere(node, key, promise, answer);
            }
        });
    }

    private void readCurrent(SimNode node, BlobKey key, Consumer<Result> answer) {
        var before = node.permit();
        long shown = node.disk.applied;
        sim.clients.finishRead(
                node,
                () -> {
                    // With clocks out of bounds leases prove nothing, and what was read tells nothing.
                    boolean valid = sim.clients.isCurrent(node, before) && !sim.clocksAreWild();
                    if (valid) {
                        saw(placeOf(node, shown));
                    }
                    answer.accept(valid ? sim.ledger.read(key, shown) : Result.FAILED);
                },
                () -> answer.accept(Result.FAILED));
    }

    private void readHere(SimNode node, BlobKey key, Call.Promise promise, Consumer<Result> answer) {
        var core = node.core();
        boolean shows = core != null && (promise == Call.Promise.STALE || core.hasApplied(token));
        long shown = node.disk.applied;
        if (shows && promise == Call.Promise.SESSION) {
            saw(placeOf(node, shown));
        }
        answer.accept(shows ? sim.ledger.read(key, shown) : Result.FAILED);
    }

    /** What this caller must not see less than from now on. */
    private void saw(LogPosition place) {
        if (place.seq() > token.seq()) {
            token = place;
        }
    }

    private static LogPosition placeOf(SimNode node, long seq) {
        return seq == 0
                ? LogPosition.NONE
                : new LogPosition(node.disk.seen.log.get((int) seq - 1).epoch(), seq);
    }
}
