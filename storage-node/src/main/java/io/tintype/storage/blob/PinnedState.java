// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Moment;
import io.tintype.storage.log.LogPosition;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * What a shard's applied records made, as of one moment, kept to be digested: users, heads with their manifests, and
 * directory entries, which are the same on every replica that applied the same records. Not what each replica collects in
 * its own time: outcomes of requests, staged chunks, garbage.
 *
 * <p>Blocks; one thread at a time. To be closed.
 */
public final class PinnedState implements AutoCloseable {
    private static final List<Family> DIGESTED = List.of(Family.USER, Family.HEAD, Family.DIR);
    private static final int ID_BYTES = Integer.BYTES;

    private final Moment moment;
    private final Keys keys;
    private final LogPosition at;
    private final MessageDigest sha = sha256();
    private long entries;
    private long chunks;
    private long badChunks;
    private long chunkBytes;

    private PinnedState(Moment moment, Keys keys, LogPosition at) {
        this.moment = moment;
        this.keys = keys;
        this.at = at;
    }

    /** @throws TintypeException UNAVAILABLE where nothing was applied yet, as while a snapshot is being installed */
    static PinnedState open(Disk disk, ShardId shard, Keys keys) {
        var moment = disk.moment();
        try {
            var mark = moment.get(Family.META, keys.applied());
            if (mark == null) {
                throw new TintypeException(
                        Reason.UNAVAILABLE, "shard " + shard + ": there is nothing here yet to digest");
            }
            return new PinnedState(
                    moment, keys, StateMachine.decode(shard, mark).at());
        } catch (RuntimeException | Error e) {
            moment.close();
            throw e;
        }
    }

    /** The last record whose effect is in it. */
    public LogPosition at() {
        return at;
    }

    /**
     * Reads all of it. To be called once.
     *
     * @param readChunks whether to read every chunk that a head names, and verify it
     * @param paced is told of the bytes that were read, and may wait
     */
    public StateDigest digest(boolean readChunks, LongConsumer paced) {
        for (var family : DIGESTED) {
            add(family.columnFamily().getBytes(StandardCharsets.UTF_8), 0);
            try (var scan = moment.scan(family, keys.first(), keys.end())) {
                for (; scan.valid(); scan.next()) {
                    byte[] key = scan.key();
                    byte[] value = scan.value();
                    add(key, ID_BYTES);
                    add(value, 0);
                    entries++;
                    paced.accept((long) key.length + value.length);
                    if (family == Family.HEAD) {
                        chunksOf(key, value, readChunks, paced);
                    }
                }
            }
        }
        return new StateDigest(at, ByteString.copyFrom(sha.digest()), entries, chunks, badChunks, chunkBytes);
    }

    private void add(byte[] bytes, int offset) {
        sha.update(
                ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length - offset).flip());
        sha.update(bytes, offset, bytes.length - offset);
    }

    private void chunksOf(byte[] key, byte[] value, boolean readChunks, LongConsumer paced) {
        var manifest = Stored.parse(StoredHead.parser(), value, "a head").getManifest();
        chunks += manifest.getChunks();
        if (!readChunks || manifest.getChunks() == 0) {
            return;
        }
        var user = Stored.readUser(Keys.read(key));
        for (int index = 0; index < manifest.getChunks(); index++) {
            long bytes = read(user, manifest, index);
            if (bytes < 0) {
                badChunks++;
            } else {
                chunkBytes += bytes;
                paced.accept(bytes);
            }
        }
    }

    /** Bytes of a chunk; negative: it is not here, or not what was stored. */
    private long read(UserId user, Manifest manifest, int index) {
        var upload = Stored.upload(manifest);
        if (upload.isEmpty()) {
            return -1;
        }
        byte[] key = keys.chunk(user, upload.get(), index);
        try {
            byte[] value = moment.get(Family.CHUNK, key);
            if (value == null) {
                return -1;
            }
            int size = ChunkCodec.decode(key, value, index).plainBytes();
            return size == Stored.chunkBytes(manifest, index) ? size : -1;
        } catch (TintypeException e) {
            return -1;
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public void close() {
        moment.close();
    }
}
