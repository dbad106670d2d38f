// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.Version;

/** What must hold of the current version for a change to be made. Immutable. */
public sealed interface Condition {
    /** Whatever there is. */
    static Condition none() {
        return None.INSTANCE;
    }

    /** There must be no blob of this name. */
    static Condition ifAbsent() {
        return Absent.INSTANCE;
    }

    /** The current version must be this one. */
    static Condition ifVersion(Version version) {
        return new IsVersion(version);
    }

    /** See {@link Condition#none}. */
    enum None implements Condition {
        /** The only one. */
        INSTANCE
    }

    /** See {@link Condition#ifAbsent}. */
    enum Absent implements Condition {
        /** The only one. */
        INSTANCE
    }

    /**
     * See {@link Condition#ifVersion}.
     *
     * @param version the version there must be
     */
    record IsVersion(Version version) implements Condition {}
}
