// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;

/** What makes a user id or a blob name legal; the one home of that decision. Pure. */
final class Names {
    private Names() {}

    /**
     * Refuses what is empty, too long in UTF-8, not well-formed Unicode, has a NUL or is not in normal form C.
     *
     * <p>Normal form C matters because two names that look the same must be the same: macOS, for one, hands out names
     * in another form.
     *
     * @return the name's UTF-8 bytes
     */
    static byte[] check(String what, String value, int maxBytes, Reason reason) {
        if (value.isEmpty()) {
            throw new TintypeException(reason, what + " is empty; give 1 to " + maxBytes + " bytes of UTF-8");
        }
        boolean ascii = true;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == 0) {
                throw new TintypeException(reason, what + " has a NUL at position " + i + "; leave it out");
            }
            if (Character.isHighSurrogate(c)
                    && i + 1 < value.length()
                    && Character.isLowSurrogate(value.charAt(i + 1))) {
                i++;
                ascii = false;
            } else if (Character.isSurrogate(c)) {
                throw new TintypeException(reason, what + " has half a surrogate pair at position " + i);
            } else if (c >= 0x80) {
                ascii = false;
            }
        }
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        if (utf8.length > maxBytes) {
            throw new TintypeException(
                    reason, what + " has " + utf8.length + " bytes of UTF-8; at most " + maxBytes + " are allowed");
        }
        if (!ascii && !Normalizer.isNormalized(value, Normalizer.Form.NFC)) {
            throw new TintypeException(
                    reason, what + " '" + value + "' is not in Unicode normal form C; normalise it first");
        }
        return utf8;
    }
}
