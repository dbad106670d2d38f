// SPDX-License-Identifier: Apache-2.0
/**
 * Moving replicas: asks nodes what they hold, has plans made, carries them out step by step while this coordinator is the
 * controller, and answers operators. What to move is decided by {@code io.tintype.cluster.placement.plan}.
 */
@NullMarked
package io.tintype.coordinator.balance;

import org.jspecify.annotations.NullMarked;
