// SPDX-License-Identifier: Apache-2.0
/**
 * Finds the node that leads a user's shard, and finds it again when a node says otherwise.
 *
 * <p>Shared by uploads and retrievals, which know nothing of each other. No blob bytes are kept here.
 */
@NullMarked
package io.tintype.coordinator.route;

import org.jspecify.annotations.NullMarked;
