// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;

/**
 * Refuses what a disk has no room for, and says what to do about it. Uploads are refused first, then everything that makes
 * the data more, and copies of what a shard's primary took already last.
 *
 * <p>Thread-safe; never blocks, but for asking the file system now and then.
 */
final class Room {
    /** Room does not come back by itself sooner than somebody can free it. */
    private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

    private final DiskConfig config;
    private final SpaceGuard space;

    Room(DiskConfig config, SpaceGuard space) {
        this.config = config;
        this.space = space;
    }

    /** Whether uploads are refused, until there is enough room again. */
    boolean isReadOnly() {
        return !space.takesUpload(0);
    }

    /** @throws TintypeException DISK_FULL if an upload of so many bytes is not taken */
    void requireForUpload(long bytes) {
        if (!space.takesUpload(bytes)) {
            var limits = config.space();
            throw full(" bytes free and takes no uploads: they ended at " + limits.readOnlyBytes()
                    + " and begin again at " + limits.resumeBytes()
                    + ". Delete images, free space, add a node, or move shards away.");
        }
    }

    /** @throws TintypeException DISK_FULL if so many bytes would touch the reserve */
    void require(long bytes) {
        if (!space.hasRoomFor(bytes)) {
            throw reserveTouched();
        }
    }

    /** @throws TintypeException DISK_FULL if so many bytes would leave less than half of the reserve */
    void requireForCopy(long bytes) {
        if (!space.hasRoomForCopy(bytes)) {
            throw reserveTouched();
        }
    }

    private TintypeException reserveTouched() {
        return full(" bytes free, and keeps " + config.space().reserveBytes()
                + " in reserve. Free space, add a node, or move shards away.");
    }

    private TintypeException full(String why) {
        return new TintypeException(
                Reason.DISK_FULL, config.directory() + " has only " + space.free() + why, RETRY_AFTER);
    }
}
