// SPDX-License-Identifier: Apache-2.0
/**
 * The right to place shards: who holds it, and the writes that only its holder may make.
 *
 * <p>What to place where is decided by the coordinator's controller and {@code io.tintype.cluster.placement}.
 */
@NullMarked
package io.tintype.cluster.control;

import org.jspecify.annotations.NullMarked;
