// SPDX-License-Identifier: Apache-2.0
/** Moving replicas, with real processes: nodes that come, are drained and die, and controllers that are killed. */
@NullMarked
package io.tintype.tools.balance;

import org.jspecify.annotations.NullMarked;
