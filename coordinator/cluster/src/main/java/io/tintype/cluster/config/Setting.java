// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.config;

import java.util.Locale;

/**
 * One setting of a process. Immutable.
 *
 * @param path its name, with dots between the levels: {@code disk.blockCacheBytes}
 * @param kind how its values are written
 * @param defaultValue what it is where nothing else is said, as it would be written
 * @param meaning what it does
 */
public record Setting(String path, Kind kind, String defaultValue, String meaning) {
    /** What the names of environment variables that hold settings begin with. */
    public static final String ENVIRONMENT_PREFIX = "TINTYPE_CONFIG_";

    /** How values are written. */
    public enum Kind {
        /** Any text. */
        TEXT("text"),
        /** A path of the file system. */
        PATH("path"),
        /** A whole number. */
        NUMBER("number"),
        /** A number of bytes. */
        SIZE("size, as 512KiB, 64MiB, 10GiB or bytes"),
        /** A length of time. */
        DURATION("duration, as 500ms, 10s, 5m, 24h"),
        /** Yes or no. */
        SWITCH("true or false"),
        /** Several values. */
        LIST("list, as [a, b]"),
        /** Names and values. */
        MAP("map, as {a: b}");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        /** For people. */
        public String words() {
            return words;
        }
    }

    /** The environment variable that sets it: {@code TINTYPE_CONFIG_DISK_BLOCK_CACHE_BYTES}. */
    public String environment() {
        return ENVIRONMENT_PREFIX
                + path.replaceAll("([a-z0-9])([A-Z])", "$1_$2")
                        .replace('.', '_')
                        .toUpperCase(Locale.ROOT);
    }
}
