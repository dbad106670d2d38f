// SPDX-License-Identifier: Apache-2.0
/**
 * Moves users between shards: what a shard's primary does so that users who are in a move come out of it. Start with
 * {@link MoveStep}, which decides; {@link UserMover} carries it out.
 *
 * <p>Whether a record takes effect is for the state machine ({@code io.tintype.storage.blob}) to say: nothing here is trusted.
 */
@NullMarked
package io.tintype.storage.move;

import org.jspecify.annotations.NullMarked;
