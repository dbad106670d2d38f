// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

/**
 * What the near cache may do. Immutable.
 *
 * @param bytes memory in all; 0: off
 * @param maxBlobBytes largest blob kept
 * @param leases whether reads that put up with it are answered without asking the cluster
 */
record NearCacheSettings(long bytes, int maxBlobBytes, boolean leases) {
    /** One byte in so many is for heads. */
    private static final int HEADS_SHARE = 8;

    boolean isOn() {
        return bytes > 0;
    }

    long bytesForBlobs() {
        return leases ? bytes - bytes / HEADS_SHARE : bytes;
    }

    long bytesForHeads() {
        return Math.max(1, bytes / HEADS_SHARE);
    }
}
