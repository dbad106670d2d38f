// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import io.tintype.model.Limits;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Map;
import java.util.TreeMap;

/** User ids of maximal length. */
final class LongestIds {
    private LongestIds() {}

    /** By name of script, a letter of it as often as 512 bytes hold it, with x before it to fill them. */
    static Map<String, String> ofEveryScript() {
        var found = new TreeMap<String, String>();
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            var script = Character.UnicodeScript.of(c);
            var one = Character.toString(c);
            if (Character.isLetter(c)
                    && !found.containsKey(script.name())
                    && Normalizer.isNormalized(one.repeat(2), Normalizer.Form.NFC)) {
                found.put(script.name(), of("", one));
            }
        }
        return found;
    }

    /** An id of 512 bytes: how it begins, x, and then a letter as often as possible. */
    static String of(String begin, String letter) {
        int left = Limits.MAX_USER_BYTES - bytes(begin);
        return begin + "x".repeat(left % bytes(letter)) + letter.repeat(left / bytes(letter));
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
