// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/**
 * Names of blobs as names of files: each has exactly one, no two have the same, and none differ only in capitals, whatever
 * the file system makes of Unicode. docs/users.md has the rules. Pure.
 */
final class ExportNames {
    /** File systems take 255 bytes; a longer name goes on in a folder. */
    static final int PART_CHARS = 200;

    /** A folder that a longer name goes on in ends with this, and no file does. */
    private static final char GOES_ON = '~';

    private static final char CAPITAL = '^';
    private static final char BYTE = '%';

    /** Windows takes these for devices, with whatever extension. */
    private static final Set<String> DEVICES = Set.of(
            "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1",
            "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9");

    private ExportNames() {}

    /** The relative path, with slashes, of the file for a blob. */
    static String file(String name) {
        var all = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            append(all, b & 0xff);
        }
        escapeEnds(all);
        var path = new StringBuilder();
        int from = 0;
        while (all.length() - from > PART_CHARS) {
            int to = from + PART_CHARS;
            // A part does not end within what stands for one byte.
            to = all.charAt(to - 1) == BYTE || all.charAt(to - 1) == CAPITAL ? to - 1 : to;
            to = all.charAt(to - 2) == BYTE ? to - 2 : to;
            path.append(all, from, to).append(GOES_ON).append('/');
            from = to;
        }
        return path.append(all, from, all.length()).toString();
    }

    /** The blob whose file this is. */
    static String name(String file) {
        var bytes = new ByteArrayOutputStream();
        String all = file.replace(GOES_ON + "/", "");
        for (int i = 0; i < all.length(); i++) {
            char c = all.charAt(i);
            if (c == CAPITAL) {
                bytes.write(all.substring(i + 1, i + 2).toUpperCase(Locale.ROOT).charAt(0));
                i++;
            } else if (c == BYTE) {
                bytes.write(Integer.parseInt(all.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                bytes.write(c);
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static void append(StringBuilder out, int b) {
        if ((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '.' || b == '-' || b == '_') {
            out.append((char) b);
        } else if (b >= 'A' && b <= 'Z') {
            out.append(CAPITAL).append((char) (b + 'a' - 'A'));
        } else {
            out.append(BYTE).append(String.format(Locale.ROOT, "%02x", b));
        }
    }

    /** No file is hidden, ends with a dot, begins like an option, or is a device. */
    private static void escapeEnds(StringBuilder all) {
        int last = all.length() - 1;
        if (all.charAt(last) == '.') {
            all.replace(last, last + 1, "%2e");
        }
        char first = all.charAt(0);
        int dot = all.indexOf(".");
        String stem = dot < 0 ? all.toString() : all.substring(0, dot);
        if (first == '.' || first == '-' || DEVICES.contains(stem)) {
            all.replace(0, 1, String.format(Locale.ROOT, "%%%02x", (int) first));
        }
    }
}
