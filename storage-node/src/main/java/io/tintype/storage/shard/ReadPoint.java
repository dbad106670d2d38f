// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

/**
 * A read that was begun and is to be confirmed. Immutable; means something only to the {@link ShardReplica} that gave
 * it.
 *
 * @param demand what was demanded
 * @param epoch in which the replica leads; 0 where it need not
 * @param asOfMs where it need not lead: the state is current at this time or later, milliseconds since 1970; 0: not known
 * @param ageMs where it need not lead: how old the state was at most when the read began; 0: not known
 * @param emptied how often the state had been taken away when the read began: what was read behind the next time may be of
 *     two states, or of none
 */
public record ReadPoint(ReadDemand demand, long epoch, long asOfMs, long ageMs, int emptied) {}
