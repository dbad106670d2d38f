// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.ClientCore;
import io.tintype.model.Limits;
import io.tintype.model.Location;
import io.tintype.model.NodeInfo;
import io.tintype.model.Reason;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.CachesGrpc;
import io.tintype.proto.v1.ExplainReadRequest;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ReadLayer;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.wire.Wire;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Asks everybody who could answer a read what he would say, one after the other. Thread-safe; blocks. */
final class Explainer {
    private static final String STATE = "READ_LAYER_STATE_";

    private final ClientCore core;
    private final AdminClient admin;
    private final UsersClient users;
    private final Location location;

    Explainer(ClientCore core, AdminClient admin, UsersClient users, Location location) {
        this.core = core;
        this.admin = admin;
        this.users = users;
        this.location = location;
    }

    Explanation explain(String user, String name, Explanation.NearCached nearCached) {
        Convert.user(user);
        Convert.name(name);
        long began = System.nanoTime();
        var home = users.lookup(user).shard();
        var lookup = Duration.ofNanos(System.nanoTime() - began);
        var shard = admin.shard(home).shard();
        var nodes = admin.nodes().stream().map(NodeStatus::node).toList();
        var ordered = location.order(ShardMap.of(nodes, List.of(shard)), shard, node -> false, new Random(0));
        return new Explanation(
                user,
                name,
                shard,
                lookup,
                nearCached,
                ask(core.coordinator(), user, name, 0, linearizable()),
                caches(core.coordinator(), user, name),
                ordered.stream().map(node -> replica(node, shard, user, name)).toList());
    }

    private Explanation.Caches caches(String address, String user, String name) {
        var request =
                ExplainReadRequest.newBuilder().setUser(user).setName(name).build();
        try {
            var answer = Futures.await(core.probe(address, CachesGrpc.getExplainReadMethod(), request));
            var lease = answer.getLease();
            return new Explanation.Caches(
                    answer.getCoordinator(),
                    answer.hasLease() ? Duration.ofMillis(lease.getAgeMs()) : null,
                    lease.hasVersion() ? Wire.version(lease.getVersion()) : null,
                    answer.getAnsweredBy(),
                    answer.getLayersList().stream().map(Explainer::layer).toList(),
                    null);
        } catch (TintypeException e) {
            return new Explanation.Caches("", null, null, "", List.of(), e.reason() + ": " + e.getMessage());
        }
    }

    private static Explanation.CacheLayer layer(ReadLayer layer) {
        var text = layer.getState().name();
        var state = (text.startsWith(STATE) ? text.substring(STATE.length()) : text).toLowerCase(Locale.ROOT);
        return new Explanation.CacheLayer(
                layer.getName(),
                state,
                layer.getAt(),
                Duration.ofMillis(layer.getAgeMs()),
                Duration.ofNanos(layer.getTookUs() * 1_000));
    }

    private Explanation.Replica replica(NodeInfo node, ShardInfo shard, String user, String name) {
        boolean leads = shard.primary().filter(node.id()::equals).isPresent();
        var answer = ask(node.address(), user, name, shard.id().value(), leads ? linearizable() : asItIs());
        return new Explanation.Replica(node, leads, shard.inSync().contains(node.id()), answer);
    }

    private static ReadOptions linearizable() {
        return ReadOptions.newBuilder()
                .setConsistency(io.tintype.proto.v1.Consistency.CONSISTENCY_LINEARIZABLE)
                .build();
    }

    private static ReadOptions asItIs() {
        return ReadOptions.newBuilder()
                .setConsistency(io.tintype.proto.v1.Consistency.CONSISTENCY_BOUNDED_STALENESS)
                .setMaxStalenessMs((int) Limits.MAX_STALENESS.toMillis())
                .build();
    }

    /** Twice, for the first answer takes as long as the connection. */
    private Explanation.Answer ask(String address, String user, String name, int shard, ReadOptions options) {
        var request = HeadRequest.newBuilder()
                .setUser(user)
                .setName(name)
                .setShard(shard)
                .setOptions(options)
                .build();
        var first = askOnce(address, request);
        return first.version().isPresent() ? askOnce(address, request) : first;
    }

    private Explanation.Answer askOnce(String address, HeadRequest request) {
        long began = System.nanoTime();
        try {
            HeadResponse answer = Futures.await(core.probe(address, BlobRetrievalGrpc.getHeadMethod(), request));
            var freshness = answer.getFreshness();
            return new Explanation.Answer(
                    address,
                    Duration.ofNanos(System.nanoTime() - began),
                    Wire.version(answer.getHead().getVersion()),
                    freshness.getStale() ? Duration.ofMillis(Integer.toUnsignedLong(freshness.getAgeMs())) : null,
                    null);
        } catch (TintypeException e) {
            String why = e.reason() == Reason.BLOB_NOT_FOUND ? "no such blob" : e.reason() + ": " + e.getMessage();
            return new Explanation.Answer(address, Duration.ofNanos(System.nanoTime() - began), null, null, why);
        }
    }
}
