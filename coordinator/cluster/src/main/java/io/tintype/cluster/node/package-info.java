// SPDX-License-Identifier: Apache-2.0
/**
 * How a process makes itself known in ZooKeeper, and stays known when its session is lost.
 */
@NullMarked
package io.tintype.cluster.node;

import org.jspecify.annotations.NullMarked;
