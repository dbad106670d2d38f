// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

/** Decides of every read whether it returned the right bytes. Thread-safe. */
final class Checker {
    private static final int KEPT = 10;

    private final Workload workload;
    private final Payload payload;
    private final Ledger ledger;
    private final LongAdder bytes = new LongAdder();
    private final LongAdder wrong = new LongAdder();
    private final List<String> first = new CopyOnWriteArrayList<>();

    Checker(Workload workload, Payload payload, Ledger ledger) {
        this.workload = workload;
        this.payload = payload;
        this.ledger = ledger;
    }

    /** How large a version of a key is. */
    int size(int key, int version) {
        return workload.mix().size(payload.place(key, version));
    }

    /**
     * Checks what a read returned.
     *
     * @param oldest the newest version that was acknowledged when the read began
     */
    void check(int key, int oldest, byte[] read) {
        int newest = ledger.begun(key);
        bytes.add(read.length);
        int stamped = payload.stampedVersion(key, read);
        if (stamped >= 0) {
            if (stamped < oldest || stamped > newest) {
                report(key, "version " + stamped + " was read, allowed were " + oldest + " to " + newest);
            } else {
                int at = payload.firstDifference(key, stamped, size(key, stamped), read);
                if (at >= 0) {
                    report(key, "version " + stamped + " differs from what was written from byte " + at);
                }
            }
            return;
        }
        for (int version = oldest; version <= newest; version++) {
            if (payload.firstDifference(key, version, size(key, version), read) < 0) {
                return;
            }
        }
        report(key, read.length + " bytes were read that are no version from " + oldest + " to " + newest);
    }

    /** Bytes checked so far. */
    long bytes() {
        return bytes.sum();
    }

    /** Reads that returned wrong bytes. */
    long wrong() {
        return wrong.sum();
    }

    /** The first of them, in words. */
    List<String> firstWrong() {
        return List.copyOf(first);
    }

    private void report(int key, String what) {
        wrong.increment();
        if (first.size() < KEPT) {
            first.add(workload.user(key) + " " + workload.name(key) + ": " + what);
        }
    }
}
