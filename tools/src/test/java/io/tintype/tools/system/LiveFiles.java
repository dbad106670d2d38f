// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files of servers that run. Compactions take files away at any time: then everything is looked at again. */
public final class LiveFiles {
    /** Looks of which some file was gone each time. */
    private static final int LOOKS = 100;

    private LiveFiles() {}

    private interface Look {
        List<Path> take() throws IOException;
    }

    /** All below a folder. */
    public static List<Path> under(Path folder) throws IOException {
        return look(() -> files(folder));
    }

    /** All below a folder of users' keys but its mark. */
    public static List<Path> keys(Path folder) throws IOException {
        return under(folder).stream()
                .filter(file -> !file.endsWith("tintype-keys.mark"))
                .toList();
    }

    /** Those below a folder that have these bytes in a row. */
    public static List<Path> with(Path folder, byte[] bytes) throws IOException {
        var wanted = new String(bytes, StandardCharsets.ISO_8859_1);
        return look(() -> {
            var found = new ArrayList<Path>();
            for (var file : files(folder)) {
                if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(wanted)) {
                    found.add(file);
                }
            }
            return found;
        });
    }

    private static List<Path> look(Look look) throws IOException {
        for (int looks = 1; ; looks++) {
            try {
                return look.take();
            } catch (NoSuchFileException e) {
                if (looks == LOOKS) {
                    throw e;
                }
            }
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (var tree = Files.walk(folder)) {
            return tree.filter(Files::isRegularFile).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
