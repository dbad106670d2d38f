// SPDX-License-Identifier: Apache-2.0
/**
 * A shard in virtual time: real cores, with disks, clocks, network and ZooKeeper played by one seeded event queue.
 *
 * <p>A seed repeats a run exactly. Nothing here uses threads or the real clock. Start with {@link
 * io.tintype.storage.replica.sim.Sim}.
 */
@NullMarked
package io.tintype.storage.replica.sim;

import org.jspecify.annotations.NullMarked;
