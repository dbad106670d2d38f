// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.DirectorySlots;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryMap;
import io.tintype.proto.internal.v1.SlotRun;
import java.util.ArrayList;
import java.util.List;

/**
 * Which directory shard keeps which slot of users. Immutable.
 *
 * <p>Invariant: all {@link DirectorySlots#COUNT} slots are kept by some shard.
 */
public final class DirectoryLayout {
    private final List<ShardId> shardOfSlot;

    private DirectoryLayout(List<ShardId> shardOfSlot) {
        this.shardOfSlot = List.copyOf(shardOfSlot);
    }

    /** All slots spread evenly, in runs, over these shards; at least one is needed. */
    public static DirectoryLayout even(List<ShardId> shards) {
        var slots = new ArrayList<ShardId>(DirectorySlots.COUNT);
        for (int slot = 0; slot < DirectorySlots.COUNT; slot++) {
            slots.add(shards.get((int) ((long) slot * shards.size() / DirectorySlots.COUNT)));
        }
        return new DirectoryLayout(slots);
    }

    /**
     * From its record.
     *
     * @throws IllegalArgumentException if its runs do not make up all slots, or name no shard
     */
    public static DirectoryLayout of(DirectoryMap record) {
        var slots = new ArrayList<ShardId>(DirectorySlots.COUNT);
        for (var run : record.getRunsList()) {
            if (run.getSlots() < 1 || run.getSlots() > DirectorySlots.COUNT - slots.size()) {
                throw new IllegalArgumentException("a run of " + Integer.toUnsignedString(run.getSlots())
                        + " slots behind " + slots.size() + " of " + DirectorySlots.COUNT);
            }
            var shard = new ShardId(run.getShard());
            for (int i = 0; i < run.getSlots(); i++) {
                slots.add(shard);
            }
        }
        if (slots.size() != DirectorySlots.COUNT) {
            throw new IllegalArgumentException(
                    "the directory map has " + slots.size() + " slots, not " + DirectorySlots.COUNT);
        }
        return new DirectoryLayout(slots);
    }

    /** Its record, in as few runs as possible. */
    public DirectoryMap toRecord() {
        var record = DirectoryMap.newBuilder().setFormat(ZnodeCodec.FORMAT);
        int start = 0;
        for (int slot = 1; slot <= shardOfSlot.size(); slot++) {
            if (slot == shardOfSlot.size() || !shardOfSlot.get(slot).equals(shardOfSlot.get(start))) {
                record.addRuns(SlotRun.newBuilder()
                        .setSlots(slot - start)
                        .setShard(shardOfSlot.get(start).value()));
                start = slot;
            }
        }
        return record.build();
    }

    /** The directory shard that keeps a user's entry. */
    public ShardId shardOf(UserId user) {
        return shardOfSlot.get(DirectorySlots.of(user));
    }

    /** All directory shards, each once, in order of id. */
    public List<ShardId> shards() {
        return shardOfSlot.stream().distinct().sorted().toList();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof DirectoryLayout that && shardOfSlot.equals(that.shardOfSlot);
    }

    @Override
    public int hashCode() {
        return shardOfSlot.hashCode();
    }

    @Override
    public String toString() {
        return "DirectoryLayout[" + shards() + "]";
    }
}
