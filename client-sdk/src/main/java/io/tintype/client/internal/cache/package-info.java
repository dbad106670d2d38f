// SPDX-License-Identifier: Apache-2.0
/**
 * Keeps the near cache's knowledge of current versions fresh: the feeds of the shards that it holds heads of. The rules of
 * coherence are those of {@code io.tintype.heads}; here is only what connects them to the network.
 */
@NullMarked
package io.tintype.client.internal.cache;

import org.jspecify.annotations.NullMarked;
