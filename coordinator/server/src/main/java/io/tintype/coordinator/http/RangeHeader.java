// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The ranges of bytes that are asked for (RFC 9110, section 14.2). Immutable.
 *
 * @param ranges one or more, as they were named
 */
record RangeHeader(List<Range> ranges) {
    /** Most ranges in one header. */
    static final int MAX = 16;

    /** Most places between commas; where there is nothing, that is nothing (RFC 9110, section 5.6.1.2). */
    private static final int MAX_PLACES = 4 * MAX;

    private static final Pattern ONE = Pattern.compile("\\s*+(\\d*+)\\s*+-\\s*+(\\d*+)\\s*+");
    private static final int SURE_DIGITS = 18;
    /** Stands for all numbers that are larger: no blob has so many bytes, and one more can be counted still. */
    private static final long BEYOND = Long.MAX_VALUE - 1;

    private static final String UNIT = "bytes=";

    /**
     * One range.
     *
     * @param first first byte, from 0; -1: the last {@code length} bytes are meant
     * @param length number of bytes; 0: up to the end
     */
    record Range(long first, long length) {
        /** Its bytes in a blob of this size; null: there are none. */
        @Nullable
        Span in(long size) {
            if (first < 0) {
                return length == 0 || size == 0 ? null : new Span(Math.max(0, size - length), size);
            }
            if (first >= size) {
                return null;
            }
            return new Span(first, length == 0 || length > size - first ? size : first + length);
        }
    }

    /**
     * Bytes of a blob.
     *
     * @param from the first
     * @param to behind the last
     */
    record Span(long from, long to) {
        /** How many they are. */
        long length() {
            return to - from;
        }

        /** As Content-Range says it. */
        String contentRange(long size) {
            return "bytes " + from + "-" + (to - 1) + "/" + size;
        }
    }

    /**
     * Reads a Range header. One of another unit counts as none: the answer is then the whole blob, as the RFC allows.
     *
     * @throws TintypeException INVALID_ARGUMENT where it is malformed or has too many ranges
     */
    static Optional<RangeHeader> parse(@Nullable String value) {
        if (value == null) {
            return Optional.empty();
        }
        String text = value.trim();
        if (!text.regionMatches(true, 0, UNIT, 0, UNIT.length())) {
            if (text.indexOf('=') > 0) {
                return Optional.empty();
            }
            throw malformed(value);
        }
        List<Range> ranges = new ArrayList<>();
        int places = 0;
        for (String one : text.substring(UNIT.length()).split(",", MAX_PLACES + 1)) {
            boolean empty = one.isBlank();
            if (++places > MAX_PLACES || (!empty && ranges.size() == MAX)) {
                throw new TintypeException(
                        Reason.INVALID_ARGUMENT,
                        "The Range header names more than " + MAX + " ranges, or has more than " + MAX_PLACES
                                + " commas. Ask for fewer, or for the whole blob.");
            }
            if (!empty) {
                ranges.add(range(one, value));
            }
        }
        if (ranges.isEmpty()) {
            throw malformed(value);
        }
        return Optional.of(new RangeHeader(List.copyOf(ranges)));
    }

    private static Range range(String one, String header) {
        var match = ONE.matcher(one);
        if (!match.matches() || (match.group(1).isEmpty() && match.group(2).isEmpty())) {
            throw malformed(header);
        }
        if (match.group(1).isEmpty()) {
            return new Range(-1, number(match.group(2)));
        }
        long first = number(match.group(1));
        if (match.group(2).isEmpty()) {
            return new Range(first, 0);
        }
        long last = number(match.group(2));
        if (last < first) {
            throw malformed(header);
        }
        return new Range(first, last - first + 1);
    }

    private static long number(String digits) {
        int zeros = 0;
        while (zeros < digits.length() && digits.charAt(zeros) == '0') {
            zeros++;
        }
        return digits.length() - zeros <= SURE_DIGITS ? Long.parseLong(digits) : BEYOND;
    }

    private static TintypeException malformed(String value) {
        return new TintypeException(
                Reason.INVALID_ARGUMENT,
                "Range '" + value.substring(0, Math.min(value.length(), 64))
                        + "' is malformed; write bytes=FIRST-LAST, bytes=FIRST- or bytes=-COUNT, several with commas"
                        + " between.");
    }

    /** The byte that is asked for first, where that does not depend on the blob's size; else 0. */
    long hint() {
        return Math.max(0, ranges.get(0).first());
    }

    /**
     * What to send of a blob of this size: the ranges that have bytes in it, in the order in which they were named. Where
     * they overlap so much that they have more bytes together than the blob: nothing, and the whole is to be sent.
     *
     * @throws TintypeException RANGE_NOT_SATISFIABLE where none has any
     */
    List<Span> in(long size) {
        List<Span> spans = new ArrayList<>(ranges.size());
        long bytes = 0;
        for (var range : ranges) {
            var span = range.in(size);
            if (span != null) {
                spans.add(span);
                bytes += span.length();
            }
        }
        if (spans.isEmpty()) {
            throw new TintypeException(
                    Reason.RANGE_NOT_SATISFIABLE, "The blob has " + size + " bytes; none of them is in the range.");
        }
        return spans.size() > 1 && bytes > size ? List.of() : spans;
    }
}
