// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

/**
 * One chunk of an upload that is on the cluster's disks. Immutable.
 *
 * @param index its place, from 0
 * @param size number of bytes
 * @param crc32c CRC32C of its bytes
 */
public record StagedChunk(int index, int size, int crc32c) {}
