// SPDX-License-Identifier: Apache-2.0
/**
 * A storage node as a process: its settings, what is started in which order, and how it stops.
 *
 * <p>Start with {@link io.tintype.storage.node.StorageNode}. Nothing here decides about blobs, shards or users; it wires
 * those who do.
 */
@NullMarked
package io.tintype.storage.node;

import org.jspecify.annotations.NullMarked;
