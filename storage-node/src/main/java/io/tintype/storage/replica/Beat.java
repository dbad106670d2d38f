// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * One shard's part in a primary's heartbeat. Immutable.
 *
 * @param epoch the primary's epoch
 * @param committed every record up to here is committed
 * @param lastSeq last record of the primary's log
 * @param leased the primary held its lease after it looked at {@code committed}: at that moment nobody else can have
 *     committed more
 * @param trimmed the primary's log begins behind this record: nobody needs it from followers either
 */
public record Beat(long epoch, long committed, long lastSeq, boolean leased, long trimmed) {}
