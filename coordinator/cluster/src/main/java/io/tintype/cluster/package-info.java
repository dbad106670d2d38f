/**
 * What every server process shares: settings, lifecycle, metrics, and the shard map kept in ZooKeeper.
 *
 * <p>No blob bytes pass through here, and nothing here knows a storage engine or a request layer.
 */
@NullMarked
package io.tintype.cluster;

import org.jspecify.annotations.NullMarked;
