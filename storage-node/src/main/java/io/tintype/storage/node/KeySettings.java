// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.tintype.cluster.config.Meaning;
import io.tintype.storage.keys.KeySources;
import io.tintype.storage.keys.UserKeys;
import java.nio.file.Path;

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
     * @param dataDir the node's, which remembers the source
     * @throws IllegalArgumentException where it is none, or not the one of before, saying how
     */
    UserKeys open(Path dataDir) {
        return source.isEmpty() ? UserKeys.none() : UserKeys.of(KeySources.open(source, dataDir));
    }
}
