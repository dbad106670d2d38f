// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/**
 * A follower's answer to a beat. Immutable.
 *
 * @param epoch the follower's epoch: equal to the beat's, the follower grants a lease; higher, it refuses
 * @param incarnation the follower's incarnation
 * @param persistedSeq last fsynced record, for people and graphs; acknowledgements alone count for commits
 * @param granted whether the answer grants a lease; not to a primary that is deaf
 * @param leaving the follower's process is going to end: it asks to be left out of the in-sync set
 * @param full the follower's disk takes no more writes
 */
public record BeatAnswer(
        long epoch, long incarnation, long persistedSeq, boolean granted, boolean leaving, boolean full) {}
