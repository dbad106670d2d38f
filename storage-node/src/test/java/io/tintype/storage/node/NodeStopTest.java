// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.RequestId;
import io.tintype.proto.internal.v1.CreateEntryRequest;
import io.tintype.proto.internal.v1.DirectoryGrpc;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Wire;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Iterator;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a node that is told to stop does with what is under way. */
@Timeout(240)
final class NodeStopTest extends OneNode {
    private static final String USER = "alice";
    private static final String NAME = "large.jpg";

    /** More than a connection holds, so that a read of it is under way until its reader has taken it. */
    private static final int BYTES = 24 << 20;

    private final Random random = new Random(11);

    @Test
    void aReadUnderWayIsFinishedAfterNobodyElseIsLetIn() throws Exception {
        var bytes = new byte[BYTES];
        random.nextBytes(bytes);
        var node = StorageNode.start(config("data"));
        int port = node.port();
        var channel = channel(port);
        try {
            assign();
            await().atMost(PATIENCE).until(() -> node.shards().all().size() == 2 && node.isServing());
            register(node);
            put(channel, bytes);
            var read = get(channel);
            var got = new ByteArrayOutputStream();
            take(read, got);
            var closed = CompletableFuture.runAsync(node::close);
            await("it listens no more").atMost(PATIENCE).until(() -> !listens(port));
            assertThat(closed).as("the stop waits for the read").isNotDone();
            while (read.hasNext()) {
                take(read, got);
            }
            assertThat(got.toByteArray()).isEqualTo(bytes);
            closed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } finally {
            channel.shutdownNow();
            node.close();
        }
    }

    private static boolean listens(int port) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (ConnectException e) {
            return false;
        }
    }

    private static Iterator<GetResponse> get(ManagedChannel channel) {
        return BlobRetrievalGrpc.newBlockingStub(channel)
                .get(GetRequest.newBuilder()
                        .setUser(USER)
                        .setName(NAME)
                        .setShard(DATA)
                        .build());
    }

    private static void take(Iterator<GetResponse> read, ByteArrayOutputStream to) throws IOException {
        read.next().getFrame().getData().writeTo(to);
    }

    private static void register(StorageNode node) {
        var peers = channel(node.peerPort());
        try {
            var unused = DirectoryGrpc.newBlockingStub(peers)
                    .createEntry(CreateEntryRequest.newBuilder()
                            .setClusterId(node.clusterId())
                            .setShard(DIRECTORY)
                            .setUser(USER)
                            .setHome(DATA)
                            .setPool("local.standard")
                            .build());
        } finally {
            peers.shutdownNow();
        }
    }

    private void put(ManagedChannel channel, byte[] bytes) throws Exception {
        var answer = new CompletableFuture<PutResponse>();
        var out = BlobUploadGrpc.newStub(channel).put(new StreamObserver<>() {
            @Override
            public void onNext(PutResponse value) {
                answer.complete(value);
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {}
        });
        out.onNext(PutRequest.newBuilder()
                .setHeader(PutHeader.newBuilder()
                        .setUser(USER)
                        .setName(NAME)
                        .setRequestId(Wire.bytes(RequestId.random(random))))
                .build());
        for (int at = 0; at < bytes.length; at += Limits.MAX_FRAME_BYTES) {
            var frame = ByteString.copyFrom(bytes, at, Math.min(Limits.MAX_FRAME_BYTES, bytes.length - at));
            out.onNext(PutRequest.newBuilder()
                    .setFrame(DataFrame.newBuilder()
                            .setOffset(at)
                            .setData(frame)
                            .setCrc32C(Crc32c.of(frame.toByteArray())))
                    .build());
        }
        out.onNext(PutRequest.newBuilder()
                .setFinish(PutFinish.newBuilder().setSize(bytes.length).setCrc32C(Crc32c.of(bytes)))
                .build());
        out.onCompleted();
        var unused = answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
}
