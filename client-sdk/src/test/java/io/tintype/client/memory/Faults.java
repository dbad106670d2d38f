// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.memory;

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What is to go wrong, and a record of what was called. Thread-safe. */
public final class Faults {
    private final List<Planned> planned = new CopyOnWriteArrayList<>();
    private final List<String> calls = new CopyOnWriteArrayList<>();

    /** What goes wrong with one call. */
    public enum Kind {
        /** Answered with OVERLOADED before anything is done. */
        REFUSE,
        /** Answered with UNAVAILABLE, by a server that says why, before anything is done. */
        UNABLE,
        /** Answered with CORRUPT_DATA before anything is done. */
        DAMAGED,
        /** Done, but the connection breaks before the answer. */
        LOSE_ANSWER,
        /** Never answered. */
        HANG,
        /** One byte of the second frame, or of the only one, is not what its checksum says. */
        CORRUPT_FRAME,
        /** Frames are right but the head's checksum is not theirs. */
        CORRUPT_WHOLE,
        /** All bytes are sent, and then nothing: the stream stays open. */
        NO_END,
        /** The connection breaks before the third frame. */
        BREAK,
        /** The connection breaks before the fourth frame. */
        BREAK_LATER,
        /** Answered with VERSION_CONFLICT before anything is done. */
        CONFLICT,
        /** The head is sent, and the connection breaks before the first byte. */
        HEAD_ONLY,
        /** Nothing is read after the first message until {@link InMemoryTintype#resumeReading}. */
        STOP_READING,
    }

    private record Planned(Kind kind, Predicate<String> where, AtomicInteger left) {}

    /** The next {@code times} calls of which "server Method" passes {@code where} go wrong. */
    public void next(int times, Kind kind, Predicate<String> where) {
        planned.add(new Planned(kind, where, new AtomicInteger(times)));
    }

    /** The next call of a method, at whichever server, goes wrong. */
    public void next(Kind kind, String method) {
        next(1, kind, call -> call.endsWith(" " + method));
    }

    /** Nothing goes wrong any more. */
    public void clear() {
        planned.clear();
    }

    /** All calls so far, as "server Method". */
    public List<String> calls() {
        return List.copyOf(calls);
    }

    /** Calls so far of a method. */
    public List<String> calls(String method) {
        return calls.stream().filter(call -> call.endsWith(" " + method)).toList();
    }

    /** Notes a call and says what is to go wrong with it. */
    synchronized @Nullable Kind take(String server, String method) {
        String call = server + " " + method;
        calls.add(call);
        Iterator<Planned> each = planned.iterator();
        while (each.hasNext()) {
            var next = each.next();
            if (next.left.get() > 0 && next.where.test(call)) {
                next.left.decrementAndGet();
                return next.kind;
            }
        }
        return null;
    }
}
