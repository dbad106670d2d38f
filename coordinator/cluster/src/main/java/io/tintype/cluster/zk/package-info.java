// SPDX-License-Identifier: Apache-2.0
/**
 * One process's session with ZooKeeper: connection, paths, record codecs and compare-and-set.
 *
 * <p>Nothing here knows what a record means; who may write which znode is decided in the packages above.
 */
@NullMarked
package io.tintype.cluster.zk;

import org.jspecify.annotations.NullMarked;
