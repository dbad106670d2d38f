// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.tools.console.Humane;
import java.util.Locale;

/** Names as a terminal may see them: control characters, which a name may contain, are shown and not obeyed. Pure. */
final class Text {
    private Text() {}

    static String printable(String name) {
        var shown = new StringBuilder(name.length());
        name.codePoints().forEach(c -> {
            if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                shown.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                shown.appendCodePoint(c);
            }
        });
        return shown.toString();
    }

    /** A limit of bytes, of which 0 is none. */
    static String limit(long bytes) {
        return bytes == 0 ? "-" : Humane.bytes(bytes);
    }
}
