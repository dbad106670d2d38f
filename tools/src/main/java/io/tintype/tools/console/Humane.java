// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

import java.util.Locale;

/** Quantities as people read them. Pure. */
public final class Humane {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    private static final int STEP = 1024;
    private static final long MINUTE = 60;
    private static final long HOUR = 3_600;

    private Humane() {}

    /** Bytes in the largest binary unit that leaves at least one: "17 B", "3.4 MiB". */
    public static String bytes(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= STEP && unit < UNITS.length - 1) {
            value /= STEP;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }

    /** Nanoseconds in the unit that suits them: "87 µs", "1.2 ms", "3.4 s". */
    public static String nanos(double nanos) {
        if (nanos < 1e6) {
            return String.format(Locale.ROOT, "%.0f µs", nanos / 1e3);
        }
        return nanos < 1e9
                ? String.format(Locale.ROOT, "%.1f ms", nanos / 1e6)
                : String.format(Locale.ROOT, "%.2f s", nanos / 1e9);
    }

    /** Seconds as the two largest units: "42 s", "3 min 20 s", "2 h 5 min"; negative: "nobody can say". */
    public static String seconds(long seconds) {
        if (seconds < 0) {
            return "nobody can say";
        }
        if (seconds < MINUTE) {
            return seconds + " s";
        }
        return seconds < HOUR
                ? seconds / MINUTE + " min " + seconds % MINUTE + " s"
                : seconds / HOUR + " h " + seconds % HOUR / MINUTE + " min";
    }
}
