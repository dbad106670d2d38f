// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import io.tintype.model.Version;

/** What a feed says of one change. Immutable, each of them. */
public sealed interface HeadChange {
    /**
     * A name has another current version, or none.
     *
     * @param key the blob
     * @param version that the change took; a removal takes one too
     */
    record OfBlob(HeadKey key, Version version) implements HeadChange {}

    /**
     * All that is known of a user is void: he moves, or was erased.
     *
     * @param user the user
     */
    record OfUser(String user) implements HeadChange {}
}
