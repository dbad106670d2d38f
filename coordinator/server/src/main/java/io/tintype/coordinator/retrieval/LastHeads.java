// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tintype.proto.v1.BlobHead;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The heads that were seen last, only to ask for news by them. Bounded by bytes. Nothing that was asked for before its user
 * was forgotten is kept after. Thread-safe.
 */
final class LastHeads {
    /** Bytes of heads that are remembered. */
    private static final long REMEMBERED_BYTES = 16 << 20;

    private final Cache<Id, BlobHead> heads = Caffeine.newBuilder()
            .maximumWeight(REMEMBERED_BYTES)
            .weigher((Id id, BlobHead head) -> 2 * head.getSerializedSize())
            .build();

    /** How often anybody was forgotten: an answer that was under way meanwhile may be of him. */
    private final AtomicLong forgettings = new AtomicLong();

    private record Id(String user, String name) {}

    /** The last head of a blob; null: none is remembered. */
    @Nullable
    BlobHead find(String user, String name) {
        return heads.getIfPresent(new Id(user, name));
    }

    /** A blob's head is about to be asked for. */
    Question ask(String user, String name) {
        return new Question(new Id(user, name), forgettings.get());
    }

    /** Forgets all heads of a user. */
    void forget(String user) {
        forgettings.incrementAndGet(); // first: who stores a head after this looks, and takes it out again
        heads.asMap().keySet().removeIf(id -> id.user().equals(user));
    }

    /** A question under way. For one answer; thread-safe. */
    final class Question {
        private final Id id;
        private final long forgettingsBefore;

        private Question(Id id, long forgettingsBefore) {
            this.id = id;
            this.forgettingsBefore = forgettingsBefore;
        }

        /** The answer was this. */
        void found(BlobHead head) {
            heads.put(id, head);
            if (forgettings.get() != forgettingsBefore) {
                heads.invalidate(id);
            }
        }

        /** The answer was that there is no such blob. */
        void absent() {
            heads.invalidate(id);
        }
    }
}
