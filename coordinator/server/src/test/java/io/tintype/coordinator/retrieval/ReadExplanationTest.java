// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.cache.CachePeerService;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.cache.LayerFigures;
import io.tintype.coordinator.cache.MemcachedServer;
import io.tintype.coordinator.cache.MemcachedSettings;
import io.tintype.coordinator.cache.Peers;
import io.tintype.coordinator.cache.Piece;
import io.tintype.coordinator.cache.PieceSpec;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.model.Limits;
import io.tintype.proto.internal.v1.CachePeerGrpc;
import io.tintype.proto.internal.v1.CoordinatorLiveness;
import io.tintype.proto.internal.v1.CountUserRequest;
import io.tintype.proto.internal.v1.ForgetUserRequest;
import io.tintype.proto.internal.v1.GetPieceRequest;
import io.tintype.proto.internal.v1.GetPieceResponse;
import io.tintype.proto.internal.v1.UserHolding;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.CachesGrpc;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.ExplainReadRequest;
import io.tintype.proto.v1.ExplainReadResponse;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.ReadLayer;
import io.tintype.proto.v1.ReadLayerState;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.wire.Wire;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which layer would answer is told as it is, over every layer; and a user who is forgotten is in none of this process. */
final class ReadExplanationTest {
    private static final int SIZE = 20_000;

    @TempDir
    Path folder;

    private final MemoryCluster cluster = new MemoryCluster(64 << 20, 1L << 30);

    @AfterEach
    void stop() {
        cluster.close();
    }

    private BlobHead store(String user, String name) {
        var bytes = new byte[SIZE];
        new Random(name.hashCode()).nextBytes(bytes);
        cluster.store(user, name, bytes);
        return cluster.a.blob(user, name).orElseThrow().head();
    }

    private static Piece piece(String name) {
        var bytes = new byte[SIZE];
        new Random(name.hashCode()).nextBytes(bytes);
        return Piece.onHeap(ByteString.copyFrom(bytes), Crc32c.of(bytes));
    }

    private static CacheSettings settings() {
        return CacheSettings.DEFAULTS.withMemory(16 << 20);
    }

    private static ExplainReadResponse explain(RetrievalGateway gateway, String name) {
        return gateway.explain(
                        ExplainReadRequest.newBuilder()
                                .setUser("u")
                                .setName(name)
                                .build(),
                        "c0")
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
    }

    private static ReadLayer layer(ExplainReadResponse answer, String name) {
        return answer.getLayersList().stream()
                .filter(layer -> layer.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static void read(RetrievalGateway gateway, BlobHead head) {
        var found = gateway.caches()
                .get(PieceSpec.of(head, 0))
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
        found.release();
    }

    @Test
    void theOriginAnswersUntilTheMemoryDoesAndLookingChangesNothing() {
        try (var gateway = cluster.withCaches(settings())) {
            var head = store("u", "n");
            for (int i = 0; i < 3; i++) {
                var before = explain(gateway, "n");
                assertThat(before.getCoordinator()).isEqualTo("c0");
                assertThat(before.getAnsweredBy()).isEqualTo("origin");
                assertThat(before.getVersion()).isEqualTo(head.getVersion());
                assertThat(before.getSize()).isEqualTo(SIZE);
                assertThat(before.getShard()).isEqualTo(MemoryCluster.FIRST.value());
                assertThat(before.getEpoch()).isEqualTo(1);
                assertThat(before.getPrimary()).isEqualTo("a");
                assertThat(before.getReplicasList()).containsExactly("a", "b");
                assertThat(before.hasLease()).isFalse();
                assertThat(before.getLayersList())
                        .extracting(ReadLayer::getName)
                        .containsExactly("memory", "peers", "origin");
                assertThat(layer(before, "memory").getState()).isEqualTo(ReadLayerState.READ_LAYER_STATE_NOT_HELD);
                assertThat(layer(before, "peers").getState())
                        .as("there are none")
                        .isEqualTo(ReadLayerState.READ_LAYER_STATE_NOT_ASKED);
                assertThat(layer(before, "origin").getAt()).isEqualTo("a");
                assertThat(layer(before, "origin").getTookUs()).isPositive();
            }
            read(gateway, head);
            long hits = figures(gateway, "memory").hits();
            await().atMost(60, TimeUnit.SECONDS)
                    .until(() -> layer(explain(gateway, "n"), "memory").getAgeMs() >= 20);
            assertThat(explain(gateway, "n").getAnsweredBy()).isEqualTo("memory");
            assertThat(figures(gateway, "memory").hits()).as("counted").isEqualTo(hits);
            cluster.lead("a", 7);
            assertThat(explain(gateway, "n").getEpoch()).isEqualTo(7);

            store("u", "n");
            var after = explain(gateway, "n");
            assertThat(after.getAnsweredBy()).as("it was replaced").isEqualTo("origin");
            cluster.a.remove("u", "n");
            var gone = explain(gateway, "n");
            assertThat(gone.hasVersion()).isFalse();
            assertThat(gone.getAnsweredBy()).isEmpty();
            assertThat(layer(gone, "origin").getState()).isEqualTo(ReadLayerState.READ_LAYER_STATE_NOT_HELD);
        }
    }

    @Test
    void aLeaseIsToldWithItsAge() {
        try (var gateway = cluster.withCaches(settings())) {
            var head = store("u", "n");
            await("the feed is connected, which makes leases of before void")
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> {
                        gateway.head(HeadRequest.newBuilder()
                                        .setUser("u")
                                        .setName("n")
                                        .build())
                                .orTimeout(60, TimeUnit.SECONDS)
                                .join();
                        return gateway.shardsWatched() > 0
                                && explain(gateway, "n").hasLease();
                    });
            var answer = explain(gateway, "n");
            assertThat(answer.getLease().getVersion()).isEqualTo(head.getVersion());
            assertThat(answer.getLease().getAgeMs()).isBetween(1L, Limits.HEAD_LEASE.toMillis());
            gateway.forgetHeads("u");
            assertThat(explain(gateway, "n").hasLease()).isFalse();
        }
    }

    @Test
    void theDiskAnswersAfterARestart() {
        var settings = settings().withDisk(folder.toString(), 64 << 20);
        var head = store("u", "n");
        var spec = PieceSpec.of(head, 0);
        try (var gateway = cluster.withCaches(settings)) {
            assertThat(layer(explain(gateway, "n"), "disk").getState())
                    .isEqualTo(ReadLayerState.READ_LAYER_STATE_NOT_HELD);
            gateway.caches().offer(spec, piece("n"));
            gateway.caches().offer(spec, piece("n"));
            await().atMost(60, TimeUnit.SECONDS)
                    .until(() ->
                            layer(explain(gateway, "n"), "disk").getState() == ReadLayerState.READ_LAYER_STATE_HELD);
        }
        try (var restarted = cluster.withCaches(settings)) {
            var answer = explain(restarted, "n");
            assertThat(layer(answer, "memory").getState()).isEqualTo(ReadLayerState.READ_LAYER_STATE_NOT_HELD);
            assertThat(answer.getAnsweredBy()).isEqualTo("disk");
            assertThat(layer(answer, "disk").getAgeMs()).isPositive();
        }
    }

    @Test
    void theOwnerOfTheRingAnswersAndAHungOneIsSaidToBe() {
        var mine = new Peers("c0", "local");
        var others = new Peers("c1", "local");
        try (var asked = cluster.withCaches(settings(), mine);
                var other = cluster.withCaches(settings(), others)) {
            cluster.serve("c1", List.of(new CachePeerService(other.caches(), "cluster", other::forgetHeads)));
            Map<String, CoordinatorLiveness> live = new HashMap<>();
            live.put("c0", liveness("c0"));
            live.put("c1", liveness("c1"));
            mine.update(live);
            others.update(live);
            var owned = first(
                    asked, answer -> layer(answer, "peers").getState() == ReadLayerState.READ_LAYER_STATE_NOT_HELD);
            assertThat(layer(explain(asked, owned), "peers").getAt()).isEqualTo("c1");
            var head = cluster.a.blob("u", owned).orElseThrow().head();
            assertThat(figures(other, "origin").hits()).as("brought by looking").isZero();
            read(other, head);
            await("within the 30 ms that a peer has")
                    .atMost(60, TimeUnit.SECONDS)
                    .untilAsserted(() -> {
                        var answer = explain(asked, owned);
                        assertThat(answer.getAnsweredBy()).isEqualTo("peers");
                        assertThat(layer(answer, "peers").getAt()).isEqualTo("c1");
                    });
            var own = first(
                    asked, answer -> layer(answer, "peers").getState() == ReadLayerState.READ_LAYER_STATE_NOT_ASKED);
            assertThat(explain(asked, own).getAnsweredBy())
                    .as("what it owns itself")
                    .isEqualTo("origin");

            cluster.kill("c1");
            cluster.serve("c1", List.of(new Silent()));
            await("asked, and silent").atMost(60, TimeUnit.SECONDS).untilAsserted(() -> {
                var answer = explain(asked, owned);
                assertThat(layer(answer, "peers").getState()).isEqualTo(ReadLayerState.READ_LAYER_STATE_UNREACHABLE);
                assertThat(answer.getAnsweredBy()).isEqualTo("origin");
            });
        }
    }

    /** Of blobs that are stored one by one, the first of which the answer is so. */
    private String first(RetrievalGateway asked, Predicate<ExplainReadResponse> wanted) {
        for (int i = 0; i < 200; i++) {
            store("u", "n" + i);
            if (wanted.test(explain(asked, "n" + i))) {
                return "n" + i;
            }
        }
        throw new AssertionError("none of 200");
    }

    private static CoordinatorLiveness liveness(String address) {
        return CoordinatorLiveness.newBuilder()
                .setAddress(address)
                .setRegion("local")
                .setCacheProtocol(Peers.PROTOCOL)
                .setCacheMib(16)
                .build();
    }

    /** A peer that never answers. */
    private static final class Silent extends CachePeerGrpc.CachePeerImplBase {
        @Override
        public void getPiece(GetPieceRequest request, StreamObserver<GetPieceResponse> out) {
            // The asker's time runs out.
        }
    }

    @Test
    void theMemcachedAnswersWhatAnotherCoordinatorPutThere() throws Exception {
        try (var server = MemcachedServer.start()) {
            var settings = settings()
                    .withMemcached(
                            new MemcachedSettings(List.of(server.address()), "", Duration.ofSeconds(5), 1 << 20));
            try (var writer = cluster.withCaches(settings, new Peers("w", "local"));
                    var reader = cluster.withCaches(settings, new Peers("r", "local"))) {
                var head = store("u", "n");
                await("it is connected, and keeps what is offered")
                        .atMost(60, TimeUnit.SECONDS)
                        .until(() -> {
                            writer.caches().offer(PieceSpec.of(head, 0), piece("n"));
                            return explain(reader, "n").getAnsweredBy().equals("memcached");
                        });
                var answer = explain(reader, "n");
                assertThat(layer(answer, "memory").getState()).isEqualTo(ReadLayerState.READ_LAYER_STATE_NOT_HELD);
                assertThat(layer(answer, "memcached").getState()).isEqualTo(ReadLayerState.READ_LAYER_STATE_HELD);
            }
        }
    }

    @Test
    void theServiceAnswersOverGrpc() {
        try (var gateway = cluster.withCaches(settings())) {
            store("u", "n");
            cluster.serve("c", List.of(new CachesService(gateway, "c")));
            var stub = CachesGrpc.newBlockingStub(cluster.to("c")).withDeadlineAfter(60, TimeUnit.SECONDS);
            var answer = stub.explainRead(
                    ExplainReadRequest.newBuilder().setUser("u").setName("n").build());
            assertThat(answer.getCoordinator()).isEqualTo("c");
            assertThat(answer.getAnsweredBy()).isEqualTo("origin");
            assertThat(catchThrowable(() -> stub.explainRead(
                            ExplainReadRequest.newBuilder().setUser("u").build())))
                    .hasMessageContaining("INVALID_ARGUMENT");
        }
    }

    @Test
    void aForgottenUserIsInNoLayerOfTheProcessAndComesBackIntoNone() {
        var settings = settings().withDisk(folder.toString(), 64 << 20);
        try (var gateway = cluster.withCaches(settings)) {
            cluster.serve("c", List.of(new CachePeerService(gateway.caches(), "cluster", gateway::forgetHeads)));
            var stub = CachePeerGrpc.newBlockingStub(cluster.to("c")).withDeadlineAfter(60, TimeUnit.SECONDS);
            for (String user : List.of("u", "other")) {
                var spec = PieceSpec.of(store(user, "n"), 0);
                gateway.caches().offer(spec, piece("n"));
                gateway.caches().offer(spec, piece("n"));
            }
            await("both are kept")
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> held(stub, "u").equals(List.of("memory 1 " + SIZE, "disk 1 " + SIZE))
                            && held(stub, "other").size() == 2);
            gateway.head(HeadRequest.newBuilder()
                            .setUser("u")
                            .setName("n")
                            .setOptions(ReadOptions.newBuilder().setConsistency(Consistency.CONSISTENCY_LINEARIZABLE))
                            .build())
                    .orTimeout(60, TimeUnit.SECONDS)
                    .join();

            var forgotten = stub.forgetUser(ForgetUserRequest.newBuilder()
                    .setClusterId("cluster")
                    .setUser("u")
                    .build());
            assertThat(forgotten).isNotNull();

            assertThat(held(stub, "u")).isEmpty();
            assertThat(held(stub, "other")).hasSize(2);
            assertThat(explain(gateway, "n").getAnsweredBy()).isEqualTo("origin");
            assertThat(explain(gateway, "n").hasLease()).isFalse();
            // What was on its way when he was erased comes too late.
            var head = cluster.a.blob("u", "n").orElseThrow().head();
            for (int i = 0; i < 3; i++) {
                read(gateway, head);
            }
            assertThat(held(stub, "u")).isEmpty();
            assertThat(Wire.version(explain(gateway, "n").getVersion())).isEqualTo(Wire.version(head.getVersion()));
        }
    }

    private static List<String> held(CachePeerGrpc.CachePeerBlockingStub stub, String user) {
        return stub
                .countUser(CountUserRequest.newBuilder()
                        .setClusterId("cluster")
                        .setUser(user)
                        .build())
                .getHoldingsList()
                .stream()
                .map((UserHolding one) -> one.getLayer() + " " + one.getPieces() + " " + one.getBytes())
                .toList();
    }

    private static LayerFigures figures(RetrievalGateway gateway, String layer) {
        return gateway.caches().figures().stream()
                .filter(figures -> figures.name().equals(layer))
                .findFirst()
                .orElseThrow();
    }
}
