// SPDX-License-Identifier: Apache-2.0
/**
 * Passes reads on to the nodes that lead the users' shards. Knows nothing of uploads.
 */
@NullMarked
package io.tintype.coordinator.retrieval;

import org.jspecify.annotations.NullMarked;
