// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import io.tintype.model.Limits;
import io.tintype.model.ShardId;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;

/**
 * Puts a snapshot's parts on the disk, between {@link ShardStore#beginInstall} and {@link ShardStore#endInstall}. Nothing
 * of it is synced, and nothing need be: until the installation ends, the disk says that it goes on.
 *
 * <p>Blocks; one thread at a time.
 */
public final class SnapshotSink {
    private static final int MAX_KEY_BYTES = 4 << 10;
    private static final int MAX_VALUE_BYTES = Limits.MAX_FRAME_BYTES + Chunk.SEAL_BYTES + ChunkCodec.TRAILER_BYTES;

    private final Disk disk;
    private final ShardId shard;
    private final Keys keys;
    private final StateMachine.State state;
    private long heads;

    /** @throws IllegalArgumentException if the head contradicts itself */
    SnapshotSink(Disk disk, ShardId shard, Keys keys, SnapshotHead head) {
        this.disk = disk;
        this.shard = shard;
        this.keys = keys;
        this.state = check(shard, head);
    }

    /**
     * Checks what a snapshot says that it is of.
     *
     * @throws IllegalArgumentException if that contradicts itself, saying how
     * @throws io.tintype.model.TintypeException CORRUPT_DATA if the applied mark is none
     */
    static StateMachine.State check(ShardId shard, SnapshotHead head) {
        var state = StateMachine.decode(shard, head.applied().toByteArray());
        if (!state.at().equals(head.at())
                || head.at().seq() < 1
                || head.epochFirst() < 1
                || head.epochFirst() > head.at().seq()
                || head.at().epoch() < 1) {
            throw new IllegalArgumentException("a snapshot of " + head.at() + " with a mark of " + state.at()
                    + " and an epoch that begins at " + head.epochFirst());
        }
        return state;
    }

    /**
     * Writes a part.
     *
     * @throws IllegalArgumentException if it is none of a snapshot's, saying why; nothing of it was written
     * @throws io.tintype.model.TintypeException CORRUPT_DATA if a chunk does not hold what it should; DISK_FULL,
     *     UNAVAILABLE
     */
    public void put(SnapshotPart part) {
        if (!ShardSnapshot.FAMILIES.contains(part.family())) {
            throw new IllegalArgumentException("a snapshot has no entries of family " + part.family());
        }
        disk.committer().admit(part.bytes());
        var write = new Write();
        for (int i = 0; i < part.keys().size(); i++) {
            put(write, part.family(), part.keys().get(i), part.values().get(i));
        }
        if (part.family() == Family.HEAD) {
            heads += part.keys().size();
        }
        disk.committer().writeNow(write);
    }

    private void put(Write write, Family family, ByteString key, ByteString value) {
        if (key.isEmpty() || key.size() > MAX_KEY_BYTES || value.size() > MAX_VALUE_BYTES) {
            throw new IllegalArgumentException("an entry of family " + family + " with a key of " + key.size()
                    + " bytes and a value of " + value.size());
        }
        byte[] whole = keys.under(key);
        if (family == Family.CHUNK) {
            ChunkCodec.decode(whole, value.toByteArray(), "of a snapshot");
        }
        write.put(family, whole, value);
    }

    /**
     * Checks that as many names came as the snapshot's own count says.
     *
     * @throws IllegalArgumentException if not
     */
    public void requireWhole() {
        if (heads != state.stats().blobs()) {
            throw new IllegalArgumentException(
                    "shard " + shard + ": a snapshot of " + state.stats().blobs() + " blobs came with " + heads);
        }
    }

    StateMachine.State state() {
        return state;
    }
}
