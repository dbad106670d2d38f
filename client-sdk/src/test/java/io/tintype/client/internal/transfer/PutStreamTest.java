// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PutStreamTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Test
    void theOutcomeIsToldAlsoWhereTheClientsThreadsAreGone() throws IOException {
        byte[] bytes = {1, 2, 3};
        var channel = new FakeChannel();
        var gone = new AtomicBoolean();
        Executor workers = task -> {
            if (gone.get()) {
                throw new RejectedExecutionException("closed");
            }
            task.run();
        };
        try (var threads = new ClientThreads()) {
            var op = new Op("Put", null, PATIENCE);
            var stalls = new StallWatch(PATIENCE, threads);
            var shared = new PutStream.Shared(PutHeader.getDefaultInstance(), op, stalls, workers);
            var source = OnceSource.stream(new ByteArrayInputStream(bytes));
            var result = Objects.requireNonNull(PutStream.send(channel, shared, source));
            var listener = Objects.requireNonNull(channel.call.listener);
            var head = BlobHead.newBuilder().setSize(bytes.length).setCrc32C(Crc32c.of(bytes));
            var answer = PutResponse.newBuilder().setHead(head).build();
            listener.onMessage(answer);
            gone.set(true);

            assertThatThrownBy(() -> listener.onClose(Status.OK, new Metadata()))
                    .isInstanceOf(RejectedExecutionException.class);

            assertThat(result).isCompletedWithValue(answer);
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

        @Override
        public void start(Listener<PutResponse> given, Metadata headers) {
            listener = given;
        }

        @Override
        public void request(int messages) {}

        @Override
        public void cancel(@Nullable String message, @Nullable Throwable cause) {}

        @Override
        public void halfClose() {}

        @Override
        public void sendMessage(PutRequest message) {}
    }
}
