// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.UploadId;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.EpochStart;
import io.tintype.proto.internal.v1.FetchChunksRequest;
import io.tintype.proto.internal.v1.ForceShardRequest;
import io.tintype.proto.internal.v1.HeartbeatRequest;
import io.tintype.proto.internal.v1.HeartbeatResponse;
import io.tintype.proto.internal.v1.Hello;
import io.tintype.proto.internal.v1.Member;
import io.tintype.proto.internal.v1.PreElectRequest;
import io.tintype.proto.internal.v1.Refuse;
import io.tintype.proto.internal.v1.RefuseReason;
import io.tintype.proto.internal.v1.ReplicateRequest;
import io.tintype.proto.internal.v1.ReplicateResponse;
import io.tintype.proto.internal.v1.ReplicationGrpc;
import io.tintype.proto.internal.v1.ShardBeat;
import io.tintype.proto.internal.v1.ShardOrdersGrpc;
import io.tintype.proto.internal.v1.StageChunksRequest;
import io.tintype.proto.internal.v1.StageChunksResponse;
import io.tintype.proto.internal.v1.TransferShardRequest;
import io.tintype.storage.shard.ShardStatus;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a stranger, a liar or a broken peer is told; nothing may change by it. */
@Timeout(120)
class BadPeerTest {
    private static final String STRANGER = "ffffffffffffffffffffffffffffffff";
    private static final UploadId UPLOAD = new UploadId(System.currentTimeMillis(), 1);

    @TempDir
    static Path directory;

    private static TestCluster cluster;
    private static ManagedChannel channel;
    private ShardStatus before;

    @BeforeAll
    static void start() throws Exception {
        cluster = new TestCluster(directory, 1);
        cluster.assign(1);
        Images.claim(cluster.primary());
        Images.put(cluster.primary(), "image", Images.bytes(100, 1)).join();
        cluster.awaitEqual();
        channel = ManagedChannelBuilder.forTarget(cluster.node(1).peerAddress())
                .usePlaintext()
                .build();
    }

    @AfterAll
    static void stop() {
        channel.shutdownNow();
        cluster.close();
    }

    @BeforeEach
    void look() {
        before = cluster.primary().status();
    }

    @AfterEach
    void nothingChanged() {
        var after = cluster.primary().status();
        assertThat(after.epoch()).isEqualTo(before.epoch());
        assertThat(after.lastSeq()).isEqualTo(before.lastSeq());
        assertThat(after.inSync()).isEqualTo(before.inSync());
        assertThat(Images.get(cluster.primary(), "image")).contains(Images.bytes(100, 1));
    }

    // ---- streams of logs

    @Test
    void aHelloOfAnotherClusterIsRefusedAndCounted() throws Exception {
        double counted = refusals("wrong_cluster");

        var refuse = replicate(hello().setClusterId(STRANGER)).getRefuse();

        assertThat(refuse.getReason()).isEqualTo(RefuseReason.REFUSE_REASON_WRONG_CLUSTER);
        assertThat(refuse.getDetail()).contains(TestCluster.CLUSTER, STRANGER, "zookeeper.connect");
        assertThat(refusals("wrong_cluster")).isEqualTo(counted + 1);
    }

    @Test
    void aHelloInAnotherProtocolIsRefused() throws Exception {
        var refuse = replicate(hello().setProtocol(2)).getRefuse();

        assertThat(refuse.getReason()).isEqualTo(RefuseReason.REFUSE_REASON_WRONG_PROTOCOL);
        assertThat(refuse.getDetail()).contains("protocol 1", "2");
    }

    @Test
    void aHelloForAShardThatIsNotHereIsRefused() throws Exception {
        assertThat(replicate(hello().setShard(99)).getRefuse().getReason())
                .isEqualTo(RefuseReason.REFUSE_REASON_NOT_PRIMARY);
        assertThat(replicate(hello().setShard(-1)).getRefuse().getReason())
                .isEqualTo(RefuseReason.REFUSE_REASON_MALFORMED);
    }

    @Test
    void aNodeThatIsNoReplicaIsRefused() throws Exception {
        var refuse = replicate(hello()).getRefuse();

        assertThat(refuse.getReason()).isEqualTo(RefuseReason.REFUSE_REASON_NOT_ASSIGNED);
    }

    @Test
    void aHelloWhoseLogContradictsItselfIsRefused() throws Exception {
        var epochsWithoutRecords =
                hello().addEpochs(EpochStart.newBuilder().setEpoch(3).setSequence(9));
        var noIncarnation = hello().setFollower(Member.newBuilder().setNode("node-9"));
        var noNode = hello().setFollower(Member.newBuilder().setNode("NO NODE").setIncarnation(1));

        for (var hello : new Hello.Builder[] {epochsWithoutRecords, noIncarnation, noNode}) {
            assertThat(replicate(hello).getRefuse().getReason())
                    .as(hello.toString())
                    .isEqualTo(RefuseReason.REFUSE_REASON_MALFORMED);
        }
    }

    @Test
    void aStreamThatDoesNotBeginWithAHelloIsRefused() throws Exception {
        var refuse = replicate(ReplicateRequest.getDefaultInstance()).getRefuse();

        assertThat(refuse.getReason()).isEqualTo(RefuseReason.REFUSE_REASON_MALFORMED);
        assertThat(refuse.getDetail()).contains("hello");
    }

    /** Believed, it would be promised for ever, and the shard would be led by nobody any more. */
    @Test
    void anEpochFarTooHighIsNotBelieved() throws Exception {
        long absurd = 1L << 62;
        var beat = ShardBeat.newBuilder().setShard(TestCluster.SHARD.value()).setEpoch(absurd);

        assertThat(heartbeat(beats().addShards(beat)).getShardsList()).isEmpty();
        var refuse = replicate(hello().setPromisedEpoch(absurd)).getRefuse();

        assertThat(refuse.getReason()).isEqualTo(RefuseReason.REFUSE_REASON_STALE_EPOCH);
        Images.put(cluster.primary(), "another", Images.bytes(100, 2)).join();
        before = cluster.primary().status(); // of the same epoch, which is looked at here
        assertThat(before.epoch()).isLessThan(absurd);
    }

    // ---- heartbeats

    @Test
    void aForgedBeatOfThePrimarysOwnEpochIsNotAnswered() throws Exception {
        var answer = heartbeat(beats().addShards(ShardBeat.newBuilder()
                .setShard(TestCluster.SHARD.value())
                .setEpoch(before.epoch())
                .setLastSequence(1_000_000)
                .setCommitted(1_000_000)));

        assertThat(answer.getShardsList()).isEmpty();
        assertThat(answer.hasRefuse()).isFalse();
    }

    @Test
    void beatsForUnknownShardsAreAnsweredAsSuch() throws Exception {
        double counted = refusals("not_assigned");

        var answer =
                heartbeat(beats().addShards(ShardBeat.newBuilder().setShard(99).setEpoch(1)));

        assertThat(answer.getShards(0).getIncarnation()).isZero();
        assertThat(refusals("not_assigned")).isEqualTo(counted + 1);
    }

    @Test
    void heartbeatsOfStrangersAreRefused() throws Exception {
        assertThat(heartbeat(beats().setClusterId(STRANGER)).getRefuse().getReason())
                .isEqualTo(RefuseReason.REFUSE_REASON_WRONG_CLUSTER);
        assertThat(heartbeat(beats().setProtocol(0)).getRefuse().getReason())
                .isEqualTo(RefuseReason.REFUSE_REASON_WRONG_PROTOCOL);
        assertThat(heartbeat(beats().setNode("NO NODE")).getRefuse().getReason())
                .isEqualTo(RefuseReason.REFUSE_REASON_MALFORMED);
    }

    @Test
    void aHeartbeatThatSaysTwoThingsOfAShardIsRefused() throws Exception {
        var beat = ShardBeat.newBuilder().setShard(TestCluster.SHARD.value()).setEpoch(before.epoch());
        var refuse = heartbeat(beats().addShards(beat).addShards(beat.clone().setCommitted(7)))
                .getRefuse();

        assertThat(refuse.getReason()).isEqualTo(RefuseReason.REFUSE_REASON_MALFORMED);
        assertThat(refuse.getDetail()).contains("two beats of shard " + TestCluster.SHARD);
    }

    // ---- chunks

    @Test
    void chunksAreRefusedWithAReasonAndNotStored() throws Exception {
        var wrongSum = chunk().setCrc32C(1);
        var stranger = chunk().setClusterId(STRANGER);
        var elsewhere = chunk().setShard(99);
        var stale = chunk().setEpoch(0);
        var noUpload = chunk().setUploadId(ByteString.copyFromUtf8("short"));
        var noUser = chunk().setUser("");
        var negative = chunk().setIndex(-1);

        assertThat(stage(wrongSum)).isEqualTo(RefuseReason.REFUSE_REASON_MALFORMED);
        assertThat(stage(stranger)).isEqualTo(RefuseReason.REFUSE_REASON_WRONG_CLUSTER);
        assertThat(stage(elsewhere)).isEqualTo(RefuseReason.REFUSE_REASON_NOT_ASSIGNED);
        assertThat(stage(stale)).isEqualTo(RefuseReason.REFUSE_REASON_STALE_EPOCH);
        assertThat(stage(noUpload)).isEqualTo(RefuseReason.REFUSE_REASON_MALFORMED);
        assertThat(stage(noUser)).isEqualTo(RefuseReason.REFUSE_REASON_MALFORMED);
        assertThat(stage(negative)).isEqualTo(RefuseReason.REFUSE_REASON_MALFORMED);
        assertThat(cluster.primary().reader().staged(Images.ALICE, UPLOAD)).isEmpty();
    }

    /** By then its upload may be over, committed or not, and the mark that says so gone. */
    @Test
    void aChunkOfAnUploadOlderThanADayIsRefusedAndNotStored() throws Exception {
        long now = System.currentTimeMillis();
        long lifetime = Limits.UPLOAD_LIFETIME.toMillis();
        var late = new UploadId(now - lifetime - 1_000, 2);
        var inTime = new UploadId(now - lifetime + 600_000, 3);

        var refuse = staging(chunk().setUploadId(ByteString.copyFrom(late.toBytes())));

        assertThat(refuse.getReason()).isEqualTo(RefuseReason.REFUSE_REASON_TOO_LATE);
        assertThat(refuse.getDetail()).contains("comes too late for upload " + late);
        assertThat(cluster.primary().reader().staged(Images.ALICE, late)).isEmpty();
        assertThat(stage(chunk().setUploadId(ByteString.copyFrom(inTime.toBytes()))))
                .as("an upload of ten minutes less")
                .isEqualTo(RefuseReason.REFUSE_REASON_UNSPECIFIED);
        assertThat(cluster.primary().reader().staged(Images.ALICE, inTime)).hasSize(1);
    }

    @Test
    void aMessageOverTheLimitEndsItsStreamOnlyAndIsCounted() {
        double counted = refusals("too_large");
        var observer = new Received<StageChunksResponse>();
        var requests = ReplicationGrpc.newStub(channel).stageChunks(observer);

        requests.onNext(chunk().setData(ByteString.copyFrom(new byte[3 << 20])).build());

        assertThat(observer.failure()).isIn(Status.Code.RESOURCE_EXHAUSTED, Status.Code.CANCELLED);
        await().atMost(TestCluster.PATIENCE).until(() -> refusals("too_large") == counted + 1);
    }

    @Test
    void aMessageCutShortEndsItsStreamOnlyAndIsCounted() {
        double counted = refusals("unreadable");
        var whole = ReplicateRequest.newBuilder().setHello(hello()).build().toByteArray();
        var observer = new Received<ReplicateResponse>();
        var raw = ReplicationGrpc.getReplicateMethod().toBuilder(
                        new Bytes(), ReplicationGrpc.getReplicateMethod().getResponseMarshaller())
                .build();

        ClientCalls.asyncBidiStreamingCall(channel.newCall(raw, CallOptions.DEFAULT), observer)
                .onNext(Arrays.copyOf(whole, whole.length - 3));

        assertThat(observer.failure()).isNotEqualTo(Status.Code.OK);
        await().atMost(TestCluster.PATIENCE).until(() -> refusals("unreadable") == counted + 1);
    }

    /** Sends bytes as they are. */
    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] message) {
            return new ByteArrayInputStream(message);
        }

        @Override
        public byte[] parse(InputStream stream) {
            throw new UnsupportedOperationException("only sends");
        }
    }

    @Test
    void ordersOfStrangersAreRefused() {
        var stub = ShardOrdersGrpc.newBlockingStub(channel);

        assertRefused(
                "REFUSE_REASON_WRONG_CLUSTER",
                ignored -> stub.transferShard(TransferShardRequest.newBuilder()
                        .setClusterId(STRANGER)
                        .setShard(TestCluster.SHARD.value())
                        .build()));
        assertRefused(
                "REFUSE_REASON_WRONG_CLUSTER",
                ignored -> stub.forceShard(ForceShardRequest.newBuilder()
                        .setClusterId(STRANGER)
                        .setShard(TestCluster.SHARD.value())
                        .setConfirmShard(TestCluster.SHARD.value())
                        .build()));
    }

    // ---- questions

    @Test
    void questionsOfStrangersAreRefused() {
        var stub = ReplicationGrpc.newBlockingStub(channel);

        assertRefused(
                "REFUSE_REASON_WRONG_CLUSTER",
                ignored -> stub.describeReplica(DescribeReplicaRequest.newBuilder()
                        .setClusterId(STRANGER)
                        .setShard(TestCluster.SHARD.value())
                        .build()));
        assertRefused(
                "REFUSE_REASON_WRONG_CLUSTER",
                ignored -> stub.preElect(
                        PreElectRequest.newBuilder().setClusterId(STRANGER).build()));
        assertRefused(
                "REFUSE_REASON_MALFORMED",
                ignored -> stub.preElect(PreElectRequest.newBuilder()
                        .setClusterId(TestCluster.CLUSTER)
                        .setShard(TestCluster.SHARD.value())
                        .build()));
        assertRefused(
                "REFUSE_REASON_MALFORMED",
                ignored -> stub.fetchChunks(FetchChunksRequest.newBuilder()
                                .setClusterId(TestCluster.CLUSTER)
                                .setShard(TestCluster.SHARD.value())
                                .setUser("alice")
                                .build())
                        .next());
    }

    private static void assertRefused(String reason, Function<Object, Object> call) {
        var counted = refusals();
        assertThatThrownBy(() -> call.apply(reason)).isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
            assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
            assertThat(e.getStatus().getDescription()).startsWith(reason);
        });
        assertCounted(
                counted,
                Refuse.newBuilder().setReason(RefuseReason.valueOf(reason)).build());
    }

    // ---- what peers say

    private static Hello.Builder hello() {
        return Hello.newBuilder()
                .setClusterId(TestCluster.CLUSTER)
                .setProtocol(PeerLimits.PROTOCOL)
                .setShard(TestCluster.SHARD.value())
                .setFollower(Member.newBuilder().setNode("node-9").setIncarnation(1))
                .setFirstSequence(1);
    }

    private static HeartbeatRequest.Builder beats() {
        return HeartbeatRequest.newBuilder()
                .setClusterId(TestCluster.CLUSTER)
                .setProtocol(PeerLimits.PROTOCOL)
                .setNode("node-9")
                .setRound(1);
    }

    private static StageChunksRequest.Builder chunk() {
        return StageChunksRequest.newBuilder()
                .setClusterId(TestCluster.CLUSTER)
                .setTicket(1)
                .setShard(TestCluster.SHARD.value())
                .setEpoch(cluster.primary().status().epoch())
                .setUser("alice")
                .setUploadId(ByteString.copyFrom(UPLOAD.toBytes()))
                .setData(ByteString.copyFromUtf8("bytes"))
                .setCrc32C(Crc32c.of(ByteString.copyFromUtf8("bytes")));
    }

    private static ReplicateResponse replicate(Hello.Builder hello) throws InterruptedException {
        return replicate(ReplicateRequest.newBuilder().setHello(hello).build());
    }

    private static ReplicateResponse replicate(ReplicateRequest first) throws InterruptedException {
        var counted = refusals();
        var observer = new Received<ReplicateResponse>();
        ReplicationGrpc.newStub(channel).replicate(observer).onNext(first);
        var answer = observer.next();
        assertCounted(counted, answer.getRefuse());
        return answer;
    }

    private static HeartbeatResponse heartbeat(HeartbeatRequest.Builder message) throws InterruptedException {
        var counted = refusals();
        var observer = new Received<HeartbeatResponse>();
        var requests = ReplicationGrpc.newStub(channel).heartbeat(observer);
        requests.onNext(message.build());
        var answer = observer.next();
        requests.onCompleted();
        if (answer.hasRefuse()) {
            assertCounted(counted, answer.getRefuse());
        }
        return answer;
    }

    private static RefuseReason stage(StageChunksRequest.Builder message) throws InterruptedException {
        return staging(message).getReason();
    }

    private static Refuse staging(StageChunksRequest.Builder message) throws InterruptedException {
        var counted = refusals();
        var observer = new Received<StageChunksResponse>();
        var requests = ReplicationGrpc.newStub(channel).stageChunks(observer);
        requests.onNext(message.build());
        var answer = observer.next();
        requests.onCompleted();
        assertThat(answer.getTicket()).isEqualTo(1);
        if (answer.hasRefuse()) {
            assertCounted(counted, answer.getRefuse());
        }
        return answer.getRefuse();
    }

    private static double refusals(String reason) {
        return refusals().getOrDefault(reason, 0.0);
    }

    /** What the node has refused so far, by reason. */
    private static Map<String, Double> refusals() {
        return cluster.node(1).registry().find("tintype.peer.refused").counters().stream()
                .collect(Collectors.toMap(
                        counter -> String.valueOf(counter.getId().getTag("reason")), Counter::count));
    }

    /** Whatever is refused, is counted under its reason. */
    private static void assertCounted(Map<String, Double> before, Refuse refuse) {
        var reason =
                refuse.getReason().name().substring("REFUSE_REASON_".length()).toLowerCase(Locale.ROOT);
        assertThat(refusals(reason))
                .as("refusals by reason %s", reason)
                .isGreaterThanOrEqualTo(before.getOrDefault(reason, 0.0) + 1);
    }

    /** What came over a stream. */
    private static final class Received<T> implements StreamObserver<T> {
        private final BlockingQueue<T> messages = new LinkedBlockingQueue<>();
        private final BlockingQueue<Status.Code> failures = new LinkedBlockingQueue<>();

        T next() throws InterruptedException {
            var message = messages.poll(20, TimeUnit.SECONDS);
            assertThat(message).as("an answer; failures: " + failures).isNotNull();
            return message;
        }

        Status.Code failure() {
            return await().atMost(TestCluster.PATIENCE).until(failures::peek, code -> code != null);
        }

        @Override
        public void onNext(T message) {
            messages.add(message);
        }

        @Override
        public void onError(Throwable failure) {
            failures.add(Status.fromThrowable(failure).getCode());
        }

        @Override
        public void onCompleted() {}
    }
}
