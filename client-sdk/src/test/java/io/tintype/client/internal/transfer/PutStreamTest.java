// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.tintype.checksum.Crc32c;
import io.tintype.client.internal.net.ClientThreads;
import io.tintype.client.internal.net.Op;
import io.tintype.client.internal.net.StallWatch;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PutStreamTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final byte[] BYTES = {1, 2, 3};

    private final FakeChannel channel = new FakeChannel();
    private final Watched source = new Watched();
    /** What becomes of work that is to be done by a thread of the client's; null: it is done at once. */
    private @Nullable Throwable gone;

    @Test
    void theOutcomeIsToldAlsoWhereTheClientsThreadsAreGone() throws IOException {
        var result = send();
        var head = BlobHead.newBuilder().setSize(BYTES.length).setCrc32C(Crc32c.of(BYTES));
        var answer = PutResponse.newBuilder().setHead(head).build();
        listener().onMessage(answer);
        gone = new RejectedExecutionException("closed");

        listener().onClose(Status.OK, new Metadata());

        assertThat(result).isCompletedWithValue(answer);
        assertThat(source.open).as("cursors left open").isZero();
    }

    @Test
    void aCallThatCannotBeginLeavesNothingOpen() throws IOException {
        channel.call.startFails = new AssertionError("on purpose");

        assertFailsWith(send(), channel.call.startFails);
    }

    @Test
    void anUploadForWhichNoThreadCanBeMadeEnds() throws IOException {
        gone = new OutOfMemoryError("unable to create native thread");
        var result = send();
        assertThat(channel.call.cancelled).isTrue();

        listener().onClose(Status.CANCELLED, new Metadata());

        assertFailsWith(result, gone);
    }

    @Test
    void anUploadOfWhichAMessageCannotBeSentEnds() throws IOException {
        channel.call.sendFails = new UnsupportedOperationException("on purpose");
        var result = send();
        assertThat(channel.call.cancelled).isTrue();

        listener().onClose(Status.CANCELLED, new Metadata());

        assertFailsWith(result, channel.call.sendFails);
    }

    private CompletableFuture<PutResponse> send() throws IOException {
        try (var threads = new ClientThreads()) {
            var op = new Op("Put", null, PATIENCE);
            var stalls = new StallWatch(PATIENCE, threads);
            var shared = new PutStream.Shared(PutHeader.getDefaultInstance(), op, stalls, this::run);
            return Objects.requireNonNull(PutStream.send(channel, shared, source));
        }
    }

    private void run(Runnable work) {
        if (gone instanceof Error none) {
            throw none;
        }
        if (gone instanceof RuntimeException none) {
            throw none;
        }
        work.run();
    }

    private ClientCall.Listener<PutResponse> listener() {
        return Objects.requireNonNull(channel.call.listener);
    }

    private void assertFailsWith(CompletableFuture<PutResponse> result, Throwable failure) {
        assertThat(result).isCompletedExceptionally();
        assertThat(result.handle((answer, thrown) -> thrown)).isCompletedWithValue(failure);
        assertThat(source.open).as("cursors left open").isZero();
    }

    /** Counts its cursors that are open. */
    private static final class Watched implements ByteSource {
        private int open;

        @Override
        public long size() {
            return BYTES.length;
        }

        @Override
        public boolean blocks() {
            return true;
        }

        @Override
        public Cursor open(Runnable wake) {
            open++;
            return new Cursor() {
                @Override
                public ByteString next(int max) {
                    return ByteString.copyFrom(BYTES);
                }

                @Override
                public boolean atEnd() {
                    return true;
                }

                @Override
                public void close() {
                    open--;
                }
            };
        }
    }

    /** Has one call, which takes everything. */
    private static final class FakeChannel extends Channel {
        final FakeCall call = new FakeCall();

        @Override
        @SuppressWarnings("unchecked") // only Put is called
        public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
            ClientCall<?, ?> only = call;
            return (ClientCall<Q, R>) only;
        }

        @Override
        public String authority() {
            return "nowhere";
        }
    }

    private static final class FakeCall extends ClientCall<PutRequest, PutResponse> {
        private @Nullable Listener<PutResponse> listener;
        private @Nullable Error startFails;
        private @Nullable RuntimeException sendFails;
        private boolean cancelled;

        @Override
        public void start(Listener<PutResponse> given, Metadata headers) {
            listener = given;
            if (startFails != null) {
                throw startFails;
            }
        }

        @Override
        public void request(int messages) {}

        @Override
        public void cancel(@Nullable String message, @Nullable Throwable cause) {
            cancelled = true;
        }

        @Override
        public void halfClose() {}

        @Override
        public void sendMessage(PutRequest message) {
            if (sendFails != null) {
                throw sendFails;
            }
        }
    }
}
