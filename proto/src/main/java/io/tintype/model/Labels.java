// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.util.Collection;
import java.util.Collections;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a node is, as far as pools ask for it: "ssd", "paid". Words that operators choose; Tintype compares them and nothing
 * else.
 */
public final class Labels {
    /** Most labels of a node, and of a pool. */
    public static final int MOST = 8;

    private static final String LEGAL = "[a-z0-9-]{1,32}";

    private Labels() {}

    /**
     * Checks and takes labels; unmodifiable, in the order of the alphabet.
     *
     * @throws TintypeException INVALID_ARGUMENT, which names the label and what a label is
     */
    public static Set<String> of(Collection<String> labels) {
        for (var label : labels) {
            if (!label.matches(LEGAL)) {
                throw new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        "label '" + label + "' is none; give 1 to 32 characters out of a-z, 0-9 and '-'");
            }
        }
        SortedSet<String> sorted = new TreeSet<>(labels);
        if (sorted.size() > MOST) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, sorted.size() + " labels are too many; give at most " + MOST);
        }
        return Collections.unmodifiableSet(sorted);
    }
}
