// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import io.tintype.cluster.config.Meaning;
import io.tintype.cluster.log.LogSettings;
import io.tintype.cluster.trace.TracingSettings;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.model.Labels;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.storage.move.MoveSettings;
import io.tintype.storage.rpc.RpcLimits;
import java.nio.file.Path;
import java.util.List;

/**
 * Settings of a storage node, checked when they are made. Immutable. Laid over {@link #defaults} from a YAML file by {@code
 * ConfigFiles.load}; the names of settings are those of the components.
 */
public record StorageNodeConfig(
        @Meaning("The node's id: unique in the cluster, and kept over restarts.")
        String id,

        ZkConfig zookeeper,

        @Meaning("Where it keeps everything; made if it is missing.")
        Path dataDir,

        @Meaning("Region the node stands in; pools of this region may use it.")
        String region,

        @Meaning("What fails together inside the region; replicas of a shard are spread over zones.")
        String zone,

        @Meaning("What it is, such as [ssd]: a pool may ask for nodes with a label. At most 8.")
        List<String> labels,

        ListenSettings listen,
        DiskSettings disk,
        RpcLimits limits,
        MoveSettings moves,
        KeySettings keys,
        TracingSettings tracing,
        LogSettings log) {
    private static final String ANY_TIER = "standard";
    private static final String LEGAL_ZONE = "[a-z0-9-]{1,32}";

    public StorageNodeConfig {
        Settings.check("id", id, () -> new NodeId(id));
        Settings.check("region", region, () -> new PoolId(region, ANY_TIER));
        Settings.require(zone.matches(LEGAL_ZONE), "zone", zone, "1 to 32 characters out of a-z, 0-9 and '-'");
        var given = labels;
        Settings.check("labels", String.join(",", given), () -> Labels.of(given));
        labels = List.copyOf(Labels.of(given));
    }

    /** One node on this machine, with ZooKeeper beside it. */
    public static StorageNodeConfig defaults() {
        var runtime = Runtime.getRuntime();
        return new StorageNodeConfig(
                "node1",
                ZkConfig.of("127.0.0.1:7490"),
                Path.of("tintype-data", "node1"),
                "local",
                "a",
                List.of(),
                new ListenSettings("127.0.0.1", 7410, 7411, 7412, ""),
                DiskSettings.DEFAULT,
                RpcLimits.fitting(runtime.maxMemory(), runtime.availableProcessors()),
                MoveSettings.DEFAULT,
                KeySettings.NONE,
                TracingSettings.OFF,
                LogSettings.DEFAULTS);
    }

    /** The same under another id. */
    public StorageNodeConfig withId(String other) {
        return new StorageNodeConfig(
                other, zookeeper, dataDir, region, zone, labels, listen, disk, limits, moves, keys, tracing, log);
    }

    /** The same with other ZooKeeper servers, as {@code host:port,host:port}. */
    public StorageNodeConfig withZookeeper(String connect) {
        var other = new ZkConfig(connect, zookeeper.root(), zookeeper.sessionTimeout(), zookeeper.connectWait());
        return new StorageNodeConfig(
                id, other, dataDir, region, zone, labels, listen, disk, limits, moves, keys, tracing, log);
    }

    /** The same with another data directory. */
    public StorageNodeConfig withDataDir(Path other) {
        return new StorageNodeConfig(
                id, zookeeper, other, region, zone, labels, listen, disk, limits, moves, keys, tracing, log);
    }

    /** The same in another place. */
    public StorageNodeConfig withPlace(String otherRegion, String otherZone) {
        return new StorageNodeConfig(
                id,
                zookeeper,
                dataDir,
                otherRegion,
                otherZone,
                labels,
                listen,
                disk,
                limits,
                moves,
                keys,
                tracing,
                log);
    }

    /** The same with other labels. */
    public StorageNodeConfig withLabels(List<String> other) {
        return new StorageNodeConfig(
                id, zookeeper, dataDir, region, zone, other, listen, disk, limits, moves, keys, tracing, log);
    }

    /**
     * The same listening elsewhere, for HTTP on any port that is free. Where others reach it stays as it was, if that was
     * named.
     *
     * @param host address to listen on, at which others reach it too where no {@code advertisedHost} is named
     * @param port of the public API; 0 takes a free one
     * @param peerPort for other nodes; 0 takes a free one
     */
    public StorageNodeConfig withListen(String host, int port, int peerPort) {
        var other = new ListenSettings(host, port, peerPort, 0, listen.advertisedHost());
        return new StorageNodeConfig(
                id, zookeeper, dataDir, region, zone, labels, other, disk, limits, moves, keys, tracing, log);
    }

    /** The same with another use of the disk. */
    public StorageNodeConfig withDisk(DiskSettings other) {
        return new StorageNodeConfig(
                id, zookeeper, dataDir, region, zone, labels, listen, other, limits, moves, keys, tracing, log);
    }

    /** The same with other limits. */
    public StorageNodeConfig withLimits(RpcLimits other) {
        return new StorageNodeConfig(
                id, zookeeper, dataDir, region, zone, labels, listen, disk, other, moves, keys, tracing, log);
    }

    /** The same with other limits of moves. */
    public StorageNodeConfig withMoves(MoveSettings other) {
        return new StorageNodeConfig(
                id, zookeeper, dataDir, region, zone, labels, listen, disk, limits, other, keys, tracing, log);
    }

    /** The same with other traces. */
    public StorageNodeConfig withTracing(TracingSettings other) {
        return new StorageNodeConfig(
                id, zookeeper, dataDir, region, zone, labels, listen, disk, limits, moves, keys, other, log);
    }

    /** The same with another source of users' keys. */
    public StorageNodeConfig withKeys(KeySettings other) {
        return new StorageNodeConfig(
                id, zookeeper, dataDir, region, zone, labels, listen, disk, limits, moves, other, tracing, log);
    }
}
