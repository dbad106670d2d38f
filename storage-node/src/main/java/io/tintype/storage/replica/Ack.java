// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * What is on a follower's disk. Immutable.
 *
 * @param epoch the epoch it follows
 * @param incarnation its incarnation
 * @param persistedSeq every record up to here, and every chunk they name, is fsynced
 */
public record Ack(long epoch, long incarnation, long persistedSeq) {}
