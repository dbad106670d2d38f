// SPDX-License-Identifier: Apache-2.0
/**
 * Watching heads at the primaries of their shards, for whoever holds a {@link io.tintype.heads.HeadCache}: the calls that feed
 * it, and when they are begun, given up and taken up again. Starts no thread; channels and timers come from outside.
 */
@NullMarked
package io.tintype.heads.feed;

import org.jspecify.annotations.NullMarked;
