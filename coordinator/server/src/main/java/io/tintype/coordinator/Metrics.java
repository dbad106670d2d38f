// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import io.grpc.ServerInterceptor;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.tintype.cluster.log.LogSettings;
import io.tintype.cluster.log.SlowRequests;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.metrics.ProcessMetrics;
import io.tintype.cluster.metrics.Queues;
import io.tintype.cluster.trace.Tracing;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.balance.Balancer;
import io.tintype.coordinator.balance.BalancingService;
import io.tintype.coordinator.cache.LayerFigures;
import io.tintype.coordinator.cache.PieceChain;
import io.tintype.coordinator.cache.PieceLayer;
import io.tintype.coordinator.http.HttpFrontend;
import io.tintype.coordinator.rendition.Renditions;
import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.coordinator.upload.Admission;
import io.tintype.model.NodeInfo;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** A coordinator's figures, for Prometheus. Thread-safe. */
final class Metrics implements AutoCloseable {
    /** Methods with a count of their own: what clients make up must not become tags. */
    private static final Set<String> HTTP_METHODS = Set.of("GET", "HEAD", "PUT", "DELETE");

    private final ProcessMetrics process = new ProcessMetrics();
    private final MeterRegistry registry = process.registry();

    Metrics(ShardMapWatcher watcher, ZkSession session, Admission admission, RetrievalGateway reads) {
        bind(reads.caches());
        bindLeases(reads);
        gauge(
                "tintype_upload_held_bytes",
                "Bytes of uploads under way that this coordinator holds.",
                admission,
                Admission::heldBytes);
        gauge(
                "tintype_zookeeper_connected",
                "1 while the connection to ZooKeeper stands, else 0.",
                session,
                s -> s.isConnected() ? 1 : 0);
        gauge(
                "tintype_nodes_live",
                "Storage nodes in touch with ZooKeeper.",
                watcher,
                w -> w.map().nodes().filter(NodeInfo::live).count());
        gauge(
                "tintype_shards",
                "Shards of the cluster, those of the directory included.",
                watcher,
                w -> w.map().shards().count());
        gauge(
                "tintype_shards_without_primary",
                "Shards that nobody leads at the moment: they have no primary, or it is not in touch.",
                watcher,
                w -> {
                    var map = w.map();
                    return map.shards().filter(shard -> !map.isLed(shard)).count();
                });
    }

    private void bind(PieceChain caches) {
        gauge(
                "tintype_cache_searches",
                "Pieces that are being looked for behind this coordinator's memory.",
                caches,
                PieceChain::searches);
        gauge(
                "tintype_cache_waiting",
                "Reads that wait for those pieces, of at most " + PieceChain.MAX_WAITING + ".",
                caches,
                PieceChain::waiting);
        for (var layer : caches.layers()) {
            Gauge.builder("tintype_cache_held_bytes", layer, PieceLayer::heldBytes)
                    .description("Bytes that this layer of the cache takes in this process or on its disk.")
                    .tag("layer", layer.name())
                    .register(registry);
            Gauge.builder("tintype_cache_underway", layer, PieceLayer::underWay)
                    .description("Questions to this layer that are not answered yet.")
                    .tag("layer", layer.name())
                    .register(registry);
            counter(
                    "tintype_cache_evictions",
                    "Pieces pushed out for others.",
                    layer.name(),
                    layer,
                    PieceLayer::evictions);
        }
        for (var figures : caches.figures()) {
            String of = figures.name();
            counter("tintype_cache_hits", "Pieces of images that this layer had.", of, figures, LayerFigures::hits);
            counter("tintype_cache_misses", "Pieces that it did not have.", of, figures, LayerFigures::misses);
            counter("tintype_cache_hit_bytes", "Bytes of the pieces it had.", of, figures, LayerFigures::bytes);
            counter(
                    "tintype_cache_damaged",
                    "Pieces that were not what was asked for: dropped, and read elsewhere.",
                    of,
                    figures,
                    LayerFigures::damagedPieces);
        }
    }

    private void bindLeases(RetrievalGateway reads) {
        FunctionCounter.builder(
                        "tintype_head_lease_hits", reads, r -> r.leases().hits())
                .description("Reads whose version a lease named, without asking a node.")
                .register(registry);
        gauge(
                "tintype_head_leases",
                "Versions that are remembered with a lease, and names that there are none of.",
                reads,
                r -> r.leases().entries());
        gauge(
                "tintype_heads_watched_shards",
                "Shards whose primaries tell this coordinator of changes.",
                reads,
                RetrievalGateway::shardsWatched);
    }

    private <T> void counter(String name, String help, String layer, T source, ToDoubleFunction<T> value) {
        FunctionCounter.builder(name, source, value)
                .description(help)
                .tag("layer", layer)
                .register(registry);
    }

    private <T> void gauge(String name, String help, T source, ToDoubleFunction<T> value) {
        Gauge.builder(name, source, value).description(help).register(registry);
    }

    /** Tells of plans, too: as much as the controller knows, and nothing elsewhere. */
    void bind(Balancer balancer) {
        gauge(
                "tintype_controller",
                "1 while this coordinator decides where replicas lie, else 0.",
                balancer,
                b -> b.isInOffice() ? 1 : 0);
        gauge("tintype_plans", "Plans being carried out, paused ones included.", balancer, Balancer::plans);
        for (var phase : Balancer.STEP_PHASES) {
            Gauge.builder("tintype_plan_steps", balancer, b -> b.steps(phase))
                    .description("Steps of those plans by how far they are.")
                    .tag("phase", Balancer.name(phase))
                    .register(registry);
        }
        gauge(
                "tintype_plan_left_bytes",
                "Bytes that steps which are not over have still to move.",
                balancer,
                b -> b.bytesLeft());
        gauge(
                "tintype_plan_rate_limit_bytes",
                "Bytes a second that a node may send and take in for plans now; 0 where another coordinator says it.",
                balancer,
                Balancer::rateLimit);
        Queues.bind(registry, "plans", BalancingService.PLANS_WAITING, balancer.service()::plansWaiting);
    }

    /** Tells of HTTP, too. */
    void bind(HttpFrontend http) {
        http.meter(registry);
    }

    /** Tells of traces, too. */
    void bind(Tracing tracing) {
        tracing.bindTo(registry);
    }

    /** Tells of renditions, too. */
    void bind(Renditions renditions) {
        FunctionCounter.builder("tintype_renditions_made", renditions, Renditions::made)
                .description("Renditions of images made.")
                .register(registry);
        FunctionCounter.builder("tintype_renditions_refused", renditions, Renditions::refused)
                .description("Images of which there could be none.")
                .register(registry);
        gauge("tintype_renditions_waiting", "Renditions that wait for a thread.", renditions, Renditions::waiting);
    }

    /** All figures in Prometheus' text format. */
    String scrape() {
        return process.scrape();
    }

    /** Counts an HTTP request that was answered. */
    void httpAnswered(String method, int status) {
        Counter.builder("tintype_http_requests")
                .description("HTTP requests answered.")
                .tag("method", HTTP_METHODS.contains(method) ? method : "other")
                .tag("status", Integer.toString(status))
                .register(registry)
                .increment();
    }

    /** Counts requests that were slow, and logs some of them. To be called once. */
    SlowRequests slow(LogSettings settings) {
        return new SlowRequests(settings, registry);
    }

    /** Counts and times every gRPC call by method and status. */
    ServerInterceptor calls() {
        return process.calls();
    }

    @Override
    public void close() {
        process.close();
    }
}
