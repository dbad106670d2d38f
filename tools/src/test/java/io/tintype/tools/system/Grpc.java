// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobRetrievalGrpc.BlobRetrievalBlockingStub;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.BlobUploadGrpc.BlobUploadBlockingStub;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A client made from the proto alone, as a stranger would write it: no SDK, no retries, one connection. */
final class Grpc implements AutoCloseable {
    private static final int FRAME_BYTES = 256 << 10;
    private static final int DEADLINE_SECONDS = 60;

    private final ManagedChannel channel;
    private final Random ids = new Random();

    Grpc(String address) {
        channel = NettyChannelBuilder.forTarget(address)
                .usePlaintext()
                .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES)
                .build();
    }

    BlobUploadBlockingStub uploads() {
        return BlobUploadGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    BlobRetrievalBlockingStub retrievals() {
        return BlobRetrievalGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    ManagedChannel channel() {
        return channel;
    }

    /** A header with a fresh request id. */
    PutHeader.Builder header(String user, String name) {
        return PutHeader.newBuilder()
                .setUser(user)
                .setName(name)
                .setRequestId(Wire.bytes(new RequestId(ids.nextLong(), ids.nextLong())));
    }

    /** The messages of a put: header, frames, and the finish part with the last. */
    static List<PutRequest> messages(PutHeader header, byte[] bytes) {
        var messages = new ArrayList<PutRequest>();
        var data = UnsafeByteOperations.unsafeWrap(bytes);
        messages.add(PutRequest.newBuilder().setHeader(header).build());
        for (int from = 0; from < bytes.length; from += FRAME_BYTES) {
            messages.add(PutRequest.newBuilder()
                    .setFrame(frame(from, data.substring(from, Math.min(bytes.length, from + FRAME_BYTES))))
                    .build());
        }
        messages.add(PutRequest.newBuilder()
                .setFinish(PutFinish.newBuilder().setSize(bytes.length).setCrc32C(Crc32c.of(bytes)))
                .build());
        return messages;
    }

    static DataFrame frame(long offset, ByteString data) {
        return DataFrame.newBuilder()
                .setOffset(offset)
                .setData(data)
                .setCrc32C(Crc32c.of(data))
                .build();
    }

    /** Sends messages as one put; throws what the server answers. */
    PutResponse send(List<PutRequest> messages) {
        var answer = new CompletableFuture<PutResponse>();
        var sink = BlobUploadGrpc.newStub(channel)
                .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
                .put(new StreamObserver<>() {
                    @Override
                    public void onNext(PutResponse response) {
                        answer.complete(response);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        answer.completeExceptionally(failure);
                    }

                    @Override
                    public void onCompleted() {
                        answer.completeExceptionally(new IllegalStateException("ended without an answer"));
                    }
                });
        for (var message : messages) {
            if (answer.isDone()) {
                break;
            }
            sink.onNext(message);
        }
        if (!answer.isDone()) {
            sink.onCompleted();
        }
        try {
            return answer.join();
        } catch (RuntimeException e) {
            throw known(e);
        }
    }

    PutResponse put(String user, String name, String contentType, byte[] bytes) {
        return send(messages(header(user, name).setContentType(contentType).build(), bytes));
    }

    /** Reads a blob and checks every checksum that came with it. */
    byte[] get(String user, String name) {
        return get(GetRequest.newBuilder().setUser(user).setName(name).build());
    }

    byte[] get(GetRequest request) {
        var bytes = new ByteArrayOutputStream();
        try {
            for (var parts = retrievals().get(request); parts.hasNext(); ) {
                GetResponse part = parts.next();
                var frame = part.getFrame();
                if (Crc32c.of(frame.getData()) != frame.getCrc32C()) {
                    throw new IllegalStateException("a frame at " + frame.getOffset() + " has another checksum");
                }
                bytes.writeBytes(frame.getData().toByteArray());
            }
        } catch (RuntimeException e) {
            throw known(e);
        }
        return bytes.toByteArray();
    }

    /** A failure as reason and text. */
    static TintypeException known(Throwable failure) {
        return Errors.fromWire(failure);
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
