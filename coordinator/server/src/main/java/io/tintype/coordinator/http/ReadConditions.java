// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.Version;
import io.tintype.proto.v1.BlobHead;
import io.tintype.wire.Wire;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/**
 * What a reader asks of the current version, evaluated in the order of RFC 9110, section 13.2.2.
 *
 * @param match If-Match
 * @param noneMatch If-None-Match
 * @param unmodifiedSince If-Unmodified-Since, which counts only where there is no If-Match; a time that was told names one
 *     version, see {@link Representation#SETTLES}
 * @param modifiedSince If-Modified-Since, which counts only where there is no If-None-Match
 */
record ReadConditions(
        Optional<ETags> match,
        Optional<Instant> unmodifiedSince,
        Optional<ETags> noneMatch,
        Optional<Instant> modifiedSince) {
    enum Verdict {
        SEND,
        NOT_MODIFIED,
        FAILED
    }

    /** Reads a request's conditions; throws INVALID_ARGUMENT where a list of tags is malformed. */
    static ReadConditions of(HttpFields headers) {
        return new ReadConditions(
                ETags.parse("If-Match", BlobHeaders.joined(headers, HttpHeader.IF_MATCH)),
                date(headers.get(HttpHeader.IF_UNMODIFIED_SINCE)),
                ETags.parse("If-None-Match", BlobHeaders.joined(headers, HttpHeader.IF_NONE_MATCH)),
                date(headers.get(HttpHeader.IF_MODIFIED_SINCE)));
    }

    /** The one version that is not wanted again, where the node can be told so and spare the bytes. */
    Optional<Version> onlyUnwanted() {
        return match.isEmpty() ? noneMatch.flatMap(ETags::single) : Optional.empty();
    }

    /** The one version that If-Match names; throws INVALID_ARGUMENT where it does not name one. */
    Version exact() {
        return match.flatMap(ETags::single).orElseThrow(ReadDemand::exactWithoutVersion);
    }

    Verdict judge(BlobHead head) {
        var current = Wire.version(head.getVersion());
        var written = Instant.ofEpochMilli(head.getWrittenAtMs()).truncatedTo(ChronoUnit.SECONDS);
        boolean holds = match.map(tags -> tags.matchesStrongly(current))
                .orElseGet(() -> unmodifiedSince.isEmpty() || !written.isAfter(unmodifiedSince.get()));
        if (!holds) {
            return Verdict.FAILED;
        }
        if (noneMatch.isPresent()) {
            return noneMatch.get().matchesWeakly(current) ? Verdict.NOT_MODIFIED : Verdict.SEND;
        }
        return modifiedSince.isPresent() && !written.isAfter(modifiedSince.get()) ? Verdict.NOT_MODIFIED : Verdict.SEND;
    }

    /** Whether a Range header applies to this version, by If-Range (RFC 9110, section 13.1.5). */
    static boolean rangeApplies(@Nullable String ifRange, BlobHead head) {
        if (ifRange == null) {
            return true;
        }
        // A date is weak: two versions may be of one second, and a part of each is no image.
        return ifRange.equals('"' + head.getEtag() + '"');
    }

    /** A date that cannot be read counts as none, as the RFC demands. */
    private static Optional<Instant> date(@Nullable String value) {
        if (value == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(ZonedDateTime.parse(value.trim(), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant());
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
