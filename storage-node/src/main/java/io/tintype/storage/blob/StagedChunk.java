// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

/**
 * A chunk that is staged, without its bytes. Immutable.
 *
 * @param index its place, from 0
 * @param size number of bytes
 * @param crc CRC32C of its bytes
 */
public record StagedChunk(int index, int size, int crc) {}
