// SPDX-License-Identifier: Apache-2.0
/**
 * What to move so that every shard is where it should be and every node carries its share: the planner, and what it says.
 *
 * <p>Pure: no I/O, no clock, no randomness; equal input has an equal plan, in whatever order nodes and shards are given.
 * Carrying a plan out is the coordinator's part.
 */
@NullMarked
package io.tintype.cluster.placement.plan;

import org.jspecify.annotations.NullMarked;
