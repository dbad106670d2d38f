// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import org.jspecify.annotations.Nullable;

/**
 * A member's answer to a {@link Ballot}. Immutable.
 *
 * @param round the ballot's round
 * @param agreed the member hears no primary, and its own grant has run out
 * @param member the member; null: there is no working replica here (none at all, or one that failed)
 * @param promisedEpoch the highest epoch it has promised
 */
public record BallotAnswer(
        long round, boolean agreed, @Nullable Member member, long promisedEpoch) {}
