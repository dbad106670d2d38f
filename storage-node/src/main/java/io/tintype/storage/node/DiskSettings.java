// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.tintype.cluster.config.Meaning;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.SpaceLimits;
import java.nio.file.Path;

/**
 * How a node uses its disk. Immutable. All amounts are in bytes, and of native memory, beside the heap.
 */
public record DiskSettings(
        @Meaning("Cache of heads, users and the like; at least 1 MiB.")
        long blockCacheBytes,

        @Meaning("Most memory for writes that are not in files yet; at least 4 MiB.")
        long writeBufferBytes,

        @Meaning("With less free space than this, nothing but deletes and the like is taken.")
        long reserveBytes,

        @Meaning("With less free space than this, uploads are refused with DISK_FULL; at least the reserve.")
        long readOnlyBytes,

        @Meaning("With so much free space, uploads are taken again; at least readOnlyBytes.")
        long resumeBytes) {
    /** What suits a machine of its own. */
    public static final DiskSettings DEFAULT = new DiskSettings(
            DiskConfig.BLOCK_CACHE_BYTES,
            DiskConfig.WRITE_BUFFER_BYTES,
            SpaceLimits.DEFAULT.reserveBytes(),
            SpaceLimits.DEFAULT.readOnlyBytes(),
            SpaceLimits.DEFAULT.resumeBytes());

    public DiskSettings {
        Settings.require(blockCacheBytes >= 1 << 20, "disk.blockCacheBytes", blockCacheBytes, "at least 1MiB");
        Settings.require(writeBufferBytes >= 4 << 20, "disk.writeBufferBytes", writeBufferBytes, "at least 4MiB");
        Settings.require(reserveBytes >= 0, "disk.reserveBytes", reserveBytes, "not negative");
        Settings.require(
                readOnlyBytes >= reserveBytes, "disk.readOnlyBytes", readOnlyBytes, "at least disk.reserveBytes");
        Settings.require(resumeBytes >= readOnlyBytes, "disk.resumeBytes", resumeBytes, "at least disk.readOnlyBytes");
    }

    DiskConfig on(Path directory, String clusterId) {
        return DiskConfig.of(directory, clusterId)
                .withMemory(blockCacheBytes, writeBufferBytes)
                .withSpace(new SpaceLimits(reserveBytes, readOnlyBytes, resumeBytes));
    }
}
