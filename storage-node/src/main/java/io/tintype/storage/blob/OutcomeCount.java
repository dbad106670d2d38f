// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.proto.internal.v1.StoredOutcome;

/** Counts outcomes of a user's requests so that two shards can tell whether they have the same. Not thread-safe. */
final class OutcomeCount {
    private final long fromMs;
    private long count;
    private long digest;

    /** @param fromMs counts what the source applied at this time of its log or later */
    OutcomeCount(long fromMs) {
        this.fromMs = fromMs;
    }

    /** On the target: outcomes that came with a move. */
    void add(byte[] request, StoredOutcome outcome) {
        add(request, outcome, outcome.getSourceAppliedAtMs());
    }

    /** On the source: outcomes as they stand there. */
    void addOwn(byte[] request, StoredOutcome outcome) {
        add(request, outcome, outcome.getAppliedAtMs());
    }

    private void add(byte[] request, StoredOutcome outcome, long appliedAtMs) {
        if (appliedAtMs >= fromMs) {
            count++;
            digest += Digests.outcome(request, outcome, appliedAtMs);
        }
    }

    long count() {
        return count;
    }

    long digest() {
        return digest;
    }
}
