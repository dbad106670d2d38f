// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.coordinator.http.RangeHeader.Span;
import io.tintype.proto.v1.BlobHead;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What stands between several ranges in one answer: multipart/byteranges (RFC 9110, section 14.6). Immutable.
 *
 * @param boundary between the parts
 * @param before what stands before each part
 * @param end what stands behind the last one
 * @param length bytes of everything, the parts included
 */
record Multipart(String boundary, List<String> before, String end, long length) {
    /** Nothing, around a single range. */
    static final Multipart NONE = new Multipart("", List.of(), "", 0);

    static Multipart of(List<Span> spans, BlobHead head) {
        // Long and random: no image has it by chance, and nobody can store one that does.
        var random = ThreadLocalRandom.current();
        String boundary = "tintype-" + Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong());
        List<String> before = new ArrayList<>(spans.size());
        long length = 0;
        for (var span : spans) {
            String text = "\r\n--" + boundary + "\r\nContent-Type: " + head.getContentType() + "\r\nContent-Range: "
                    + span.contentRange(head.getSize()) + "\r\n\r\n";
            before.add(text);
            length += text.length() + span.length();
        }
        String end = "\r\n--" + boundary + "--\r\n";
        return new Multipart(boundary, before, end, length + end.length());
    }

    String contentType() {
        return "multipart/byteranges; boundary=" + boundary;
    }

    /** What stands before a part, as it is sent. */
    ByteBuffer before(int part) {
        return bytes(before.isEmpty() ? "" : before.get(part));
    }

    /** What stands behind the last part, as it is sent. */
    ByteBuffer behind() {
        return bytes(end);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
