// SPDX-License-Identifier: Apache-2.0
/**
 * Where a user's request goes: the shard map, the users' homes, and what to do with the hints that servers give.
 *
 * <p>Knows nothing of what a request asks for.
 */
@NullMarked
package io.tintype.client.internal.route;

import org.jspecify.annotations.NullMarked;
