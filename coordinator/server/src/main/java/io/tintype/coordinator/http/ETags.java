// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The value of an {@code If-Match} or {@code If-None-Match} header (RFC 9110, section 13.1).
 *
 * @param any it was {@code *}
 * @param strong versions named by strong tags of ours
 * @param weak versions named by weak tags of ours
 */
record ETags(boolean any, List<Version> strong, List<Version> weak) {
    /** Most tags in one header. */
    static final int MAX = 64;

    /** A place between commas where there is nothing is passed over (RFC 9110, section 5.6.1.2). */
    private static final Pattern TAG =
            Pattern.compile("[\\s,]*+(W/)?\"([\\x21\\x23-\\x7e\\x80-\\xff]*+)\"\\s*+(?:,[\\s,]*+|$)");

    /**
     * Reads a header's value.
     *
     * @throws TintypeException INVALID_ARGUMENT where it is neither {@code *} nor a list of quoted tags
     */
    static Optional<ETags> parse(String header, @Nullable String value) {
        if (value == null) {
            return Optional.empty();
        }
        if (value.trim().equals("*")) {
            return Optional.of(new ETags(true, List.of(), List.of()));
        }
        List<Version> strong = new ArrayList<>();
        List<Version> weak = new ArrayList<>();
        var tag = TAG.matcher(value);
        int end = 0;
        int count = 0;
        while (end < value.length()) {
            // Looked for here alone: a search would go on to the end of a long header from each place in it.
            if (!tag.region(end, value.length()).lookingAt() || ++count > MAX) {
                throw new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        header + " is neither * nor up to " + MAX + " quoted entity tags with commas between.");
            }
            var kind = tag.group(1) == null ? strong : weak;
            Version.parseEtag(tag.group(2)).ifPresent(kind::add);
            end = tag.end();
        }
        return Optional.of(new ETags(false, List.copyOf(strong), List.copyOf(weak)));
    }

    /** Whether a current version satisfies it where only strong tags count, as for If-Match. */
    boolean matchesStrongly(Version current) {
        return any || strong.contains(current);
    }

    /** Whether a current version satisfies it where weak tags count too, as for If-None-Match. */
    boolean matchesWeakly(Version current) {
        return matchesStrongly(current) || weak.contains(current);
    }

    /** The only version it names, where it names exactly one, strongly. */
    Optional<Version> single() {
        return !any && strong.size() == 1 && weak.isEmpty() ? Optional.of(strong.get(0)) : Optional.empty();
    }
}
