// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
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
import java.util.Iterator;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a node that is told to stop does with what is under way. */
@Timeout(240)
final class NodeStopTest extends OneNode {
    private static final String USER = "alice";
    private static final String NAME = "large.jpg";

    /** More than a connection holds, so that a read of it is under way until its reader has taken it. */
    private static final int BYTES = 24 << 20;

    private static final Pattern STAGED = Pattern.compile("(?m)^tintype_chunks_staged_total(\\{.*\\})? [1-9]");

    private final Random random = new Random(11);

    private interface UnderWay {
        void look(StorageNode node, ManagedChannel channel) throws Exception;
    }

    private void withNode(UnderWay test) throws Exception {
        var node = StorageNode.start(config("data"));
        var channel = channel(node.port());
        try {
            assign();
            await().atMost(PATIENCE).until(() -> node.shards().all().size() == 2 && node.isServing());
            register(node);
            test.look(node, channel);
        } finally {
            channel.shutdownNow();
            node.close();
        }
    }

    @Test
    void aReadUnderWayIsFinishedAfterNobodyElseIsLetIn() throws Exception {
        var bytes = new byte[BYTES];
        random.nextBytes(bytes);
        withNode((node, channel) -> {
            var put = new Upload(channel);
            put.send(bytes, 0, bytes.length);
            put.finish(bytes);
            var read = get(channel);
            var got = new ByteArrayOutputStream();
            take(read, got);
            var closed = CompletableFuture.runAsync(node::close);
            await("it lets nobody else in").atMost(PATIENCE).until(() -> turnsAway(channel));
            assertThat(closed).as("the stop waits for the read").isNotDone();
            while (read.hasNext()) {
                take(read, got);
            }
            assertThat(got.toByteArray()).isEqualTo(bytes);
            closed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        });
    }

    @Test
    void anUploadUnderWayIsFinishedBeforeTheNodeGivesAnythingUp() throws Exception {
        var bytes = new byte[BYTES];
        random.nextBytes(bytes);
        withNode((node, channel) -> {
            var put = new Upload(channel);
            put.send(bytes, 0, BYTES / 2);
            await("it has come")
                    .atMost(PATIENCE)
                    .until(() -> STAGED.matcher(node.scrape()).find());
            var closed = CompletableFuture.runAsync(node::close);
            await("it says that it stops")
                    .atMost(PATIENCE)
                    .until(() -> health(channel, "") == ServingStatus.NOT_SERVING);
            assertThat(closed).as("the stop waits for the upload").isNotDone();
            put.send(bytes, BYTES / 2, BYTES);
            put.finish(bytes);
            closed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        });
    }

    /** Whether a new call is refused, other than because there is nothing of that name. */
    private static boolean turnsAway(ManagedChannel channel) {
        try {
            BlobRetrievalGrpc.newBlockingStub(channel)
                    .get(GetRequest.newBuilder()
                            .setUser(USER)
                            .setName("nothing")
                            .setShard(DATA)
                            .build())
                    .next();
            return false;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode() == Status.Code.UNAVAILABLE;
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

    /** An upload that goes on for as long as the test likes. */
    private final class Upload {
        private final CompletableFuture<PutResponse> answer = new CompletableFuture<>();
        private final StreamObserver<PutRequest> out;

        Upload(ManagedChannel channel) {
            out = BlobUploadGrpc.newStub(channel).put(new StreamObserver<>() {
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
        }

        void send(byte[] bytes, int from, int to) {
            for (int at = from; at < to; at += Limits.MAX_FRAME_BYTES) {
                var frame = ByteString.copyFrom(bytes, at, Math.min(Limits.MAX_FRAME_BYTES, to - at));
                out.onNext(PutRequest.newBuilder()
                        .setFrame(DataFrame.newBuilder()
                                .setOffset(at)
                                .setData(frame)
                                .setCrc32C(Crc32c.of(frame.toByteArray())))
                        .build());
            }
        }

        void finish(byte[] bytes) throws Exception {
            out.onNext(PutRequest.newBuilder()
                    .setFinish(PutFinish.newBuilder().setSize(bytes.length).setCrc32C(Crc32c.of(bytes)))
                    .build());
            out.onCompleted();
            assertThat(answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                            .getHead()
                            .getSize())
                    .isEqualTo(bytes.length);
        }
    }
}
