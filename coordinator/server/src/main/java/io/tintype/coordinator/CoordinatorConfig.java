// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import io.tintype.cluster.config.Meaning;
import io.tintype.cluster.log.LogSettings;
import io.tintype.cluster.trace.TracingSettings;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.control.ControlSettings;
import io.tintype.coordinator.http.HttpSettings;
import io.tintype.coordinator.rendition.RenditionSettings;
import io.tintype.model.Limits;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;

/**
 * All settings of a coordinator, checked. Immutable. As YAML the names are those of the components; see {@link
 * io.tintype.cluster.config.ConfigFiles}.
 */
public record CoordinatorConfig(
        @Meaning("Unique in the cluster and kept over restarts.")
        String id,

        @Meaning("Address to listen on.") String host,

        @Meaning("Name or address by which others reach it; empty: host.")
        String advertisedHost,

        @Meaning("Port of gRPC; 0 takes a free one.") int port,

        @Meaning("Region it stands in; users who are not registered otherwise are put there.")
        String region,

        @Meaning("Zone it stands in; reads that any replica may answer go to a near one. Empty: not known.")
        String zone,

        @Meaning("Tier of users who are not registered otherwise.")
        String tier,

        @Meaning("What it does: upload, retrieval, control.")
        Set<Role> roles,

        @Meaning("Bytes of uploads it holds at most; 0: a quarter of the heap.")
        long uploadBytesInFlight,

        @Meaning("Largest blob it takes, 5 GiB at most.") long maxBlobBytes,

        @Meaning("Longest time one upload may take, 1 min to 7 days.")
        Duration uploadTimeout,

        CacheSettings cache,
        HttpSettings http,
        RenditionSettings renditions,
        ControlSettings control,
        TracingSettings tracing,
        LogSettings log,
        ZkConfig zookeeper) {
    /** The gRPC port where none is named. */
    public static final int DEFAULT_PORT = 7400;

    /** Fewest bytes of uploads in flight with which anything can be uploaded. */
    private static final long LEAST_UPLOAD_BYTES = 4L << 20;

    private static final int HEAP_SHARE = 4;

    /** On this machine alone, all roles, region "local", tier "standard". */
    public static final CoordinatorConfig DEFAULTS = new CoordinatorConfig(
            "coordinator-1",
            "127.0.0.1",
            "",
            DEFAULT_PORT,
            "local",
            "",
            "standard",
            Role.all(),
            0,
            Limits.MAX_BLOB_BYTES,
            Duration.ofHours(12),
            CacheSettings.DEFAULTS,
            HttpSettings.DEFAULTS,
            RenditionSettings.DEFAULTS,
            ControlSettings.DEFAULTS,
            TracingSettings.OFF,
            LogSettings.DEFAULTS,
            ZkConfig.of("127.0.0.1:2181"));

    public CoordinatorConfig {
        roles = Set.copyOf(roles);
        require(!roles.isEmpty(), "roles", roles, "one or more of upload, retrieval, control");
        require(!host.isBlank(), "host", host, "an address to listen on");
        require(port >= 0 && port < 65_536, "port", port, "0 to 65535");
        require(
                uploadBytesInFlight == 0 || uploadBytesInFlight >= LEAST_UPLOAD_BYTES,
                "uploadBytesInFlight",
                uploadBytesInFlight,
                "0, or " + LEAST_UPLOAD_BYTES + " or more");
        require(
                maxBlobBytes >= 1 && maxBlobBytes <= Limits.MAX_BLOB_BYTES,
                "maxBlobBytes",
                maxBlobBytes,
                "1 to " + Limits.MAX_BLOB_BYTES);
        require(
                uploadTimeout.toMinutes() >= 1 && uploadTimeout.toDays() <= 7,
                "uploadTimeout",
                uploadTimeout,
                "1 min to 7 days");
        require(
                uploadTimeout.compareTo(http.idleTimeout()) >= 0,
                "uploadTimeout",
                uploadTimeout,
                "at least http.idleTimeout (" + http.idleTimeout()
                        + "): else an upload that stands still is ended for the wrong reason");
        require(
                log.slowRequests().compareTo(uploadTimeout) < 0,
                "log.slowRequests",
                log.slowRequests(),
                "less than uploadTimeout (" + uploadTimeout + "): what is ended before is never slow");
        checkNames(id, region, tier);
    }

    private static void checkNames(String id, String region, String tier) {
        var unusedId = new NodeId(id);
        var unusedPool = new PoolId(region, tier);
    }

    /** The id, checked. */
    public NodeId nodeId() {
        return new NodeId(id);
    }

    /** The pool of users who are not registered otherwise. */
    public PoolId policy() {
        return new PoolId(region, tier);
    }

    /** By what others reach this process. */
    public String reachableHost() {
        return advertisedHost.isEmpty() ? host : advertisedHost;
    }

    /** Bytes of uploads held at most, with the default worked out. */
    public long uploadBytes() {
        return uploadBytesInFlight != 0
                ? uploadBytesInFlight
                : Math.max(LEAST_UPLOAD_BYTES, Runtime.getRuntime().maxMemory() / HEAP_SHARE);
    }

    /** Bytes outside the heap that the memory cache takes at most; 0 where this process has none. */
    public long cacheBytes() {
        return roles.contains(Role.RETRIEVAL) && cache.enabled() ? cache.memory() : 0;
    }

    /** The same with another id. */
    public CoordinatorConfig withId(String other) {
        return with(draft -> draft.id = other);
    }

    /** The same on another address of this machine. */
    public CoordinatorConfig withHost(String other) {
        return with(draft -> draft.host = other);
    }

    /** The same on other ports; 0 takes free ones. */
    public CoordinatorConfig withPorts(int grpc, int httpPort) {
        return with(draft -> {
            draft.port = grpc;
            draft.http = http.withPort(httpPort);
        });
    }

    /** The same with other roles. */
    public CoordinatorConfig withRoles(Set<Role> others) {
        return with(draft -> draft.roles = others);
    }

    /** The same with other caches. */
    public CoordinatorConfig withCache(CacheSettings other) {
        return with(draft -> draft.cache = other);
    }

    /** The same with other renditions. */
    public CoordinatorConfig withRenditions(RenditionSettings other) {
        return with(draft -> draft.renditions = other);
    }

    /** The same with other rules for an empty cluster. */
    public CoordinatorConfig withControl(ControlSettings other) {
        return with(draft -> draft.control = other);
    }

    /** The same with other traces. */
    public CoordinatorConfig withTracing(TracingSettings other) {
        return with(draft -> draft.tracing = other);
    }

    /** The same in another region. */
    public CoordinatorConfig withRegion(String other) {
        return with(draft -> draft.region = other);
    }

    /** The same with another ZooKeeper. */
    public CoordinatorConfig withZookeeper(ZkConfig other) {
        return with(draft -> draft.zookeeper = other);
    }

    private CoordinatorConfig with(Consumer<Draft> change) {
        var draft = new Draft(this);
        change.accept(draft);
        return draft.finished();
    }

    /** The settings while some of them are replaced. */
    private static final class Draft {
        private String id;
        private String host;
        private String advertisedHost;
        private int port;
        private String region;
        private String zone;
        private String tier;
        private Set<Role> roles;
        private long uploadBytesInFlight;
        private long maxBlobBytes;
        private Duration uploadTimeout;
        private CacheSettings cache;
        private HttpSettings http;
        private RenditionSettings renditions;
        private ControlSettings control;
        private TracingSettings tracing;
        private LogSettings log;
        private ZkConfig zookeeper;

        Draft(CoordinatorConfig from) {
            id = from.id;
            host = from.host;
            advertisedHost = from.advertisedHost;
            port = from.port;
            region = from.region;
            zone = from.zone;
            tier = from.tier;
            roles = from.roles;
            uploadBytesInFlight = from.uploadBytesInFlight;
            maxBlobBytes = from.maxBlobBytes;
            uploadTimeout = from.uploadTimeout;
            cache = from.cache;
            http = from.http;
            renditions = from.renditions;
            control = from.control;
            tracing = from.tracing;
            log = from.log;
            zookeeper = from.zookeeper;
        }

        CoordinatorConfig finished() {
            return new CoordinatorConfig(
                    id,
                    host,
                    advertisedHost,
                    port,
                    region,
                    zone,
                    tier,
                    roles,
                    uploadBytesInFlight,
                    maxBlobBytes,
                    uploadTimeout,
                    cache,
                    http,
                    renditions,
                    control,
                    tracing,
                    log,
                    zookeeper);
        }
    }

    private static void require(boolean holds, String setting, Object value, String wanted) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "Setting " + setting + " is '" + value + "'; it must be " + wanted + ".");
        }
    }
}
