// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import io.tintype.cluster.config.Meaning;

/** What a coordinator caches, and where. Immutable. */
public record CacheSettings(
        @Meaning("Whether it caches images.") boolean enabled,

        @Meaning(
                "Memory outside the heap for images, 16 MiB to 1 TiB; 0: an eighth of the heap's limit, at most 1 GiB.")
        long memoryBytes,

        @Meaning("Folder for images that do not fit the memory; empty: none are kept on disk.")
        String diskPath,

        @Meaning("Disk space for them, 64 MiB to 64 TiB.") long diskBytes,

        @Meaning("Whether coordinators of one region keep images for each other.")
        boolean shared,

        MemcachedSettings memcached) {
    /** In memory alone. */
    public static final CacheSettings DEFAULTS =
            new CacheSettings(true, 0, "", 10L << 30, true, MemcachedSettings.NONE);

    /** No cache at all. */
    public static final CacheSettings NONE = new CacheSettings(false, 0, "", 10L << 30, false, MemcachedSettings.NONE);

    private static final long MOST_MEMORY = 1L << 40;
    private static final long MOST_DISK = 64L << 40;
    private static final long MOST_BY_DEFAULT = 1L << 30;
    private static final int HEAP_SHARE = 8;

    public CacheSettings {
        require(
                memoryBytes == 0 || (memoryBytes >= Arena.SLAB_BYTES && memoryBytes <= MOST_MEMORY),
                "cache.memoryBytes",
                memoryBytes,
                "0, or 16MiB to 1TiB");
        require(
                diskBytes >= DiskLayer.LEAST_BYTES && diskBytes <= MOST_DISK,
                "cache.diskBytes",
                diskBytes,
                "64MiB to 64TiB");
    }

    /** Memory for images, with the default worked out. */
    public long memory() {
        return memoryBytes != 0
                ? memoryBytes
                : Math.min(MOST_BY_DEFAULT, Runtime.getRuntime().maxMemory() / HEAP_SHARE);
    }

    /** The same with so much memory. */
    public CacheSettings withMemory(long bytes) {
        return new CacheSettings(enabled, bytes, diskPath, diskBytes, shared, memcached);
    }

    /** The same with a cache on disk. */
    public CacheSettings withDisk(String path, long bytes) {
        return new CacheSettings(enabled, memoryBytes, path, bytes, shared, memcached);
    }

    /** The same with a memcached. */
    public CacheSettings withMemcached(MemcachedSettings other) {
        return new CacheSettings(enabled, memoryBytes, diskPath, diskBytes, shared, other);
    }

    private static void require(boolean holds, String setting, Object value, String wanted) {
        if (!holds) {
            throw new IllegalArgumentException("Setting " + setting + " is " + value + "; it must be " + wanted + ".");
        }
    }
}
