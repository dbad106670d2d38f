// SPDX-License-Identifier: Apache-2.0
/**
 * Where new things go: which nodes for a new shard, which shard for a new user.
 *
 * <p>Pure: no I/O, no clock, no randomness of its own; equal questions have equal answers.
 */
@NullMarked
package io.tintype.cluster.placement;

import org.jspecify.annotations.NullMarked;
