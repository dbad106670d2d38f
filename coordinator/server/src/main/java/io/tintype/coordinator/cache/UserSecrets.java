// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/**
 * One secret for each user of whom a disk cache keeps pieces, and how many it kept. Without it his pieces can neither be found
 * nor read; so a user is erased from files that are written once by removing 40 bytes. Thread-safe; calls block for as long as
 * the disk takes. docs/storage-format.md has the bytes.
 */
final class UserSecrets {
    private static final int KEY_BYTES = 16;
    private static final int TOUCHED_AT = KEY_BYTES;
    private static final int PIECES_AT = TOUCHED_AT + Long.BYTES;
    private static final int BYTES_AT = PIECES_AT + Long.BYTES;
    private static final int RECORD_BYTES = BYTES_AT + Long.BYTES;
    private static final int REMEMBERED = 20_000;

    private final DiskStore store;
    private final long lifetimeMs;
    private final SecureRandom random = new SecureRandom();
    private final LatelyForgotten forgotten = new LatelyForgotten();
    private final Cache<String, Secret> known =
            Caffeine.newBuilder().maximumSize(REMEMBERED).build();

    /** Over a store that outlives it; pieces live no longer than this. */
    UserSecrets(DiskStore store, Duration lifetime) {
        this.store = store;
        this.lifetimeMs = lifetime.toMillis();
    }

    /**
     * What was kept of a user.
     *
     * @param pieces pieces, perhaps some that are gone since
     * @param bytes their bytes
     */
    record Counted(long pieces, long bytes) {}

    /** A user's secret. Immutable and thread-safe. */
    static final class Secret {
        private final byte[] key;

        private Secret(byte[] key) {
            this.key = key;
        }

        /** The name under which his piece is kept. */
        byte[] name(byte[] digest) {
            try {
                var sha = MessageDigest.getInstance("SHA-256");
                sha.update(key);
                return sha.digest(digest);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every JDK has SHA-256", e);
            }
        }

        /** Encrypts what is to be kept under a name, or decrypts what was. */
        byte @Nullable [] turn(byte[] name, byte @Nullable [] bytes) {
            if (bytes == null) {
                return null;
            }
            try {
                var cipher = Cipher.getInstance("AES/CTR/NoPadding");
                cipher.init(
                        Cipher.ENCRYPT_MODE,
                        new SecretKeySpec(key, "AES"),
                        new IvParameterSpec(Arrays.copyOf(name, KEY_BYTES)));
                return cipher.doFinal(bytes);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every JDK has AES", e);
            }
        }
    }

    /** The user's secret; null: nothing of him is kept. */
    @Nullable
    Secret find(String user) throws RocksDBException {
        var there = known.getIfPresent(user);
        return there != null ? there : load(user);
    }

    private synchronized @Nullable Secret load(String user) throws RocksDBException {
        var record = record(user);
        if (record == null) {
            return null;
        }
        var secret = new Secret(Arrays.copyOf(record, KEY_BYTES));
        known.put(user, secret);
        return secret;
    }

    private byte @Nullable [] record(String user) throws RocksDBException {
        var record = store.user(id(user));
        return record == null || record.length != RECORD_BYTES ? null : record;
    }

    /** The same, making one where there is none; null: he was forgotten lately, and nothing of him is to be kept. */
    synchronized @Nullable Secret findOrMake(String user, long nowMs) throws RocksDBException {
        if (forgotten.contains(user)) {
            return null;
        }
        var there = find(user);
        if (there != null) {
            return there;
        }
        var key = new byte[KEY_BYTES];
        random.nextBytes(key);
        store.putUser(
                id(user),
                ByteBuffer.allocate(RECORD_BYTES).put(key).putLong(nowMs).array());
        var made = new Secret(key);
        known.put(user, made);
        return made;
    }

    /** Counts a piece that was kept. */
    synchronized void count(String user, int bytes, long nowMs) throws RocksDBException {
        var record = record(user);
        if (record != null) {
            var fields = ByteBuffer.wrap(record);
            fields.putLong(TOUCHED_AT, nowMs)
                    .putLong(PIECES_AT, fields.getLong(PIECES_AT) + 1)
                    .putLong(BYTES_AT, fields.getLong(BYTES_AT) + bytes);
            store.putUser(id(user), record);
        }
    }

    /** What was kept of a user. */
    synchronized Optional<Counted> counted(String user) throws RocksDBException {
        return Optional.ofNullable(record(user))
                .map(ByteBuffer::wrap)
                .map(fields -> new Counted(fields.getLong(PIECES_AT), fields.getLong(BYTES_AT)));
    }

    /** When this returns, his secret is nowhere any more; none is made anew for a while. */
    synchronized void forget(String user) throws RocksDBException {
        forgotten.add(user);
        known.invalidate(user);
        if (store.user(id(user)) != null) {
            store.removeUser(id(user));
            store.forgetForGood();
        }
    }

    /** Removes secrets of users of whom no piece can be there any more. */
    synchronized void prune(long nowMs) throws RocksDBException {
        List<byte[]> old = new ArrayList<>();
        store.users((id, record) -> {
            // Pieces live a little longer than their time, until somebody looks.
            if (record.length != RECORD_BYTES || nowMs - ByteBuffer.wrap(record).getLong(TOUCHED_AT) > 2 * lifetimeMs) {
                old.add(id);
            }
        });
        for (var id : old) {
            store.removeUser(id);
            known.invalidate(new String(id, StandardCharsets.UTF_8));
        }
    }

    private static byte[] id(String user) {
        return user.getBytes(StandardCharsets.UTF_8);
    }
}
