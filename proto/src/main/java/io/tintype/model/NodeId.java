// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.util.regex.Pattern;

/**
 * Names a process of the cluster; kept over restarts.
 *
 * <p>Immutable.
 *
 * @param value 1 to 64 characters out of a-z, 0-9, '-' and '.', beginning with a letter or digit
 */
public record NodeId(String value) implements Comparable<NodeId> {
    private static final Pattern LEGAL = Pattern.compile("[a-z0-9][a-z0-9.-]{0,63}");

    public NodeId {
        if (!LEGAL.matcher(value).matches()) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "node id '" + value + "' is not 1 to 64 characters out of a-z, 0-9, '-' and '.'");
        }
    }

    @Override
    public int compareTo(NodeId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
