// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import io.tintype.storage.log.LogPosition;

/**
 * What a snapshot of a shard is of. Immutable.
 *
 * @param at the last record whose effect is in it
 * @param epochFirst first record of that one's epoch
 * @param applied the applied mark as it is stored
 * @param expectedBytes about how many bytes of keys and values follow; for showing progress only
 */
public record SnapshotHead(LogPosition at, long epochFirst, ByteString applied, long expectedBytes) {}
