// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.cluster.channel.GrpcServers;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.FetchSnapshotRequest;
import io.tintype.proto.internal.v1.FetchSnapshotResponse;
import io.tintype.proto.internal.v1.ReplicationGrpc.ReplicationImplBase;
import io.tintype.storage.blob.SnapshotHead;
import io.tintype.storage.blob.SnapshotPart;
import io.tintype.storage.disk.Family;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.replica.Member;
import io.tintype.storage.shard.Peers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A snapshot that is not exactly what its source sent is refused with a reason, and counted, whatever is wrong with it. */
@Timeout(120)
class BadSnapshotTest {
    private static final NodeId SOURCE = new NodeId("source");
    private static final Member SELF = new Member(new NodeId("self"), 7);
    private static final long EPOCH = 4;
    private static final Duration PATIENCE = TestCluster.PATIENCE;

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final List<SnapshotHead> heads = Collections.synchronizedList(new ArrayList<>());
    private final List<SnapshotPart> parts = Collections.synchronizedList(new ArrayList<>());
    private volatile List<FetchSnapshotResponse> script = List.of();

    @SuppressWarnings("NullAway.Init")
    private Server server;

    @SuppressWarnings("NullAway.Init")
    private PeerNetwork network;

    @BeforeEach
    void start() throws Exception {
        server = GrpcServers.builder("127.0.0.1", 0)
                .addService(new ReplicationImplBase() {
                    @Override
                    public void fetchSnapshot(
                            FetchSnapshotRequest request, StreamObserver<FetchSnapshotResponse> responses) {
                        script.forEach(responses::onNext);
                        responses.onCompleted();
                    }
                })
                .build()
                .start();
        network = new PeerNetwork(
                SELF.node(), TestCluster.CLUSTER, node -> Optional.of("127.0.0.1:" + server.getPort()), registry);
    }

    @AfterEach
    void stop() {
        network.close();
        server.shutdownNow();
    }

    private CompletableFuture<Void> fetch(List<FetchSnapshotResponse> messages) {
        script = messages;
        return network.fetchSnapshot(TestCluster.SHARD, SOURCE, EPOCH, SELF, new Peers.SnapshotTaker() {
            @Override
            public CompletableFuture<Void> begun(SnapshotHead head) {
                heads.add(head);
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public CompletableFuture<Void> part(Supplier<SnapshotPart> checked) {
                return CompletableFuture.runAsync(() -> parts.add(checked.get()));
            }
        });
    }

    private static List<FetchSnapshotResponse> good() {
        return sent(TestCluster.CLUSTER, TestCluster.SHARD.value(), EPOCH);
    }

    private static List<FetchSnapshotResponse> sent(String cluster, int shard, long epoch) {
        var digest = new SnapshotDigest();
        var messages = new ArrayList<FetchSnapshotResponse>();
        var head = new SnapshotHead(new LogPosition(3, 50), 20, text("mark"), 1_000);
        messages.add(FetchSnapshotResponse.newBuilder()
                .setBegin(digest.begin(cluster, shard, epoch, head))
                .build());
        for (int i = 0; i < 3; i++) {
            var part = new SnapshotPart(
                    Family.HEAD, List.of(text("a" + i), text("b" + i)), List.of(text("one"), text("two")));
            messages.add(FetchSnapshotResponse.newBuilder()
                    .setEntries(digest.entries(part))
                    .build());
        }
        messages.add(FetchSnapshotResponse.newBuilder().setEnd(digest.end()).build());
        return messages;
    }

    private static ByteString text(String text) {
        return ByteString.copyFromUtf8(text);
    }

    @Test
    void oneThatIsWholeIsTaken() {
        assertThat(fetch(good())).succeedsWithin(PATIENCE);
        assertThat(heads).hasSize(1);
        assertThat(heads.get(0).at()).isEqualTo(new LogPosition(3, 50));
        assertThat(parts).hasSize(3);
        assertThat(parts.get(2).keys()).containsExactly(text("a2"), text("b2"));
        assertThat(registry.find("tintype.peer.refused").counters()).isEmpty();
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                arguments("of another cluster", "wrong_cluster", m -> sent("f".repeat(32), 7, EPOCH)),
                arguments("of another shard", "malformed", m -> sent(TestCluster.CLUSTER, 8, EPOCH)),
                arguments("of another epoch", "stale_epoch", m -> sent(TestCluster.CLUSTER, 7, EPOCH - 1)),
                arguments(
                        "in a newer format",
                        "wrong_protocol",
                        m -> with(m, 0, b -> b.getBeginBuilder().setFormat(2))),
                arguments(
                        "with a changed mark",
                        "malformed",
                        m -> with(m, 0, b -> b.getBeginBuilder().setAtSequence(51))),
                arguments(
                        "with a changed value",
                        "malformed",
                        m -> with(m, 2, b -> b.getEntriesBuilder().setValues(1, text("twO")))),
                arguments(
                        "with a changed key",
                        "malformed",
                        m -> with(m, 2, b -> b.getEntriesBuilder().setKeys(0, text("A1")))),
                arguments(
                        "with bytes moved from key to value",
                        "malformed",
                        m -> with(
                                m,
                                2,
                                b -> b.getEntriesBuilder().setKeys(0, text("a")).setValues(0, text("1one")))),
                arguments(
                        "with a changed family",
                        "malformed",
                        m -> with(m, 2, b -> b.getEntriesBuilder().setFamily("user"))),
                arguments(
                        "with an unknown family",
                        "malformed",
                        m -> with(m, 2, b -> b.getEntriesBuilder().setFamily("future"))),
                arguments(
                        "with a value too few",
                        "malformed",
                        m -> with(m, 2, b -> b.getEntriesBuilder().addKeys(text("c")))),
                arguments("without one of its parts", "malformed", m -> without(m, 2)),
                arguments("with a part twice", "malformed", m -> repeated(m, 2)),
                arguments("with two parts in the wrong order", "malformed", m -> swapped(m, 1, 2)),
                arguments("without its last part", "malformed", m -> without(m, 3)),
                arguments("without a beginning", "malformed", m -> without(m, 0)),
                arguments("with two beginnings", "malformed", m -> repeated(m, 0)),
                arguments("without an end", "malformed", m -> without(m, 4)),
                arguments("with two ends", "malformed", m -> repeated(m, 4)),
                arguments(
                        "with another digest",
                        "malformed",
                        m -> with(m, 4, b -> b.getEndBuilder().setDigest(text("digest")))),
                arguments(
                        "with another count",
                        "malformed",
                        m -> with(m, 4, b -> b.getEndBuilder().setEntries(5))),
                arguments("with an empty message", "malformed", m -> with(m, 2, b -> b.clear())));
    }

    private interface Change {
        void to(FetchSnapshotResponse.Builder message);
    }

    private static Arguments arguments(String name, String reason, UnaryOperator<List<FetchSnapshotResponse>> how) {
        return Arguments.of(name, reason, how);
    }

    private static List<FetchSnapshotResponse> with(List<FetchSnapshotResponse> messages, int index, Change change) {
        var changed = messages.get(index).toBuilder();
        change.to(changed);
        var all = new ArrayList<>(messages);
        all.set(index, changed.build());
        return all;
    }

    private static List<FetchSnapshotResponse> without(List<FetchSnapshotResponse> messages, int index) {
        var all = new ArrayList<>(messages);
        all.remove(index);
        return all;
    }

    private static List<FetchSnapshotResponse> repeated(List<FetchSnapshotResponse> messages, int index) {
        var all = new ArrayList<>(messages);
        all.add(index, messages.get(index));
        return all;
    }

    private static List<FetchSnapshotResponse> swapped(List<FetchSnapshotResponse> messages, int a, int b) {
        var all = new ArrayList<>(messages);
        Collections.swap(all, a, b);
        return all;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("wrong")
    void oneThatIsNotIsRefused(String name, String reason, UnaryOperator<List<FetchSnapshotResponse>> how) {
        var fetched = fetch(how.apply(good()));

        assertThat(fetched)
                .failsWithin(PATIENCE)
                .withThrowableOfType(ExecutionException.class)
                .havingCause()
                .isInstanceOf(Gatekeeper.Refused.class);
        assertThat(registry.get("tintype.peer.refused")
                        .tag("reason", reason)
                        .counter()
                        .count())
                .as(name)
                .isEqualTo(1);
    }

    @Test
    void aMessageOverTheLimitEndsTheSnapshot() {
        var huge = ByteString.copyFrom(new byte[3 << 20]);

        assertThat(fetch(with(good(), 2, b -> b.getEntriesBuilder().setValues(0, huge))))
                .failsWithin(PATIENCE);
        assertThat(parts).hasSize(1);
    }

    @Test
    void aSourceThatIsNotThereFailsTheFetch() {
        server.shutdownNow();

        assertThat(fetch(good())).failsWithin(PATIENCE);
        assertThat(heads).isEmpty();
    }
}
