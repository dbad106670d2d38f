// SPDX-License-Identifier: Apache-2.0
/**
 * What one replica of a shard decides: election, in-sync set, log lineage, leases.
 *
 * <p>Pure: nothing here does I/O, starts a thread, reads a clock or draws a random number that was
 * not handed in. {@link io.tintype.storage.replica.ReplicaCore#step} takes what happened and returns
 * what to do; the shard's event loop carries it out and reports back with further events. Records'
 * bytes never come here: the core speaks of places in the log only. The same code runs in production
 * and in the simulator, where a seed decides every delay and fault. docs/replication.md tells the
 * rules and the order of messages.
 */
@NullMarked
package io.tintype.storage.replica;

import org.jspecify.annotations.NullMarked;
