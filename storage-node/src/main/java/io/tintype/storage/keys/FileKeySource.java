// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import com.google.protobuf.ByteString;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Keys in a folder that all nodes share, one file a user, each wrapped under a master key that is kept elsewhere.
 *
 * <p>The file is named by the SHA-256 of the user's id, in a folder of its first byte, and holds one line: {@code tintype-key 1
 * ID NONCE WRAPPED}, in hexadecimal; WRAPPED is the secret under AES-256-GCM, bound to the user and to ID. It comes to its name
 * by a hard link, which one of several makers gets, whole; so there is nothing to lock.
 *
 * <p>Thread-safe; blocks on the folder's disk.
 */
final class FileKeySource implements KeySource {
    private static final String MAGIC = "tintype-key";
    private static final String FORMAT = "1";
    private static final String ZERO = "0";
    private static final int PARTS = 5;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int MAX_FILE_BYTES = 1 << 10;
    private static final HexFormat HEX = HexFormat.of();

    private final Path folder;
    private final SecretKeySpec master;
    private final Syncing syncing;
    private final SecureRandom random = new SecureRandom();

    /** That of the folder; empty: nobody asked for it yet, and it is not looked at. */
    private volatile String mark = "";

    /** Has what a directory says on the disk. */
    @FunctionalInterface
    interface Syncing {
        void sync(Path directory) throws IOException;
    }

    FileKeySource(Path folder, byte[] master) {
        this(folder, master, FileKeySource::sync);
    }

    FileKeySource(Path folder, byte[] master, Syncing syncing) {
        this.syncing = syncing;
        this.folder = folder;
        this.master = new SecretKeySpec(master, UserKey.CIPHER);
    }

    /** By its {@link FolderMark}, which it gets when the first node asks for it. */
    @Override
    public void recognise(Path memory) {
        mark = FolderMark.recognise(folder, memory);
    }

    /** That a user has no key is only true of the right folder, and only there may he be given one. */
    private void requireMark(UserId user) {
        var expected = mark;
        try {
            if (!expected.isEmpty() && !FolderMark.read(folder).equals(Optional.of(expected))) {
                throw unavailable(
                        user,
                        "is not known: the folder has not the mark that it had when this node started ("
                                + FolderMark.NAME + "); is it mounted?",
                        null);
            }
        } catch (IOException e) {
            throw unavailable(user, "is not known, nor whether that is the folder: " + e, e);
        }
    }

    @Override
    public UserKey current(UserId user) {
        if (find(user).isEmpty()) {
            make(user);
        }
        keep(user);
        return find(user).orElseThrow(() -> unavailable(user, "was destroyed as it was made", null));
    }

    private void make(UserId user) {
        var file = file(user);
        try {
            Files.createDirectories(parent(file));
            var draft = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID());
            try {
                write(draft, line(user, UserKey.random(random)), StandardOpenOption.CREATE_NEW);
                Files.createLink(file, draft);
            } catch (FileAlreadyExistsException e) {
                // Another node was first: its key is the user's.
            } finally {
                Files.deleteIfExists(draft);
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw unavailable(user, "cannot be made: " + e, e);
        }
    }

    /**
     * Whoever made the key may not have got any further than its name, or not yet: whatever is sealed with it must not outlive
     * it.
     */
    private void keep(UserId user) {
        try {
            syncing.sync(parent(file(user)));
            syncing.sync(folder);
        } catch (IOException e) {
            throw unavailable(user, "cannot be made sure of: " + e, e);
        }
    }

    @Override
    public Optional<UserKey> find(UserId user) {
        var file = file(user);
        try {
            String line;
            try (var in = Files.newInputStream(file)) {
                line = new String(in.readNBytes(MAX_FILE_BYTES), StandardCharsets.US_ASCII);
            }
            if (line.startsWith(ZERO)) {
                // Whoever destroyed it died before he was done. Nobody makes a key meanwhile: the erasure is not over.
                remove(file);
                return Optional.empty();
            }
            return Optional.of(read(user, line));
        } catch (NoSuchFileException e) {
            requireMark(user);
            return Optional.empty();
        } catch (IOException e) {
            throw unavailable(user, "cannot be read: " + e, e);
        }
    }

    @Override
    public void destroy(UserId user, ByteString id) {
        if (find(user).filter(key -> key.id().equals(id)).isEmpty()) {
            return;
        }
        var file = file(user);
        try {
            // On file systems that write in place nothing of it stays; on others the master key has to be replaced as
            // well.
            write(file, ZERO.repeat((int) Files.size(file)), StandardOpenOption.WRITE);
            remove(file);
        } catch (NoSuchFileException e) {
            // Another node was first.
        } catch (IOException e) {
            throw unavailable(user, "cannot be destroyed: " + e, e);
        }
    }

    @Override
    public void close() {}

    private static void remove(Path file) throws IOException {
        Files.deleteIfExists(file);
        sync(parent(file));
    }

    private String line(UserId user, UserKey key) {
        byte[] id = key.id().toByteArray();
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        byte[] wrapped =
                crypt(Cipher.ENCRYPT_MODE, user, id, nonce, key.secret().getEncoded());
        return String.join(" ", MAGIC, FORMAT, HEX.formatHex(id), HEX.formatHex(nonce), HEX.formatHex(wrapped)) + "\n";
    }

    private UserKey read(UserId user, String line) {
        var parts = line.strip().split(" ", -1);
        if (parts.length != PARTS || !parts[0].equals(MAGIC) || !parts[1].equals(FORMAT)) {
            throw unavailable(user, "is no file of a key, format " + FORMAT, null);
        }
        try {
            byte[] id = HEX.parseHex(parts[2]);
            return UserKey.of(id, crypt(Cipher.DECRYPT_MODE, user, id, HEX.parseHex(parts[3]), HEX.parseHex(parts[4])));
        } catch (IllegalArgumentException e) {
            throw unavailable(user, "is damaged, or was made under another master key", null);
        }
    }

    /** @throws IllegalArgumentException if what is to be unwrapped is not what was wrapped */
    private byte[] crypt(int mode, UserId user, byte[] id, byte[] nonce, byte[] input) {
        try {
            var cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(mode, master, new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD(id);
            cipher.updateAAD(user.value().getBytes(StandardCharsets.UTF_8));
            return cipher.doFinal(input);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private Path file(UserId user) {
        try {
            var digest =
                    MessageDigest.getInstance("SHA-256").digest(user.value().getBytes(StandardCharsets.UTF_8));
            return folder.resolve(HEX.toHexDigits(digest[0])).resolve(HEX.formatHex(digest) + ".key");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static Path parent(Path file) {
        var parent = file.getParent();
        if (parent == null) {
            throw new IllegalStateException(file + " stands in no folder");
        }
        return parent;
    }

    static void write(Path file, String text, StandardOpenOption how) throws IOException {
        try (var out = FileChannel.open(file, how, StandardOpenOption.WRITE)) {
            var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
    }

    private static void sync(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private TintypeException unavailable(UserId user, String how, @org.jspecify.annotations.Nullable Throwable cause) {
        return new TintypeException(
                Reason.UNAVAILABLE,
                "the key of user '" + user + "' in " + folder + " " + how + "; see keys.source in docs/operations.md",
                Map.of(),
                null,
                cause);
    }
}
