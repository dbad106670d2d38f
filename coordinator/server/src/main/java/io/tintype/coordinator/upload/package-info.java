// SPDX-License-Identifier: Apache-2.0
/**
 * Passes changes on to the nodes that lead the users' shards. Knows nothing of retrieval.
 *
 * <p>Streams message by message: of an upload under way only a small, accounted beginning is kept.
 */
@NullMarked
package io.tintype.coordinator.upload;

import org.jspecify.annotations.NullMarked;
