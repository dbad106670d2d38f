// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.bench;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.model.Limits;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.SplittableRandom;

/**
 * gRPC with nothing behind it: answers Get with as many bytes out of memory as the name says, and swallows what Put
 * sends. The ceiling for a server that speaks this protocol in this process model.
 */
final class EchoServer implements AutoCloseable {
    private final Server server;

    private EchoServer(Server server) {
        this.server = server;
    }

    /** Starts on a free port of the loopback interface. */
    static EchoServer start() {
        var server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES)
                .directExecutor()
                .addService(new Retrieval())
                .addService(new Upload())
                .build();
        try {
            return new EchoServer(server.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What it answers to whoever asks for so many bytes: one block of random bytes, again and again. */
    static byte[] bytes(int size) {
        var block = new byte[Limits.MAX_FRAME_BYTES];
        new SplittableRandom(1).nextBytes(block);
        var bytes = new byte[size];
        for (int done = 0; done < size; done += block.length) {
            System.arraycopy(block, 0, bytes, done, Math.min(block.length, size - done));
        }
        return bytes;
    }

    int port() {
        return server.getPort();
    }

    void awaitTermination() throws InterruptedException {
        server.awaitTermination();
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private static final class Retrieval extends BlobRetrievalGrpc.BlobRetrievalImplBase {
        private final ByteString block = UnsafeByteOperations.unsafeWrap(bytes(Limits.MAX_FRAME_BYTES));

        @Override
        public void get(GetRequest request, StreamObserver<GetResponse> out) {
            int left = Integer.parseInt(request.getName());
            var call = (ServerCallStreamObserver<GetResponse>) out;
            var sender = new Sender(call, left);
            call.setOnReadyHandler(sender::sendWhileReady);
        }

        private final class Sender {
            private final ServerCallStreamObserver<GetResponse> call;
            private long offset;
            private int left;
            private boolean ended;

            Sender(ServerCallStreamObserver<GetResponse> call, int left) {
                this.call = call;
                this.left = left;
            }

            void sendWhileReady() {
                while (!ended && call.isReady()) {
                    int length = Math.min(left, block.size());
                    call.onNext(GetResponse.newBuilder()
                            .setFrame(DataFrame.newBuilder().setOffset(offset).setData(block.substring(0, length)))
                            .build());
                    offset += length;
                    left -= length;
                    if (left == 0) {
                        ended = true;
                        call.onCompleted();
                    }
                }
            }
        }
    }

    private static final class Upload extends BlobUploadGrpc.BlobUploadImplBase {
        @Override
        public StreamObserver<PutRequest> put(StreamObserver<PutResponse> out) {
            return new StreamObserver<>() {
                @Override
                public void onNext(PutRequest message) {
                    // Decoded, and that is all.
                }

                @Override
                public void onError(Throwable failure) {
                    // The client went away; there is nobody to answer.
                }

                @Override
                public void onCompleted() {
                    out.onNext(PutResponse.getDefaultInstance());
                    out.onCompleted();
                }
            };
        }
    }
}
