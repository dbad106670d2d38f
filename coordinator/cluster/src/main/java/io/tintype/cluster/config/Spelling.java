// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/** Finds what somebody may have meant. Pure. */
final class Spelling {
    private Spelling() {}

    /** The known name that takes the fewest changes to reach; case does not count. */
    static String nearest(String written, Collection<String> known) {
        return known.stream()
                .min(Comparator.<String>comparingInt(
                                name -> distance(written.toLowerCase(Locale.ROOT), name.toLowerCase(Locale.ROOT)))
                        .thenComparing(Comparator.naturalOrder()))
                .orElseThrow();
    }

    /** Edits of one character that lead from one text to the other (Levenshtein, 1966). */
    private static int distance(String a, String b) {
        var previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            var current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                current[j] = Math.min(previous[j - 1] + change, 1 + Math.min(previous[j], current[j - 1]));
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
