// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.model.Limits;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/** Loads an {@link EchoServer} over one connection. */
final class EchoClient implements AutoCloseable {
    /** Frames in which larger blobs are sent, as the client SDK does. */
    private static final int FRAME_BYTES = Limits.INLINE_BYTES;

    private final ManagedChannel channel;
    private final int size;
    private final int concurrency;
    private final Raw.Pace pace;
    private final LongSupplier serverCpu;

    /** @param serverCpu CPU time of the server so far, in nanoseconds */
    EchoClient(int port, int size, int concurrency, Raw.Pace pace, LongSupplier serverCpu) {
        channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES)
                .build();
        this.size = size;
        this.concurrency = concurrency;
        this.pace = pace;
        this.serverCpu = serverCpu;
    }

    /** Downloads into an array of its own for each, and compares it: what the load generator does with every blob. */
    Raw.Measured gets() throws InterruptedException {
        var stub = BlobRetrievalGrpc.newBlockingStub(channel);
        byte[] expected = EchoServer.bytes(size);
        var request = GetRequest.newBuilder().setName(Integer.toString(size)).build();
        return Raw.measure(concurrency, pace, size, serverCpu, (worker, index) -> {
            var received = new byte[size];
            for (var parts = stub.get(request); parts.hasNext(); ) {
                var frame = parts.next().getFrame();
                frame.getData().copyTo(received, (int) frame.getOffset());
            }
            if (!Arrays.equals(received, expected)) {
                throw new IllegalStateException("the echo sent other bytes than it has");
            }
        });
    }

    /** Uploads. */
    Raw.Measured puts() throws InterruptedException {
        var stub = BlobUploadGrpc.newStub(channel);
        ByteString data = UnsafeByteOperations.unsafeWrap(new byte[size]);
        return Raw.measure(concurrency, pace, size, serverCpu, (worker, index) -> {
            var done = new CompletableFuture<PutResponse>();
            var sink = stub.put(new StreamObserver<>() {
                @Override
                public void onNext(PutResponse response) {
                    done.complete(response);
                }

                @Override
                public void onError(Throwable failure) {
                    done.completeExceptionally(failure);
                }

                @Override
                public void onCompleted() {
                    // The response came before.
                }
            });
            for (int from = 0; from < size; from += FRAME_BYTES) {
                int to = Math.min(size, from + FRAME_BYTES);
                sink.onNext(PutRequest.newBuilder()
                        .setFrame(DataFrame.newBuilder().setOffset(from).setData(data.substring(from, to)))
                        .build());
            }
            sink.onCompleted();
            done.join();
        });
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
