// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Chunks of one shard on their way to become a blob.
 *
 * <p>Thread-safe; methods that take a {@link Write} only fill it and never block, the others read the disk.
 */
public final class ChunkStore {
    private static final int STAGED_BYTES = 2 * Integer.BYTES;

    private final Disk disk;
    private final Keys keys;
    private volatile Consumer<ChunkKey> damaged = key -> {};

    ChunkStore(Disk disk, Keys keys) {
        this.disk = disk;
        this.keys = keys;
    }

    /** Who is told, on whatever thread comes upon it, of a chunk that is here and is not what was stored. Must not block. */
    public void onDamage(Consumer<ChunkKey> listener) {
        damaged = listener;
    }

    void damaged(ChunkKey key) {
        damaged.accept(key);
    }

    /** Whether a chunk is here and is not what was stored. Blocks. */
    public boolean isDamaged(ChunkKey key) {
        byte[] encodedKey = keys.chunk(key);
        var value = disk.getUnchecked(Family.CHUNK, encodedKey);
        if (value == null) {
            return false;
        }
        try {
            ChunkCodec.decode(encodedKey, value, key);
            return false;
        } catch (TintypeException e) {
            return true;
        }
    }

    /** Puts the one chunk of a small blob into the write that also appends the record that names it. */
    public void inline(Write write, ChunkKey key, Chunk chunk) {
        byte[] encodedKey = keys.chunk(key);
        write.put(Family.CHUNK, encodedKey, ChunkCodec.encode(encodedKey, chunk));
    }

    /** Puts a chunk and its entry in the stage into a write. */
    public void stage(Write write, ChunkKey key, Chunk chunk) {
        inline(write, key, chunk);
        write.put(
                Family.STAGE,
                keys.stage(key.upload(), key.user(), key.index()),
                ByteBuffer.allocate(STAGED_BYTES)
                        .putInt(chunk.plainBytes())
                        .putInt(chunk.plainCrc())
                        .array());
    }

    /** Whether an upload was completed or aborted: then none of its chunks may be staged any more. Blocks. */
    public boolean closed(UserId user, UploadId upload) {
        return Closing.read(disk.get(Family.STAGE, keys.stage(upload, user, Keys.CLOSED)))
                .isPresent();
    }

    /**
     * The chunk that is staged at a place. A chunk must not be staged again with other bytes, since a record that names
     * the first ones may be under way: callers compare, and skip or refuse. Blocks.
     */
    public Optional<StagedChunk> staged(ChunkKey key) {
        var value = disk.get(Family.STAGE, keys.stage(key.upload(), key.user(), key.index()));
        return Optional.ofNullable(value).map(bytes -> read(key.index(), bytes));
    }

    /** The chunks that are staged, by index. Blocks. */
    List<StagedChunk> staged(UserId user, UploadId upload) {
        var found = new ArrayList<StagedChunk>();
        byte[] first = keys.stage(upload, user, 0);
        try (var scan = disk.scan(Family.STAGE, first, keys.stage(upload, user, Keys.CLOSED))) {
            for (; scan.valid(); scan.next()) {
                byte[] key = scan.key();
                found.add(read(ByteBuffer.wrap(key).getInt(key.length - Integer.BYTES), scan.value()));
            }
        }
        return found;
    }

    /**
     * The chunks of a manifest that a replica still has to get before it may acknowledge the record that names it: those
     * that are not staged or have another size; or, if all are there but are not the bytes the manifest means, all,
     * because nobody knows which are wrong. Blocks.
     *
     * @param fetched indexes that came from the primary for this record already; they are not asked for again
     * @param max most indexes to return
     * @throws TintypeException CORRUPT_DATA where all that could be wrong came already, and what is here still is not what
     *     the manifest means: the primary has no other bytes
     */
    public List<Integer> missing(UserId user, Manifest manifest, BitSet fetched, int max) {
        var upload = Stored.upload(manifest);
        if (upload.isEmpty()) {
            return List.of();
        }
        var there = new BitSet(manifest.getChunks());
        var crc = new Crc32c.Running();
        for (var staged : staged(user, upload.get())) {
            if (staged.index() < manifest.getChunks() && staged.size() == Stored.chunkBytes(manifest, staged.index())) {
                there.set(staged.index());
                crc.add(staged.crc(), staged.size());
            }
        }
        if (there.cardinality() == manifest.getChunks()) {
            if (crc.crc() == manifest.getCrc32C()) {
                return List.of();
            }
            there.clear();
        }
        there.or(fetched);
        var missing = new ArrayList<Integer>();
        for (int i = there.nextClearBit(0); i < manifest.getChunks() && missing.size() < max; ) {
            missing.add(i);
            i = there.nextClearBit(i + 1);
        }
        if (missing.isEmpty()) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA,
                    "the chunks of upload " + upload.get() + ", as they were fetched, are not what its manifest means");
        }
        return missing;
    }

    /** Takes a chunk away at once: for records that are cut off the log. */
    void remove(Write write, ChunkKey key) {
        write.delete(Family.CHUNK, keys.chunk(key));
    }

    private static StagedChunk read(int index, byte[] value) {
        if (value.length != STAGED_BYTES) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA, "entry of staged chunk " + index + " has " + value.length + " bytes");
        }
        var in = ByteBuffer.wrap(value);
        return new StagedChunk(index, in.getInt(), in.getInt());
    }
}
