// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file that tells a folder of keys from all others, such as the empty one over which it is mounted: {@value #NAME}, with one
 * line, {@code tintype-keys 1 ID}. A node has a copy of it in its data directory, by which it knows the folder again. Stateless.
 */
final class FolderMark {
    private static final Logger log = LoggerFactory.getLogger(FolderMark.class);
    static final String NAME = "tintype-keys.mark";
    private static final String MAGIC = "tintype-keys 1 ";
    private static final int ID_BYTES = 16;
    private static final int MAX_BYTES = 256;

    private FolderMark() {}

    /**
     * The mark of a folder, if it is the one that a node knows. One without a mark gets one, and one who knows none remembers it.
     *
     * @param memory the node's data directory
     * @throws IllegalArgumentException where the node knows another one, or nobody can tell
     */
    static String recognise(Path folder, Path memory) {
        try {
            var known = read(memory);
            var found = read(folder);
            if (known.isPresent() && !known.equals(found)) {
                throw another(folder, found, memory.resolve(NAME), known.get());
            }
            var mark = found.isPresent() ? found.get() : make(folder, random());
            if (known.isEmpty()) {
                log.info(
                        "{} is the folder of users' keys from now on, by its mark, '{}', {}; other nodes must say the"
                                + " same one",
                        folder,
                        mark,
                        found.isPresent() ? "which it had" : "which it was given now");
                var unused = make(memory, mark);
            }
            return mark;
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "Setting keys.source names the folder " + folder + ", whose mark, " + NAME
                            + ", or the copy of it in "
                            + memory + " can be neither read nor made: " + e
                            + ". See keys.source in docs/operations.md.",
                    e);
        }
    }

    private static IllegalArgumentException another(Path folder, Optional<String> found, Path copy, String known) {
        return new IllegalArgumentException("Setting keys.source names the folder " + folder + ", which has "
                + found.map(other -> "the mark '" + other + "' in " + NAME).orElse("no file " + NAME)
                + ". This node knows its folder of keys by the mark '" + known
                + "', so that is another one: keys that are"
                + " made in it would be lost, with all that is sealed with them. Mount the folder of before, or name it,"
                + " and start again. Only if this is the one, and lost its mark: copy " + copy + " into it. Only if the"
                + " keys of before are given up, with all that is sealed with them: remove that copy. See keys.source in"
                + " docs/operations.md.");
    }

    private static String random() {
        byte[] id = new byte[ID_BYTES];
        new SecureRandom().nextBytes(id);
        return MAGIC + HexFormat.of().formatHex(id);
    }

    /**
     * The mark of a folder; empty: it has none.
     *
     * @throws IOException also where the file is there, and is none
     */
    static Optional<String> read(Path folder) throws IOException {
        var file = folder.resolve(NAME);
        try (var in = Files.newInputStream(file)) {
            var line = new String(in.readNBytes(MAX_BYTES), StandardCharsets.US_ASCII).strip();
            if (!line.matches(MAGIC + "[0-9a-f]{" + 2 * ID_BYTES + "}")) {
                throw new IOException(file + " is no mark of a folder of keys, format 1");
            }
            return Optional.of(line);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * Gives a folder a mark, unless it has one, whole and on its disk.
     *
     * @return the one that it has: of several who do this at once, one is the first
     */
    private static String make(Path folder, String mark) throws IOException {
        var file = folder.resolve(NAME);
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            var draft = folder.resolve(NAME + "." + UUID.randomUUID());
            try {
                FileKeySource.write(draft, mark + "\n", StandardOpenOption.CREATE_NEW);
                Files.createLink(file, draft);
            } catch (FileAlreadyExistsException e) {
                // Another node was first: its mark is the folder's.
            } catch (UnsupportedOperationException e) {
                throw new IOException("the file system has no hard links", e);
            } finally {
                Files.deleteIfExists(draft);
            }
        }
        try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
        return read(folder).orElseThrow(() -> new IOException(file + " went away as it was made"));
    }
}
