// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.coordinator.upload.BlobUploadService;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reads and writes through the gRPC services, and how reads find their node and are paced. */
final class GetRelayTest {
    private static final int SIZE = 3_000_000;

    private final MemoryCluster cluster = new MemoryCluster(64 << 20, 1L << 30);
    private final byte[] bytes = new byte[SIZE];
    private final String name = UUID.randomUUID().toString();
    private final Server server = InProcessServerBuilder.forName(name)
            .directExecutor()
            .addService(new BlobUploadService(cluster.upload))
            .addService(new BlobRetrievalService(cluster.retrieval))
            .build();
    private final ManagedChannel channel = InProcessChannelBuilder.forName(name).build();

    @BeforeEach
    void start() throws Exception {
        new Random(SIZE).nextBytes(bytes);
        server.start();
        put();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.shutdownNow();
        cluster.close();
    }

    @Test
    void aBlobComesWholeThroughTheServices() {
        assertThat(collect(get()).toByteArray()).isEqualTo(bytes);
        var head = BlobRetrievalGrpc.newBlockingStub(channel)
                .head(HeadRequest.newBuilder().setUser("u").setName("n").build());
        assertThat(head.getHead().getCrc32C()).isEqualTo(Crc32c.of(bytes));
    }

    @Test
    void aReadFollowsHintsAndWaitsForAnElection() {
        cluster.a.refuse(
                new TintypeException(Reason.NO_PRIMARY, "electing", Duration.ofMillis(20)),
                new TintypeException(
                        Reason.NOT_PRIMARY,
                        "not I",
                        Map.of(TintypeException.ADDRESS, "b", TintypeException.EPOCH, "9")));
        cluster.b.refuse(new TintypeException(
                Reason.NOT_PRIMARY, "nor I", Map.of(TintypeException.ADDRESS, "a", TintypeException.EPOCH, "10")));
        assertThat(collect(get()).size()).isEqualTo(SIZE);
        assertThat(cluster.b.gets).hasValue(1);
    }

    @Test
    void aFailureInTheMiddleIsTold() {
        cluster.a.framesBeforeFailure = 3;
        var got = new ArrayList<GetResponse>();
        var failure = catchThrowable(() -> get().forEachRemaining(got::add));
        assertThat(Errors.fromWire(failure).reason()).isEqualTo(Reason.VERSION_GONE);
        assertThat(got).hasSize(3);
        assertThat(cluster.a.gets).as("no second read behind the caller's back").hasValue(1);
    }

    @Test
    void aReaderWhoTakesNothingIsSentNothing() throws Exception {
        var messages = new ArrayList<GetResponse>();
        var stream = cluster.retrieval.get(request(), new GetStream.Listener<>() {
            @Override
            public void onMessage(GetResponse message) {
                messages.add(message);
            }

            @Override
            public void onEnd() {}

            @Override
            public void onFailed(TintypeException failure) {}
        });
        stream.demand();
        await().until(() -> messages.size() == 1);
        await().pollDelay(Duration.ofMillis(200)).until(() -> messages.size() == 1);
        assertThat(cluster.a.getMessages.get()).as("frames the node gave away").isLessThan(4);
        stream.demand();
        await().until(() -> messages.size() == 2);
        stream.cancel("enough");
    }

    @Test
    void anUnknownUserIsReportedAndNotRegistered() {
        var failure = catchThrowable(() -> collect(BlobRetrievalGrpc.newBlockingStub(channel)
                .get(request().toBuilder().setUser("nobody").build())));
        assertThat(Errors.fromWire(failure).reason()).isEqualTo(Reason.USER_NOT_FOUND);
        assertThat(cluster.a.entries()).doesNotContainKey("nobody");
    }

    private Iterator<GetResponse> get() {
        return BlobRetrievalGrpc.newBlockingStub(channel)
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .get(request());
    }

    private static GetRequest request() {
        return GetRequest.newBuilder().setUser("u").setName("n").build();
    }

    private static ByteString collect(Iterator<GetResponse> messages) {
        List<ByteString> parts = new ArrayList<>();
        messages.forEachRemaining(message -> parts.add(message.getFrame().getData()));
        return ByteString.copyFrom(parts);
    }

    private void put() throws Exception {
        var stored = new CompletableFuture<PutResponse>();
        var out = BlobUploadGrpc.newStub(channel).put(new StreamObserver<>() {
            @Override
            public void onNext(PutResponse response) {
                stored.complete(response);
            }

            @Override
            public void onError(Throwable failure) {
                stored.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {}
        });
        var header = PutHeader.newBuilder().setUser("u").setName("n").setRequestId(ByteString.copyFrom(new byte[16]));
        out.onNext(PutRequest.newBuilder().setHeader(header).build());
        for (int from = 0; from < SIZE; from += 1 << 20) {
            var data = ByteString.copyFrom(bytes, from, Math.min(1 << 20, SIZE - from));
            out.onNext(PutRequest.newBuilder()
                    .setFrame(
                            DataFrame.newBuilder().setOffset(from).setData(data).setCrc32C(Crc32c.of(data)))
                    .build());
        }
        out.onNext(PutRequest.newBuilder()
                .setFinish(PutFinish.newBuilder().setSize(SIZE).setCrc32C(Crc32c.of(bytes)))
                .build());
        out.onCompleted();
        assertThat(stored.get(20, TimeUnit.SECONDS).getHead().getSize()).isEqualTo(SIZE);
    }
}
