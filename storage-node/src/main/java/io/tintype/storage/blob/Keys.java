// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import io.tintype.model.BlobName;
import io.tintype.model.RequestId;
import io.tintype.model.ShardId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Keys of one shard in the families of this package; docs/storage-format.md shows each. Numbers are big-endian, so that
 * order of bytes is order of numbers. A user in front of something else carries his length, so that no two pairs of user
 * and name, and no two of anything else, have one key.
 *
 * <p>Pure and thread-safe.
 */
final class Keys {
    /** {@code meta}: the applied mark and what is counted. */
    static final byte APPLIED = 'A';

    /** {@code garbage}: chunks nobody needs, by the time they may go. */
    static final byte CHUNKS = 'C';

    /** {@code garbage}: blobs with a time to live, by its end. */
    static final byte EXPIRY = 'X';

    /** {@code garbage}: users, or entries, that are being moved. */
    static final byte MOVING = 'M';

    /** {@code garbage}: users who are not here any more, by since when. */
    static final byte GONE = 'G';

    /** Index in {@code stage} of the mark that an upload is over. */
    static final int CLOSED = 0xFFFF_FFFF;

    private static final int SHARD = Integer.BYTES;

    private final int shard;

    Keys(ShardId shard) {
        this.shard = shard.value();
    }

    byte[] applied() {
        return start(1).put(APPLIED).array();
    }

    byte[] head(UserId user, BlobName name) {
        return head(user, name.utf8());
    }

    byte[] head(UserId user, byte[] nameOrPart) {
        return user(start(sized(user) + nameOrPart.length), user)
                .put(nameOrPart)
                .array();
    }

    int headNameOffset(UserId user) {
        return SHARD + sized(user);
    }

    byte[] chunk(ChunkKey chunk) {
        return chunk(chunk.user(), chunk.upload(), chunk.index());
    }

    /** The chunk of a key. */
    static ChunkKey readChunk(byte[] key) {
        var in = read(key);
        return new ChunkKey(Stored.readUser(in), Stored.readUpload(in), in.getInt());
    }

    byte[] chunk(UserId user, UploadId upload, int index) {
        return upload(user(start(sized(user) + UploadId.BYTES + Integer.BYTES), user), upload)
                .putInt(index)
                .array();
    }

    /** What all chunks of a user begin with. */
    byte[] chunks(UserId user) {
        return user(start(sized(user)), user).array();
    }

    byte[] user(UserId user) {
        return start(user.utf8().length).put(user.utf8()).array();
    }

    byte[] dedup(int bucket, UserId user, RequestId request) {
        return user(start(Integer.BYTES + sized(user) + RequestId.BYTES).putInt(bucket), user)
                .putLong(request.high())
                .putLong(request.low())
                .array();
    }

    /** First key of a user's outcomes of one bucket. */
    byte[] dedupUser(int bucket, UserId user) {
        return user(start(Integer.BYTES + sized(user)).putInt(bucket), user).array();
    }

    byte[] dedupBucket(int bucket) {
        return start(Integer.BYTES).putInt(bucket).array();
    }

    byte[] stage(UploadId upload, UserId user, int index) {
        return user(upload(start(UploadId.BYTES + sized(user) + Integer.BYTES), upload), user)
                .putInt(index)
                .array();
    }

    byte[] stageFrom(long uploadTimeMs) {
        return start(Long.BYTES).putLong(uploadTimeMs).array();
    }

    byte[] garbageChunks(long dueMs, UserId user, UploadId upload, int fromIndex) {
        return upload(
                        user(
                                start(1 + Long.BYTES + sized(user) + UploadId.BYTES + Integer.BYTES)
                                        .put(CHUNKS)
                                        .putLong(dueMs),
                                user),
                        upload)
                .putInt(fromIndex)
                .array();
    }

    byte[] expiry(long expiresAtMs, UserId user, BlobName name) {
        return user(
                        start(1 + Long.BYTES + sized(user) + name.utf8().length)
                                .put(EXPIRY)
                                .putLong(expiresAtMs),
                        user)
                .put(name.utf8())
                .array();
    }

    byte[] moving(UserId user) {
        return start(1 + user.utf8().length).put(MOVING).put(user.utf8()).array();
    }

    byte[] gone(long sinceMs, UserId user) {
        return start(1 + Long.BYTES + user.utf8().length)
                .put(GONE)
                .putLong(sinceMs)
                .put(user.utf8())
                .array();
    }

    /** The user of a key of {@code user}. */
    static String readUserOnly(byte[] key) {
        return new String(rest(key, SHARD), StandardCharsets.UTF_8);
    }

    /** First key of those who are gone since a time or later. */
    byte[] gone(long sinceMs) {
        return start(1 + Long.BYTES).put(GONE).putLong(sinceMs).array();
    }

    /** The user of a key of those who are gone, and since when he is. */
    ShardUsers.Leaver leaver(byte[] key) {
        return new ShardUsers.Leaver(
                ByteBuffer.wrap(key).getLong(SHARD + 1),
                UserId.of(new String(rest(key, SHARD + 1 + Long.BYTES), StandardCharsets.UTF_8)));
    }

    UserId movingUser(byte[] key) {
        return UserId.of(new String(rest(key, SHARD + 1), StandardCharsets.UTF_8));
    }

    /** First key of a kind of garbage. */
    byte[] garbage(byte kind) {
        return start(1).put(kind).array();
    }

    /** First key behind a kind of garbage. */
    byte[] behindGarbage(byte kind) {
        return start(1).put((byte) (kind + 1)).array();
    }

    /** First key of what is due at a time or later. */
    byte[] garbageFrom(byte kind, long dueMs) {
        return start(1 + Long.BYTES).put(kind).putLong(dueMs).array();
    }

    /** A key of the shard, given what stands behind the shard's id. */
    byte[] under(ByteString rest) {
        byte[] key = start(rest.size()).array();
        rest.copyTo(key, SHARD);
        return key;
    }

    /** First key of the shard. */
    byte[] first() {
        return start(0).array();
    }

    /** First key behind the shard. Ids end below 2^31, so there always is one. */
    byte[] end() {
        return ByteBuffer.allocate(SHARD).putInt(shard + 1).array();
    }

    /** The first key that does not begin with these bytes, none of whose last is 0xFF: so it is with UTF-8. */
    static byte[] behindPrefix(byte[] prefix) {
        byte[] end = prefix.clone();
        end[end.length - 1]++;
        return end;
    }

    /** The first key behind all indexes of the upload that the mark of its end belongs to. */
    static byte[] behindIndexes(byte[] mark) {
        return behind(mark);
    }

    /** The first key behind another one. */
    static byte[] behind(byte[] key) {
        return Arrays.copyOf(key, key.length + 1);
    }

    /** The part of a key from a position on. */
    static byte[] rest(byte[] key, int offset) {
        return Arrays.copyOfRange(key, offset, key.length);
    }

    /** Reads a key that one of the methods above made, behind the shard. */
    static ByteBuffer read(byte[] key) {
        return ByteBuffer.wrap(key, SHARD, key.length - SHARD);
    }

    private ByteBuffer start(int more) {
        return ByteBuffer.allocate(SHARD + more).putInt(shard);
    }

    private static int sized(UserId user) {
        return Short.BYTES + user.utf8().length;
    }

    private static ByteBuffer user(ByteBuffer out, UserId user) {
        return out.putShort((short) user.utf8().length).put(user.utf8());
    }

    private static ByteBuffer upload(ByteBuffer out, UploadId upload) {
        return out.putLong(upload.timeMs()).putLong(upload.random());
    }
}
