// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import io.tintype.model.Version;

/** What a change asked of the current version. Immutable. */
public sealed interface Condition {
    /** No condition. */
    Condition ANY = new Any();

    /** There must be no blob of that name. */
    Condition ABSENT = new Absent();

    /** Any state will do. */
    record Any() implements Condition {
        @Override
        public String toString() {
            return "";
        }
    }

    /** There is no blob of that name. */
    record Absent() implements Condition {
        @Override
        public String toString() {
            return " if absent";
        }
    }

    /**
     * This is the current version.
     *
     * @param version which
     */
    record Is(Version version) implements Condition {
        @Override
        public String toString() {
            return " if " + version;
        }
    }
}
