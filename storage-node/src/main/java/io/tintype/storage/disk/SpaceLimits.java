// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

/**
 * How much of a file system is left free, in bytes. Immutable.
 *
 * <p>What always holds: {@code reserveBytes <= readOnlyBytes <= resumeBytes}. Uploads end well before the file system is
 * full, so that what was acknowledged can still be copied, deleted and collected; and they do not begin again with the
 * first byte that comes free, so that a disk at its limit does not flip to and fro.
 *
 * @param reserveBytes under so much, only copies of uploads are taken, down to half of it, and essential writes: epochs,
 *     deletes, truncation
 * @param readOnlyBytes under so much, no uploads are taken
 * @param resumeBytes from so much on, they are taken again
 */
public record SpaceLimits(long reserveBytes, long readOnlyBytes, long resumeBytes) {
    /** What suits a disk of its own: room for compaction, and for the copies that others still send. */
    public static final SpaceLimits DEFAULT = new SpaceLimits(1L << 30, 3L << 30, 4L << 30);

    public SpaceLimits {
        require(reserveBytes >= 0, "the reserve must not be negative: " + reserveBytes);
        require(
                readOnlyBytes >= reserveBytes,
                "uploads must end at the reserve of " + reserveBytes + " bytes or before, not at " + readOnlyBytes);
        require(
                resumeBytes >= readOnlyBytes,
                "uploads must begin again at " + readOnlyBytes + " bytes or more, where they end, not at "
                        + resumeBytes);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
