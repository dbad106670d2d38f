// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Which names are to be listed and how. Immutable: begin with {@link #DEFAULT} and chain the {@code with} methods.
 *
 * @param prefix only names that begin with this; empty: all
 * @param delimiter names with this string behind the prefix are rolled up into one entry, as folders are; empty: none are.
 *     At most 16 bytes of UTF-8
 * @param pageSize entries a page, 1 to 1000
 * @param pageToken from the page before; empty: the first page
 * @param consistency how fresh the answer must be
 * @param timeout total time of one page with all retries; null: the client's request timeout
 */
public record ListOptions(
        String prefix,
        String delimiter,
        int pageSize,
        String pageToken,
        Consistency consistency,
        @Nullable Duration timeout) {
    /** Everything, in pages of 1000, linearizable. */
    public static final ListOptions DEFAULT = new ListOptions("", "", 1000, "", Consistency.linearizable(), null);

    /** Only names that begin with this. */
    public ListOptions withPrefix(String beginning) {
        return new ListOptions(beginning, delimiter, pageSize, pageToken, consistency, timeout);
    }

    /** Rolls up names at this string, such as "/". */
    public ListOptions withDelimiter(String separator) {
        return new ListOptions(prefix, separator, pageSize, pageToken, consistency, timeout);
    }

    /** This many entries a page, 1 to 1000. */
    public ListOptions withPageSize(int entries) {
        return new ListOptions(prefix, delimiter, entries, pageToken, consistency, timeout);
    }

    /** Goes on behind the page that gave this token; prefix and delimiter must be the same. */
    public ListOptions withPageToken(String token) {
        return new ListOptions(prefix, delimiter, pageSize, token, consistency, timeout);
    }

    /** As fresh as this. */
    public ListOptions withConsistency(Consistency freshness) {
        return new ListOptions(prefix, delimiter, pageSize, pageToken, freshness, timeout);
    }

    /** Gives up on a page after this time. */
    public ListOptions withTimeout(Duration limit) {
        return new ListOptions(prefix, delimiter, pageSize, pageToken, consistency, limit);
    }
}
