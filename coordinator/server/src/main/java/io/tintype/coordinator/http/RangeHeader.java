// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.ByteRange;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One range of bytes as asked for (RFC 9110, section 14.2).
 *
 * @param first first byte, from 0; -1: the last {@code length} bytes are meant
 * @param length number of bytes; 0: up to the end
 */
record RangeHeader(long first, long length) {
    private static final Pattern ONE = Pattern.compile("\\s*(\\d{0,18})\\s*-\\s*(\\d{0,18})\\s*");
    private static final String UNIT = "bytes=";

    /**
     * Reads a Range header. One of several ranges, or of another unit, counts as none: the answer is then the whole blob,
     * as the RFC allows.
     *
     * @throws TintypeException INVALID_ARGUMENT where it is malformed
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
        String ranges = text.substring(UNIT.length());
        if (ranges.indexOf(',') >= 0) {
            return Optional.empty();
        }
        var match = ONE.matcher(ranges);
        if (!match.matches() || (match.group(1).isEmpty() && match.group(2).isEmpty())) {
            throw malformed(value);
        }
        if (match.group(1).isEmpty()) {
            return Optional.of(suffix(Long.parseLong(match.group(2))));
        }
        long first = Long.parseLong(match.group(1));
        if (match.group(2).isEmpty()) {
            return Optional.of(new RangeHeader(first, 0));
        }
        long last = Long.parseLong(match.group(2));
        if (last < first) {
            throw malformed(value);
        }
        return Optional.of(new RangeHeader(first, last - first + 1));
    }

    private static RangeHeader suffix(long length) {
        if (length == 0) {
            throw new TintypeException(Reason.RANGE_NOT_SATISFIABLE, "The last 0 bytes are no range.");
        }
        return new RangeHeader(-1, length);
    }

    private static TintypeException malformed(String value) {
        return new TintypeException(
                Reason.INVALID_ARGUMENT,
                "Range '" + value.substring(0, Math.min(value.length(), 64))
                        + "' is malformed; write bytes=FIRST-LAST, bytes=FIRST- or bytes=-COUNT.");
    }

    /** Whether the blob's size must be known to say which bytes are meant. */
    boolean needsSize() {
        return first < 0;
    }

    /** The range for the wire, of a blob of this size where {@link #needsSize}. */
    ByteRange toWire(long size) {
        if (first >= 0) {
            return ByteRange.newBuilder().setOffset(first).setLength(length).build();
        }
        long offset = Math.max(0, size - length);
        return ByteRange.newBuilder().setOffset(offset).setLength(size - offset).build();
    }
}
