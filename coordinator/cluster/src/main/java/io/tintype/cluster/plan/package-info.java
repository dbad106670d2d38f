// SPDX-License-Identifier: Apache-2.0
/**
 * Plans as they are kept in ZooKeeper, so that any controller can go on with them: reading and writing them, and turning
 * steps into records and back. What to plan is for {@code io.tintype.cluster.placement.plan}, carrying out for the
 * coordinator.
 */
@NullMarked
package io.tintype.cluster.plan;

import org.jspecify.annotations.NullMarked;
