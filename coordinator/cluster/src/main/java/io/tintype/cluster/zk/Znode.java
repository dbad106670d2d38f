// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import org.apache.zookeeper.data.Stat;

/**
 * A znode as it was read.
 *
 * @param data its bytes; not to be changed by whoever reads them
 * @param version what a compare-and-set must name to replace it
 * @param modifiedZxid rises with every change anywhere in ZooKeeper: of two readings the higher is the newer
 * @param ephemeralOwner session that it goes with; 0 if persistent
 * @param modifiedMs when it was last changed, by the clock of the ZooKeeper server that led then, milliseconds since 1970
 */
@SuppressWarnings(
        "ArrayRecordComponent") // holds what ZooKeeper's client handed over; compared by zxid, never by equals
public record Znode(byte[] data, int version, long modifiedZxid, long ephemeralOwner, long modifiedMs) {
    static Znode of(byte[] data, Stat stat) {
        return new Znode(data, stat.getVersion(), stat.getMzxid(), stat.getEphemeralOwner(), stat.getMtime());
    }
}
