// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Percent-encoding of UTF-8 (RFC 3986, section 2.1), strict: what is malformed is not guessed at. Stateless. */
final class PercentCoding {
    private static final String HEX = "0123456789ABCDEF";

    private PercentCoding() {}

    /** What readers of bytes put where those are not UTF-8. */
    private static final char REPLACEMENT = '\ufffd';

    /**
     * Decodes once. A plus sign is a plus sign.
     *
     * @return empty where a percent sign is not followed by two hex digits, or the bytes are not UTF-8; also those that were
     *     not when the text was read, since different ones are the same by now
     */
    static Optional<String> decode(String text) {
        if (text.indexOf(REPLACEMENT) >= 0) {
            return Optional.empty();
        }
        if (text.indexOf('%') < 0 && text.chars().allMatch(c -> c < 0x80)) {
            return Optional.of(text);
        }
        var bytes = new ByteArrayOutputStream(text.length());
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            if (c == '%') {
                int value = i + 2 < text.length() ? hexPair(text.charAt(i + 1), text.charAt(i + 2)) : -1;
                if (value < 0) {
                    return Optional.empty();
                }
                bytes.write(value);
                i += 3;
            } else {
                int end = i + Character.charCount(text.codePointAt(i));
                bytes.writeBytes(text.substring(i, end).getBytes(StandardCharsets.UTF_8));
                i = end;
            }
        }
        return utf8(bytes.toByteArray());
    }

    /** Encodes all bytes of UTF-8 but those of printable ASCII other than '%' and, at either end, the space. */
    static String encodeHeaderValue(String value) {
        var bytes = value.getBytes(StandardCharsets.UTF_8);
        var out = new StringBuilder(bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            boolean edgeSpace = bytes[i] == ' ' && (i == 0 || i == bytes.length - 1);
            boolean plain = bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '%' && !edgeSpace;
            append(out, bytes[i], plain);
        }
        return out.toString();
    }

    /** Encodes all bytes of UTF-8 but lower-case letters, digits, '-', '_' and '.': header names have no case. */
    static String encodeHeaderName(String name) {
        var out = new StringBuilder(name.length());
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' || b == '_' || b == '.';
            append(out, b, plain);
        }
        return out.toString();
    }

    private static void append(StringBuilder out, byte b, boolean plain) {
        if (plain) {
            out.append((char) b);
        } else {
            out.append('%').append(HEX.charAt((b >> 4) & 15)).append(HEX.charAt(b & 15));
        }
    }

    private static int hexPair(char high, char low) {
        int h = Character.digit(high, 16);
        int l = Character.digit(low, 16);
        return h < 0 || l < 0 || high > 'f' || low > 'f' ? -1 : h << 4 | l;
    }

    private static Optional<String> utf8(byte[] bytes) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }
}
