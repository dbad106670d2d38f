// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A page of names. Immutable.
 *
 * @param entries in order of their names' UTF-8 bytes
 * @param nextPageTokenOrNull for {@link ListOptions#withPageToken}; null: this was the last page
 * @param freshness how fresh the answer is
 */
public record ListPage(List<ListEntry> entries, @Nullable String nextPageTokenOrNull, Freshness freshness) {
    public ListPage {
        entries = List.copyOf(entries);
    }

    /** For {@link ListOptions#withPageToken}; empty: this was the last page. */
    public Optional<String> nextPageToken() {
        return Optional.ofNullable(nextPageTokenOrNull);
    }
}
