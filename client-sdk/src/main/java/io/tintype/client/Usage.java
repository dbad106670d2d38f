// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

/**
 * What a user has stored, and may store. Immutable.
 *
 * @param blobs number of blobs, expired ones included until they are collected
 * @param bytes their bytes
 * @param blobsLimit number of blobs he may have; 0: no limit
 * @param bytesLimit bytes he may have; 0: no limit
 * @param ownQuota true: these limits are his own; false: his pool's
 * @param frozen true: an operator has frozen him; he can be read, and nothing of his can be changed
 */
public record Usage(long blobs, long bytes, long blobsLimit, long bytesLimit, boolean ownQuota, boolean frozen) {}
