// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

/** What a client asked for. Immutable. */
public sealed interface Call {
    /**
     * Put these bytes under the name.
     *
     * @param digest tells contents apart; runs give every put a content of its own, or lost bytes may go unnoticed
     * @param condition what must hold
     */
    record Put(String digest, Condition condition) implements Call {
        /** Without a condition. */
        public Put(String digest) {
            this(digest, Condition.ANY);
        }

        @Override
        public String toString() {
            return "put #" + digest + condition;
        }
    }

    /**
     * Delete what is under the name.
     *
     * @param condition what must hold
     */
    record Delete(Condition condition) implements Call {
        /** Without a condition. */
        public Delete() {
            this(Condition.ANY);
        }

        @Override
        public String toString() {
            return "delete" + condition;
        }
    }

    /**
     * Get the bytes or the head: both tell the version and, by digest or checksum, the content.
     *
     * @param promise what the reader was promised
     */
    record Read(Promise promise) implements Call {
        /** A linearizable read. */
        public Read() {
            this(Promise.LINEARIZABLE);
        }

        @Override
        public String toString() {
            return promise == Promise.LINEARIZABLE ? "read" : "read (" + promise + ")";
        }
    }

    /** How fresh a read must be. */
    enum Promise {
        /** As if there were one copy. */
        LINEARIZABLE,
        /** At least as new as all that this client has seen and written. */
        SESSION,
        /** Something that once was current. */
        STALE
    }
}
