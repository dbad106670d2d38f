// SPDX-License-Identifier: Apache-2.0
/**
 * A ZooKeeper server inside this process, for a whole cluster on one machine and for tests.
 *
 * <p>Server processes of a real cluster never import this.
 */
@NullMarked
package io.tintype.cluster.embedded;

import org.jspecify.annotations.NullMarked;
