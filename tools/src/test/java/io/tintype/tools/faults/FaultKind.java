// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.time.Duration;
import java.util.Set;

/** Everything that can befall a cluster here. */
enum FaultKind {
    /** SIGKILL. */
    KILL_PRIMARY(8, ProcessFaults::killPrimary),
    KILL_BACKUP(6, ProcessFaults::killBackup),
    KILL_ALL_NODES(1, ProcessFaults::killAllNodes),
    KILL_COORDINATORS(8, ProcessFaults::killCoordinators),
    KILL_EVERYTHING(1, ProcessFaults::killEverything),

    /** SIGSTOP past every timeout, ZooKeeper's session included, then SIGCONT. */
    PAUSE_PRIMARY(14, ProcessFaults::pausePrimary),
    PAUSE_BACKUP(14, ProcessFaults::pauseBackup),
    PAUSE_ALL_NODES(14, ProcessFaults::pauseAllNodes),

    /** Nothing reaches the primary or comes from it. */
    ISOLATE_PRIMARY(12, NetworkFaults::isolatePrimary),
    /** The primary and its peers do not hear each other; both reach ZooKeeper and clients. */
    SPLIT_PRIMARY(12, NetworkFaults::splitPrimary),
    /** Peers do not hear the primary, which hears them. */
    ONE_WAY_OUT(12, NetworkFaults::oneWayOut),
    /** The primary does not hear its peers, which hear it. */
    ONE_WAY_IN(12, NetworkFaults::oneWayIn),
    /** The primary and one backup do not hear each other; the other backup hears both. */
    BRIDGE(12, NetworkFaults::bridge),
    /** Clients do not reach the primary; its peers do. */
    CUT_CLIENTS(10, NetworkFaults::cutClients),
    SLOW_LINKS(10, NetworkFaults::slowLinks),
    LOSSY_LINKS(12, NetworkFaults::lossyLinks),

    /** The primary does not reach ZooKeeper until its session has ended there. */
    CUT_ZOOKEEPER(16, ZooKeeperFaults::cutFromPrimary),
    KILL_ZOOKEEPER_LEADER(8, ZooKeeperFaults::killLeader),
    EXPIRE_SESSION(5, ZooKeeperFaults::expireSession),
    ZOOKEEPER_DOWN(60, ZooKeeperFaults::down),

    WIPED_DISK(2, DiskFaults::wipe),
    DISK_FULL(10, DiskFaults::fill, Need.DISKS),
    POWER_CUT(2, DiskFaults::powerCut, Need.DISKS),
    FSYNC_ERROR(6, DiskFaults::fsyncError, Need.FSYNC_ERRORS),

    /** One bit of a file of the store is another. */
    FLIP_WAL(1, RotFaults::wal),
    FLIP_SST(1, RotFaults::sst),
    FLIP_BLOB(1, RotFaults::blob),

    CLOCK_FORWARD(8, ClockFaults::forward, Need.CLOCKS),
    CLOCK_BACK(8, ClockFaults::back, Need.CLOCKS);

    /** Brings a fault about. */
    @FunctionalInterface
    interface Injection {
        /** Returns once it is there. */
        Heal inject(Stage stage) throws Exception;
    }

    private final Duration hold;

    @SuppressWarnings("ImmutableEnumChecker") // a reference to a static method
    private final Injection injection;

    @SuppressWarnings("ImmutableEnumChecker") // copied, and changed by nobody
    private final Set<Need> needs;

    FaultKind(int holdSeconds, Injection injection, Need... needs) {
        this.hold = Duration.ofSeconds(holdSeconds);
        this.injection = injection;
        this.needs = Set.of(needs);
    }

    /** How long it lasts before it is healed. */
    Duration hold() {
        return hold;
    }

    Set<Need> needs() {
        return needs;
    }

    Heal inject(Stage stage) throws Exception {
        return injection.inject(stage);
    }
}
