// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Looks for an order of one key's operations that a register could have gone through and that keeps the order of those
 * that did not overlap.
 *
 * <p>The algorithm is Wing and Gong's (Testing and verifying concurrent objects, 1993) with Lowe's memory of what has been
 * tried (Testing for linearizability, 2017): walk along the calls that may come next, place the first that fits, and on
 * meeting the return of one not placed take the last one back; a pair of (placed, state) is never entered twice. An open
 * change has a call but no return: it may be placed at any later point, or never, so the search ends well when all others
 * are placed.
 *
 * <p>Two shortcuts that lose no order worth trying. An answer that only observed, and fits, is placed at once and never
 * taken back for its own sake: it leaves the state as it is, so to place it later opens nothing. Acknowledged changes that
 * name a version are placed in the order of their versions, since these must rise.
 *
 * <p>Single use, single thread.
 */
final class KeySearch {
    enum Answer {
        YES,
        NO,
        UNDECIDED
    }

    private static final int HEAD = 0;

    /** Placed operations without the leading run of placed ones, which all orders of one length share. */
    private record Configuration(int from, BitSet after, BitSet open, Register state) {}

    /** A choice made; {@code free}: one that no other choice can be better than. */
    private record Placed(int operation, Register before, boolean free) {}

    private final SearchLimits limits;
    private final Operation[] operations;
    private final int closed;
    private final int[] next;
    private final int[] previous;
    private final BitSet placed = new BitSet();
    private final BitSet placedOpen = new BitSet();
    private final Set<Configuration> tried = new HashSet<>();
    private final Deque<Placed> order = new ArrayDeque<>();
    private final int[] byVersion;
    private final int[] rank;
    private Register state = Register.EMPTY;
    private int unplaced;
    private int versionsPlaced;

    /** Of operations on one key, all either open or with a definite result. */
    static Answer search(List<Operation> operations, SearchLimits limits) {
        return new KeySearch(operations, limits).run();
    }

    private KeySearch(List<Operation> unordered, SearchLimits limits) {
        this.limits = limits;
        var ordered = IntStream.of(0, 1)
                .mapToObj(open -> unordered.stream().filter(o -> o.isOpen() == (open == 1)))
                .flatMap(s -> s)
                .toList();
        operations = ordered.toArray(Operation[]::new);
        closed = (int) ordered.stream().filter(o -> !o.isOpen()).count();
        unplaced = closed;
        byVersion = IntStream.range(0, closed)
                .filter(i -> Versions.taken(operations[i]) != null)
                .boxed()
                .sorted((a, b) -> Long.compareUnsigned(Versions.number(operations[a]), Versions.number(operations[b])))
                .mapToInt(Integer::intValue)
                .toArray();
        rank = new int[operations.length];
        Arrays.fill(rank, -1);
        for (int i = 0; i < byVersion.length; i++) {
            rank[byVersion[i]] = i;
        }
        next = new int[2 * operations.length + 1];
        previous = new int[2 * operations.length + 1];
        int last = HEAD;
        for (int event : events()) {
            next[last] = event;
            previous[event] = last;
            last = event;
        }
        next[last] = HEAD;
    }

    /** Calls and returns in time. A call and a return of one instant overlap. */
    private int[] events() {
        return IntStream.concat(
                        IntStream.range(0, operations.length).map(KeySearch::callOf),
                        IntStream.range(0, closed).map(KeySearch::returnOf))
                .boxed()
                .sorted((a, b) -> {
                    int byTime = Long.compare(time(a), time(b));
                    return byTime != 0 ? byTime : Boolean.compare(!isCall(a), !isCall(b));
                })
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static int callOf(int operation) {
        return 2 * operation + 1;
    }

    private static int returnOf(int operation) {
        return 2 * operation + 2;
    }

    private static boolean isCall(int event) {
        return event % 2 == 1;
    }

    private static int operationOf(int event) {
        return (event - 1) / 2;
    }

    private long time(int event) {
        var operation = operations[operationOf(event)];
        return isCall(event) ? operation.invokedNanos() : operation.returnedNanos();
    }

    private Answer run() {
        long steps = 0;
        int event = next[HEAD];
        while (unplaced > 0) {
            if (++steps > limits.maxSteps() || tried.size() >= limits.maxConfigurations()) {
                return Answer.UNDECIDED;
            }
            if (event == HEAD || !isCall(event)) {
                // Somebody returned who has no place yet (or no call is left): the last choice was wrong.
                int back = takeBackToAChoice();
                if (back < 0) {
                    return Answer.NO;
                }
                event = next[callOf(back)];
            } else {
                event = place(operationOf(event)) ? next[HEAD] : next[event];
            }
        }
        return Answer.YES;
    }

    private boolean place(int operation) {
        if (rank[operation] > versionsPlaced) {
            return false;
        }
        var after = state.after(operations[operation]);
        if (after == null) {
            return false;
        }
        boolean free = after.sameBlobAs(state) && !operations[operation].isOpen();
        mark(operation, true);
        if (!tried.add(configuration(after))) {
            mark(operation, false);
            return false;
        }
        order.push(new Placed(operation, state, free));
        state = after;
        unlink(callOf(operation));
        if (operation < closed) {
            unlink(returnOf(operation));
            unplaced--;
        }
        if (rank[operation] >= 0) {
            versionsPlaced++;
        }
        return true;
    }

    /** The operation whose place was a choice, now without one; -1: there was none. */
    private int takeBackToAChoice() {
        while (!order.isEmpty()) {
            var last = order.pop();
            takeBack(last);
            if (!last.free()) {
                return last.operation();
            }
        }
        return -1;
    }

    private void takeBack(Placed last) {
        int operation = last.operation();
        state = last.before();
        mark(operation, false);
        if (rank[operation] >= 0) {
            versionsPlaced--;
        }
        if (operation < closed) {
            relink(returnOf(operation));
            unplaced++;
        }
        relink(callOf(operation));
    }

    private void mark(int operation, boolean isPlaced) {
        if (operation < closed) {
            placed.set(operation, isPlaced);
        } else {
            placedOpen.set(operation - closed, isPlaced);
        }
    }

    private Configuration configuration(Register after) {
        int from = placed.nextClearBit(0);
        return new Configuration(from, placed.get(from, placed.length()), (BitSet) placedOpen.clone(), after);
    }

    private void unlink(int event) {
        next[previous[event]] = next[event];
        previous[next[event]] = previous[event];
    }

    private void relink(int event) {
        next[previous[event]] = event;
        previous[next[event]] = event;
    }
}
