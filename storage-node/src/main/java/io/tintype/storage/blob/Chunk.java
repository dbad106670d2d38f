// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;

/**
 * Bytes of a blob and their checksum. Immutable. What a reader hands out was verified against the checksum; what is given
 * to be stored must be, by whoever took it from the network.
 *
 * @param data the bytes
 * @param crc CRC32C of data
 */
public record Chunk(ByteString data, int crc) {}
