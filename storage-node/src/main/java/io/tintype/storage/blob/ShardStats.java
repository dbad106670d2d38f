// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

/**
 * What a shard holds, exact as of the last applied record. Immutable.
 *
 * @param users users it owns; of a directory shard: entries
 * @param blobs blobs, those past their time to live included until they are collected
 * @param bytes bytes of those blobs
 */
public record ShardStats(long users, long blobs, long bytes) {
    /** Nothing. */
    public static final ShardStats NONE = new ShardStats(0, 0, 0);

    ShardStats plus(long moreUsers, long moreBlobs, long moreBytes) {
        return new ShardStats(users + moreUsers, blobs + moreBlobs, bytes + moreBytes);
    }
}
