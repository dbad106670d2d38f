// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;

/** A source of users' keys for a cluster on one machine: all in the data directory, where a real one would not be. Stateless. */
final class DevKeys {
    private static final String OWNER_ALONE = "rw-------";
    private static final int BYTES = 32;

    private DevKeys() {}

    /** Its address, as {@code keys.source} takes it; makes what is missing. */
    static String in(Path data) throws IOException {
        var folder = Files.createDirectories(data.resolve("keys")).toAbsolutePath();
        var master = data.resolve("master.key").toAbsolutePath();
        if (Files.notExists(master)) {
            byte[] key = new byte[BYTES];
            new SecureRandom().nextBytes(key);
            var draft = Files.createTempFile(
                    data,
                    "master",
                    ".draft",
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(OWNER_ALONE)));
            Files.writeString(draft, HexFormat.of().formatHex(key) + "\n");
            Files.move(draft, master);
        }
        return folder.toUri().getScheme() + ":" + folder.toUri().getRawPath() + "?master="
                + master.toUri().getRawPath();
    }
}
