// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.rendition;

import io.tintype.cluster.config.Meaning;

/** Whether images are made in other sizes and formats, and what that may cost. Immutable. */
public record RenditionSettings(
        @Meaning("Whether it makes images in other sizes and formats.")
        boolean enabled,

        @Meaning("Renditions made at a time, 1 to 64; 0: half of the processors, at least 1.")
        int threads,

        @Meaning("Renditions that wait for a thread, 1 to 10000; more are asked to come back.")
        int waiting,

        @Meaning("Memory that one may take while it is made, 8 MiB to 4 GiB; 0: an eighth of the heap's limit by the"
                + " number of threads.")
        long memoryBytes,

        @Meaning("Largest image that is read for one, in bytes, 64 KiB to 256 MiB.")
        long maxSourceBytes,

        @Meaning("Most pixels of such an image, 1000000 to 1000000000.")
        int maxPixels) {
    /** As many as half of the processors, of images up to 32 MiB and 100 million pixels. */
    public static final RenditionSettings DEFAULTS = new RenditionSettings(true, 0, 256, 0, 32L << 20, 100_000_000);

    private static final int HEAP_SHARE = 8;
    private static final long LEAST_MEMORY = 8L << 20;

    public RenditionSettings {
        require(threads >= 0 && threads <= 64, "threads", threads, "0 to 64");
        require(waiting >= 1 && waiting <= 10_000, "waiting", waiting, "1 to 10000");
        require(
                memoryBytes == 0 || (memoryBytes >= LEAST_MEMORY && memoryBytes <= 4L << 30),
                "memoryBytes",
                memoryBytes,
                "0, or 8MiB to 4GiB");
        require(
                maxSourceBytes >= 64 << 10 && maxSourceBytes <= 256L << 20,
                "maxSourceBytes",
                maxSourceBytes,
                "64KiB to 256MiB");
        require(maxPixels >= 1_000_000 && maxPixels <= 1_000_000_000, "maxPixels", maxPixels, "1000000 to 1000000000");
    }

    /** Renditions made at a time, with the default worked out. */
    int threadsOrDefault() {
        return threads != 0 ? threads : Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }

    /** Memory one may take, with the default worked out. */
    long memory() {
        return memoryBytes != 0
                ? memoryBytes
                : Math.max(LEAST_MEMORY, Runtime.getRuntime().maxMemory() / HEAP_SHARE / threadsOrDefault());
    }

    private static void require(boolean holds, String setting, long value, String wanted) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "Setting renditions." + setting + " is " + value + "; it must be " + wanted + ".");
        }
    }
}
