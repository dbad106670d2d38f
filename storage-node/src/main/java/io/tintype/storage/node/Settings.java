// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.tintype.model.TintypeException;

/** Refuses settings in words that name them. Pure. */
final class Settings {
    private Settings() {}

    static void require(boolean holds, String setting, Object value, String wanted) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "Setting " + setting + " is '" + value + "'; it must be " + wanted + ".");
        }
    }

    /** Refuses what a value's own type refuses. */
    static void check(String setting, Object value, Runnable make) {
        try {
            make.run();
        } catch (TintypeException e) {
            throw new IllegalArgumentException("Setting " + setting + " is '" + value + "': " + e.getMessage(), e);
        }
    }
}
