// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.tintype.cluster.config.Meaning;
import io.tintype.storage.keys.KeySources;
import io.tintype.storage.keys.UserKeys;

/** Where keys of users are. Immutable; the same on all nodes of a cluster. */
public record KeySettings(
        @Meaning("Source of the keys under which pools with --sealed store, such as"
                + " file:/srv/tintype-keys?master=/etc/tintype/master.key; empty: none, and such pools are refused.")
        String source) {
    /** None. */
    public static final KeySettings NONE = new KeySettings("");

    /**
     * Opens it. May block.
     *
     * @throws IllegalArgumentException where it is none, saying how
     */
    UserKeys open() {
        return source.isEmpty() ? UserKeys.none() : UserKeys.of(KeySources.open(source));
    }
}
