// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.tintype.cluster.channel.Channels;
import io.tintype.cluster.channel.GrpcLimits;
import io.tintype.cluster.channel.GrpcServers;
import io.tintype.cluster.channel.OpenCalls;
import io.tintype.cluster.channel.ParseGuard;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.log.SlowCalls;
import io.tintype.cluster.log.SlowRequests;
import io.tintype.cluster.map.ClusterIdentity;
import io.tintype.cluster.map.CoordinatorsWatcher;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.node.CoordinatorRegistration;
import io.tintype.cluster.trace.ServerTraces;
import io.tintype.cluster.trace.Tracing;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.balance.Balancer;
import io.tintype.coordinator.cache.Peers;
import io.tintype.coordinator.control.Controller;
import io.tintype.coordinator.control.ShardMapService;
import io.tintype.coordinator.http.HttpFrontend;
import io.tintype.coordinator.http.StatusPages;
import io.tintype.coordinator.rendition.Renditions;
import io.tintype.coordinator.status.Events;
import io.tintype.coordinator.users.MoveWatch;
import io.tintype.proto.internal.v1.CoordinatorLiveness;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One coordinator: keeps nothing that cannot be lost, so any number may come and go.
 *
 * <p>Thread-safe. Starting and closing block; closing lets requests under way end for a few seconds.
 */
public final class Coordinator implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Coordinator.class);

    private static final long IDENTITY_WAIT_S = 30;

    private final CoordinatorConfig config;
    /** What was started, the last first: closed in this order. */
    private final Deque<Runnable> undo = new ArrayDeque<>();

    private @Nullable Server grpc;
    private @Nullable HttpFrontend http;
    private @Nullable Health health;
    private CompletableFuture<String> displaced = new CompletableFuture<>();

    private Coordinator(CoordinatorConfig config) {
        this.config = config;
    }

    /**
     * Starts a coordinator. When this returns it listens; {@link #notReadyBecause} tells whether it can serve.
     *
     * @throws RuntimeException if ZooKeeper does not answer or a port is taken; the message says what to do, and nothing is
     *     left running
     */
    public static Coordinator start(CoordinatorConfig config) {
        var coordinator = new Coordinator(config);
        try {
            coordinator.startParts();
            return coordinator;
        } catch (RuntimeException e) {
            coordinator.close();
            throw e;
        }
    }

    private void startParts() {
        var session = ZkSession.connect(config.zookeeper());
        undo.push(session::close);
        String clusterId = identify(session);
        var tracing = Tracing.start(config.tracing(), "tintype-coordinator", config.id());
        undo.push(tracing::close);
        var watcher = ShardMapWatcher.start(session);
        undo.push(watcher::close);
        var coordinators = CoordinatorsWatcher.start(session);
        undo.push(coordinators::close);
        var channels = new Channels();
        undo.push(channels::close);
        var gateways = new Gateways(config, clusterId, watcher, channels);
        undo.push(gateways.retrieval::close);
        var renditions = config.renditions().enabled() && has(Role.RETRIEVAL)
                ? new Renditions(config.renditions(), gateways.retrieval)
                : null;
        if (renditions != null) {
            undo.push(renditions::close);
        }
        var metrics = new Metrics(watcher, session, gateways.admission, gateways.retrieval);
        if (renditions != null) {
            metrics.bind(renditions);
        }
        metrics.bind(tracing);
        var slow = metrics.slow(config.log());
        undo.push(metrics::close);
        var map = new ShardMapService(watcher);
        var services = Services.of(config, session, clusterId, watcher, coordinators, channels, gateways);
        Consumer<Term> inOffice = term -> {};
        Balancer plans = null;
        if (has(Role.CONTROL)) {
            var balancer = Balancer.start(
                    session, watcher, channels, clusterId, config.control().balance());
            undo.push(balancer::close);
            metrics.bind(balancer);
            plans = balancer;
            services.add(balancer.service());
            services.add(balancer.verification());
            inOffice = balancer::inOffice;
        }
        services.add(map);
        var healthy = new Health(watcher, services);
        health = healthy;
        startGrpc(services, metrics, tracing, slow, healthy);
        undo.push(map::close);
        var events = new Events(InstantSource.system());
        undo.push(watcher.addListener(events::learn)::close);
        if (config.http().enabled()) {
            var frontend = HttpFrontend.start(
                    config.host(),
                    config.http(),
                    has(Role.UPLOAD) ? gateways.upload : null,
                    has(Role.RETRIEVAL) ? gateways.retrieval : null,
                    renditions,
                    new StatusPages(
                            healthy::notReadyBecause,
                            metrics::scrape,
                            new StatusView(
                                            watcher,
                                            events,
                                            plans,
                                            new MoveWatch(gateways.moves),
                                            gateways.retrieval.caches())::now,
                            metrics::httpAnswered),
                    tracing,
                    slow);
            http = frontend;
            metrics.bind(frontend);
            undo.push(frontend::close);
        }
        register(session);
        if (sharesCache()) {
            coordinators.addListener(gateways.peers::update);
        }
        if (has(Role.CONTROL)) {
            var controller = Controller.start(
                    session, watcher, config.nodeId(), config.policy(), config.control(), gateways.shards, inOffice);
            undo.push(controller::close);
        }
        undo.push(healthy::close);
        log.info("coordinator {} of cluster {} serves gRPC on port {}", config.id(), clusterId, grpcPort());
    }

    private static String identify(ZkSession session) {
        try {
            return ClusterIdentity.createOrRead(session, System.currentTimeMillis())
                    .get(IDENTITY_WAIT_S, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("The cluster's id could not be read from ZooKeeper.", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while starting", e);
        }
    }

    private void startGrpc(
            List<BindableService> services, Metrics metrics, Tracing tracing, SlowRequests slow, Health healthy) {
        var calls = new OpenCalls();
        var builder = GrpcServers.builder(config.host(), config.port(), GrpcLimits.inboundBytes(config.cacheBytes()))
                .directExecutor() // nothing here blocks
                .addStreamTracerFactory(calls)
                .intercept(metrics.calls())
                .intercept(new SlowCalls(slow))
                .intercept(ServerTraces.passingOn(tracing))
                .addService(healthy.service())
                .addService(ProtoReflectionServiceV1.newInstance());
        services.forEach(service -> builder.addService(ParseGuard.aliasing(service)));
        try {
            var server = builder.build().start();
            grpc = server;
            undo.push(() -> GrpcServers.drain(server, calls));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "gRPC cannot listen on " + config.host() + ":" + config.port() + ": " + e.getMessage()
                            + ". Set port to another one.",
                    e);
        }
    }

    private void register(ZkSession session) {
        var record = CoordinatorLiveness.newBuilder()
                .setBootId(new SecureRandom().nextLong() | 1)
                .setAddress(config.reachableHost() + ":" + grpcPort())
                .setRegion(config.region())
                .addAllRoles(config.roles().stream().sorted().map(Role::text).toList());
        if (sharesCache()) {
            record.setCacheProtocol(Peers.PROTOCOL)
                    .setCacheMib((int) (config.cache().memory() >> 20));
        }
        httpPort().ifPresent(port -> record.setHttpAddress(config.reachableHost() + ":" + port));
        var registration = CoordinatorRegistration.start(session, config.nodeId(), record.build());
        displaced = registration.displaced();
        undo.push(registration::close);
    }

    private boolean sharesCache() {
        return has(Role.RETRIEVAL) && config.cache().enabled() && config.cache().shared();
    }

    private boolean has(Role role) {
        return config.roles().contains(role);
    }

    /** The port on which it serves gRPC. */
    public int grpcPort() {
        return grpc == null ? config.port() : grpc.getPort();
    }

    /** The port on which it serves HTTP, if it does. */
    public OptionalInt httpPort() {
        return http == null ? OptionalInt.empty() : OptionalInt.of(http.port());
    }

    /** Why it cannot serve; empty: it can. */
    public Optional<String> notReadyBecause() {
        return health == null ? Optional.of("starting") : health.notReadyBecause();
    }

    /** Completes, with a text for people, when another process has taken this one's id: this one must be closed. */
    public CompletableFuture<String> displaced() {
        return displaced.copy();
    }

    @Override
    public void close() {
        while (!undo.isEmpty()) {
            try {
                undo.pop().run();
            } catch (RuntimeException e) {
                log.warn("stopping a part of coordinator {} failed", config.id(), e);
            }
        }
    }
}
