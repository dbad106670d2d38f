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
 * @param deaf the primary has not heard from enough members for a while: it grants itself nothing by this beat, and who
 *     hears it may look for another primary. Answered all the same, so that it notices when it is heard again
 */
public record Beat(long epoch, long committed, long lastSeq, boolean leased, long trimmed, boolean deaf) {}
