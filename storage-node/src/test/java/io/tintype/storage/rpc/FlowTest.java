// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static io.tintype.storage.rpc.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Errors;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Memory stays bounded whatever clients do, and is given back whatever becomes of them. */
@Timeout(120)
final class FlowTest {
    private static final long BUDGET = 8L << 20;
    private static final int BLOB = 24 << 20;

    @TempDir
    private Path folder;

    /** Reads only when told to. */
    private static final class SlowReader implements ClientResponseObserver<GetRequest, GetResponse> {
        final CompletableFuture<Void> done = new CompletableFuture<>();
        final List<GetResponse> messages = new ArrayList<>();

        @SuppressWarnings("NullAway.Init") // gRPC sets it before anything else
        private ClientCallStreamObserver<GetRequest> call;

        @Override
        public void beforeStart(ClientCallStreamObserver<GetRequest> started) {
            call = started;
            started.disableAutoRequestWithInitial(1);
        }

        @Override
        public synchronized void onNext(GetResponse message) {
            messages.add(message);
        }

        synchronized int seen() {
            return messages.size();
        }

        @Override
        public void onError(Throwable t) {
            done.completeExceptionally(Errors.fromWire(t));
        }

        @Override
        public void onCompleted() {
            done.complete(null);
        }

        void ask(int count) {
            call.request(count);
        }

        void cancel() {
            call.cancel("enough", null);
        }
    }

    private static PutResponse putLarge(Rig rig, String name, byte[] bytes) {
        return rig.send(Rig.messages(rig.header(name).build(), bytes, Limits.MAX_FRAME_BYTES));
    }

    @Test
    void aSlowReaderHoldsTwoChunksAndGetsEverything() throws Exception {
        try (var rig = Rig.start(folder, Rig.limits(Limits.MAX_BLOB_BYTES, 64L << 20))) {
            var bytes = rig.bytes(BLOB);
            putLarge(rig, "slow", bytes);
            var reader = new SlowReader();
            rig.retrievalAsync.get(rig.getRequest("slow").build(), reader);
            await().until(() -> reader.seen() == 1);
            for (int i = 1; i < BLOB / Limits.CHUNK_BYTES; i++) {
                assertThat(rig.services.readBytesHeld()).isLessThanOrEqualTo(3L * Limits.CHUNK_BYTES);
                reader.ask(1);
                int next = i + 1;
                await().until(() -> reader.seen() == next);
            }
            reader.ask(1);
            reader.done.get(30, TimeUnit.SECONDS);
            assertThat(Rig.joined(reader.messages)).isEqualTo(bytes);
            await().untilAsserted(() -> assertThat(rig.services.readBytesHeld()).isZero());
        }
    }

    @Test
    void manySlowReadersShareTheBudgetAndAllFinish() throws Exception {
        try (var rig = Rig.start(folder, Rig.limits(Limits.MAX_BLOB_BYTES, BUDGET))) {
            var bytes = rig.bytes(BLOB / 4);
            putLarge(rig, "shared", bytes);
            var readers = IntStream.range(0, 20).mapToObj(i -> new SlowReader()).toList();
            readers.forEach(
                    reader -> rig.retrievalAsync.get(rig.getRequest("shared").build(), reader));
            await().until(() -> readers.stream().anyMatch(reader -> reader.seen() == 1));
            assertThat(rig.services.readBytesHeld()).isLessThanOrEqualTo(BUDGET);
            readers.forEach(reader -> reader.ask(1_000));
            for (var reader : readers) {
                reader.done.get(60, TimeUnit.SECONDS);
                assertThat(Rig.joined(reader.messages)).isEqualTo(bytes);
            }
            await().untilAsserted(() -> assertThat(rig.services.readBytesHeld()).isZero());
        }
    }

    @Test
    void aReaderWhoLeavesGivesBackWhatHeHeld() throws Exception {
        try (var rig = Rig.start(folder, Rig.limits(Limits.MAX_BLOB_BYTES, BUDGET))) {
            putLarge(rig, "left", rig.bytes(BLOB));
            for (int i = 0; i < 10; i++) {
                var reader = new SlowReader();
                rig.retrievalAsync.get(rig.getRequest("left").build(), reader);
                await().until(() -> reader.seen() == 1);
                reader.cancel();
            }
            await().untilAsserted(() -> assertThat(rig.services.readBytesHeld()).isZero());
        }
    }

    /** Sends only when told to. */
    private static final class SlowWriter implements ClientResponseObserver<PutRequest, PutResponse> {
        final CompletableFuture<PutResponse> done = new CompletableFuture<>();

        @SuppressWarnings("NullAway.Init") // gRPC sets it before anything else
        private ClientCallStreamObserver<PutRequest> call;

        @Override
        public void beforeStart(ClientCallStreamObserver<PutRequest> started) {
            call = started;
        }

        @Override
        public void onNext(PutResponse value) {
            done.complete(value);
        }

        @Override
        public void onError(Throwable t) {
            done.completeExceptionally(Errors.fromWire(t));
        }

        @Override
        public void onCompleted() {}
    }

    /** An upload whose first part is there, or refused: messages that have not come whole have a limit of their own. */
    private static SlowWriter begun(Rig rig, String name, byte[] part) {
        long before = rig.services.uploadBytesHeld();
        var writer = new SlowWriter();
        rig.uploadAsync.put(writer);
        writer.call.onNext(PutRequest.newBuilder()
                .setHeader(rig.header(name))
                .setFrame(Rig.frame(0, part))
                .build());
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .until(() -> writer.done.isDone() || rig.services.uploadBytesHeld() > before);
        return writer;
    }

    @Test
    void uploadsHoldOnlyWhatCameAndAreRefusedAboveTheBudget() throws Exception {
        try (var rig = Rig.start(folder, Rig.limits(Limits.MAX_BLOB_BYTES, BUDGET))) {
            var part = rig.bytes(100_000);
            rig.put("small", part);
            var writers = new ArrayList<SlowWriter>();
            for (int i = 0; i < 60; i++) {
                writers.add(begun(rig, "slow " + i, part));
            }
            assertThat(rig.services.uploadBytesHeld()).isEqualTo(60L * part.length);
            assertThat(rig.read("small")).as("reads go on").isEqualTo(part);
            for (int i = 60; i < 100; i++) {
                writers.add(begun(rig, "slow " + i, part));
            }
            await().until(() -> writers.get(99).done.isDone());
            assertThat(rig.services.uploadBytesHeld()).isLessThanOrEqualTo(BUDGET);
            var refusal =
                    refused(Reason.OVERLOADED, () -> Rig.join(writers.get(99).done), "limits.uploadBytes", "try again");
            assertThat(refusal.retryAfter()).contains(ByteBudget.RETRY_AFTER);
            for (int i = 0; i < 60; i++) {
                writers.get(i)
                        .call
                        .onNext(PutRequest.newBuilder()
                                .setFinish(Rig.finish(part))
                                .build());
                writers.get(i).call.onCompleted();
            }
            for (int i = 0; i < 60; i++) {
                assertThat(Rig.join(writers.get(i).done).getHead().getCrc32C()).isEqualTo(Crc32c.of(part));
            }
            writers.forEach(writer -> writer.call.cancel("enough", null));
            await().untilAsserted(
                            () -> assertThat(rig.services.uploadBytesHeld()).isZero());
        }
    }

    @Test
    void aLargeUploadHoldsFewChunks() throws Exception {
        try (var rig = Rig.start(folder, Rig.limits(Limits.MAX_BLOB_BYTES, BUDGET))) {
            var bytes = rig.bytes(BLOB);
            var writer = new SlowWriter();
            rig.uploadAsync.put(writer);
            long most = 0;
            for (var message : Rig.messages(rig.header("large").build(), bytes, Limits.MAX_FRAME_BYTES)) {
                await().until(() -> writer.call.isReady());
                writer.call.onNext(message);
                most = Math.max(most, rig.services.uploadBytesHeld());
            }
            writer.call.onCompleted();
            assertThat(Rig.join(writer.done).getHead().getSize()).isEqualTo(BLOB);
            assertThat(most).isLessThanOrEqualTo(4L * Limits.CHUNK_BYTES);
            assertThat(rig.read("large")).isEqualTo(bytes);
        }
    }

    @Test
    void aTransferThatStandsStillIsGivenUp() throws Exception {
        var limits = new RpcLimits(Limits.MAX_BLOB_BYTES, BUDGET, BUDGET, 4, 1_024, Duration.ofSeconds(1));
        try (var patient = Rig.start(folder)) {
            putLarge(patient, "asleep", patient.bytes(BLOB));
        }
        try (var rig = Rig.start(folder, limits)) {
            var reader = new SlowReader();
            rig.retrievalAsync.get(rig.getRequest("asleep").build(), reader);
            var writer = new SlowWriter();
            rig.uploadAsync.put(writer);
            writer.call.onNext(PutRequest.newBuilder()
                    .setHeader(rig.header("asleep too"))
                    .setFrame(Rig.frame(0, rig.bytes(1_000)))
                    .build());
            refused(Reason.UNAVAILABLE, () -> Rig.join(writer.done), "stood still for 1 s");
            await().untilAsserted(
                            () -> assertThat(rig.services.uploadBytesHeld()).isZero());
            await().until(() -> reader.seen() == 1);
            await().until(() -> rig.services.transfersGivenUp() == 2); // else the reader might wake up in time
            reader.ask(1_000);
            refused(Reason.UNAVAILABLE, () -> Rig.join(reader.done), "stood still for 1 s");
            await().untilAsserted(() -> assertThat(rig.services.readBytesHeld()).isZero());
        }
    }
}
