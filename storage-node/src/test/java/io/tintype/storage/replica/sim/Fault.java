// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

/** What the nemesis may do to a run; each seed draws the kinds that it uses. */
enum Fault {
    /** A process dies; unsynced data is lost from some point on. */
    CRASH,
    /** All processes die at once. */
    BLACKOUT,
    /** A process stands still for a while; its clocks go on. */
    PAUSE,
    /** A machine is suspended: the monotonic clock stands still, the wall clock does not. */
    SUSPEND,
    /** A disk is lost with all that is on it. */
    WIPE,
    /** A record on a disk changes, unnoticed until it is read. */
    BIT_ROT,
    /** An fsync fails, and what it was to write is lost. */
    FSYNC_ERROR,
    /** A disk takes seconds for what takes milliseconds. */
    SLOW_DISK,
    /** A peer gone mad names an epoch that nobody leads, perhaps absurdly high. */
    FORGED_EPOCH,
    /** Nothing gets from one node to another one, in one direction. */
    CUT_ONE_WAY,
    /** Two nodes hear each other no longer. */
    CUT_PAIR,
    /** The nodes fall into two groups. */
    PARTITION,
    /** A node hears no other node, but ZooKeeper. */
    ISOLATE,
    /** Nothing gets through in one direction, and no connection breaks of it: what was sent arrives later. */
    STALL,
    /** Single messages are lost or late, and streams break. */
    FLAKY,
    /** Single messages arrive twice. */
    DUPLICATE,
    /** Heartbeats and questions are overtaken by the log, or the log by them. */
    REORDER,
    /** A node hears ZooKeeper no longer; its session may expire. */
    ZK_CUT,
    /** A session expires though its node is well. */
    ZK_EXPIRED,
    /** ZooKeeper answers nobody. */
    ZK_OUTAGE,
    /** Compare-and-sets land, and their answers are lost; or they land late. */
    ZK_LOST_ANSWERS,
    /** The clocks of a machine run faster or slower than any bound; what rests on the bound is not looked at meanwhile. */
    CLOCK_DRIFT,
    /** A wall clock is set. */
    CLOCK_STEP,
    /** A disk takes no more writes but the essential ones, until there is room again. */
    FULL_DISK,
    /** A process is told that it is going to end, and ends; perhaps before it could hand over. */
    STOP,
    /** Somebody asks for another primary. */
    TRANSFER,
    /** The controller wants other replicas. */
    REASSIGN,
    /** Records are old enough to be dropped from a log though somebody lacks them: he needs a snapshot then. */
    TRIM
}
