// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How an upload finds its node, is paced, and begins anew. */
final class PutRelayTest {
    private static final int FRAME = 128 << 10;

    private final MemoryCluster cluster = new MemoryCluster(16 << 20, 1L << 30);

    @AfterEach
    void stop() {
        cluster.close();
    }

    @Test
    void aNewUserIsRegisteredClaimedAndServed() throws Exception {
        assertThat(put(1000).get(10, TimeUnit.SECONDS).getHead().getSize()).isEqualTo(1000);
        assertThat(cluster.a.entries()).containsKey("u");
        assertThat(cluster.a.claims).hasValue(1);
        put(1000).get(10, TimeUnit.SECONDS);
        assertThat(cluster.a.claims).as("claimed once").hasValue(1);
    }

    @Test
    void aHintIsFollowedWithoutTheCallerNoticing() throws Exception {
        cluster.a.refuse(notPrimary("b", 2), notPrimary("b", 2));
        put(1000).get(10, TimeUnit.SECONDS);
        assertThat(cluster.b.blob("u", "n")).isPresent();
        put(1000).get(10, TimeUnit.SECONDS);
        assertThat(cluster.a.puts).as("the hint is remembered").hasValue(1);
    }

    @Test
    void nodesThatContradictEachOtherAreNotAskedWithoutEnd() throws Exception {
        for (int i = 0; i < 10; i++) {
            cluster.a.refuse(notPrimary("b", 2));
            cluster.b.refuse(notPrimary("a", 3));
        }
        put(1000).get(20, TimeUnit.SECONDS);
        assertThat(cluster.a.puts.get() + cluster.b.puts.get()).isBetween(10, 21);
    }

    @Test
    void anElectionIsWaitedFor() throws Exception {
        cluster.lead(null, 1);
        var stored = put(1000);
        await().pollDelay(Duration.ofMillis(200)).until(() -> !stored.isDone());
        cluster.lead("b", 2);
        stored.get(10, TimeUnit.SECONDS);
        assertThat(cluster.b.blob("u", "n")).isPresent();
    }

    @Test
    void aUserWhoseShardIsFullGetsAnotherOne() throws Exception {
        cluster.a.refuseClaims(new TintypeException(Reason.SHARD_FULL, "full"));
        put(1000).get(10, TimeUnit.SECONDS);
        assertThat(cluster.a
                        .entries()
                        .getOrDefault("u", DirectoryEntry.getDefaultInstance())
                        .getGeneration())
                .isEqualTo(2);
    }

    @Test
    void aPoolWithoutRoomSaysWhatToDo() {
        for (int i = 0; i < 20; i++) {
            cluster.a.refuseClaims(new TintypeException(Reason.SHARD_FULL, "full"));
        }
        assertReason(put(1000), Reason.POOL_FULL, "register the user in another pool");
    }

    @Test
    void aRefusalForGoodIsPassedOnAtOnce() {
        cluster.a.refuse(new TintypeException(Reason.DISK_FULL, "node n1 is full"));
        assertReason(put(1000), Reason.DISK_FULL, "node n1 is full");
        assertThat(cluster.a.puts).hasValue(1);
        assertThat(cluster.admission.heldBytes()).isZero();
    }

    @Test
    void aLongUploadThatIsRefusedLateIsTheCallersToRepeat() throws Exception {
        // The node refuses at the header; the relay can still begin anew with what it has kept.
        cluster.a.refuse(notPrimary("b", 2));
        put(5_000_000).get(20, TimeUnit.SECONDS);
        assertThat(cluster.b.blob("u", "n").orElseThrow().bytes().size()).isEqualTo(5_000_000);
    }

    @Test
    void aNodeThatDiesInTheMiddleLeavesTheOutcomeToTheCaller() throws Exception {
        cluster.a.takePutMessages(4);
        var upload = begin(20_000_000);
        await().until(() -> cluster.a.putMessages.get() == 4);
        cluster.kill("a");
        assertReason(upload.result, Reason.UNAVAILABLE, "");
        assertThat(cluster.admission.heldBytes()).isZero();
    }

    @Test
    void theCallerIsAskedForNoMoreThanTheNodeTakes() throws Exception {
        cluster.a.takePutMessages(2);
        var upload = begin(64 << 20);
        await().until(() -> cluster.a.putMessages.get() == 2);
        await().pollDelay(Duration.ofMillis(300)).until(() -> true);
        assertThat(upload.sent.get())
                .as("messages asked for while the node takes none")
                .isLessThan(10);
        assertThat(cluster.admission.heldBytes()).isLessThan(1 << 20);
        cluster.a.takeAll();
        assertThat(upload.result.get(30, TimeUnit.SECONDS).getHead().getSize()).isEqualTo(64 << 20);
        assertThat(cluster.admission.heldBytes()).isZero();
    }

    /** However small his header says that the blob is, and however large his frames are. */
    @ParameterizedTest
    @ValueSource(ints = {1_000, 4 << 20})
    void whatACallerSendsIsCountedAsItIs(int declared) throws Exception {
        cluster.a.takePutMessages(2);
        var upload = new Upload(4 << 20, 1 << 20);
        upload.stream = cluster.upload.put(header("u", "n", declared), upload);
        upload.started.complete(null);
        await().until(() -> cluster.a.putMessages.get() == 2);
        assertThat(cluster.admission.heldBytes()).isBetween(1L << 20, 3L << 20);
        cluster.a.takeAll();
        upload.result.get(30, TimeUnit.SECONDS);
        assertThat(cluster.admission.heldBytes()).isZero();
    }

    @Test
    void aCallerWhoGoesAwayLeavesNothingBehind() throws Exception {
        cluster.a.takePutMessages(2);
        var upload = begin(20_000_000);
        await().until(() -> cluster.a.putMessages.get() == 2);
        upload.stream.cancel("gone");
        await().until(() -> cluster.admission.heldBytes() == 0);
        cluster.a.takeAll();
        assertThat(cluster.a.blob("u", "n")).isEmpty();
        assertThat(upload.result).isNotDone();
    }

    @Test
    void anUploadThatTakesTooLongEndsAndSaysSo() {
        var hurried = cluster.uploads(Duration.ofMillis(300), 1L << 30);
        // A caller who sends his header and then nothing.
        var upload = new Upload(20_000_000);
        upload.stream = hurried.put(header("u", "n", 20_000_000), upload);
        assertReason(upload.result, Reason.INCOMPLETE_UPLOAD, "longer than it may (uploadTimeout). Nothing was stored");
        // Sending the same again would fail again: nothing says when to.
        assertThatThrownBy(() -> upload.result.get(1, TimeUnit.SECONDS))
                .cause()
                .isInstanceOfSatisfying(
                        TintypeException.class,
                        failure -> assertThat(failure.retryAfter()).isEmpty());
        assertThat(cluster.admission.heldBytes()).isZero();
        await().until(() -> cluster.a.openPuts.get() == 0);
        assertThat(cluster.a.blob("u", "n")).isEmpty();
    }

    @Test
    void anUploadForWhichMemoryIsMissingOnTheWayEndsAndSaysSo() throws Exception {
        var messages = new AtomicInteger();
        var poor = cluster.uploads(
                Duration.ofHours(1),
                1L << 30,
                address -> ClientInterceptors.intercept(cluster.to(address), new NoMemoryFor(4, messages)));
        var upload = new Upload(20_000_000);
        upload.stream = poor.put(header("u", "n", 20_000_000), upload);
        upload.started.complete(null);
        assertReason(upload.result, Reason.OVERLOADED, "no memory left to pass the bytes on: direct buffer memory");
        assertThat(messages).hasValue(4);
        assertThat(cluster.admission.heldBytes()).isZero();
        await().until(() -> cluster.a.openPuts.get() == 0);
        assertThat(cluster.a.blob("u", "n")).isEmpty();
    }

    /** There is no memory for sending one of the messages of a Put. */
    private record NoMemoryFor(int number, AtomicInteger messages) implements ClientInterceptor {
        @Override
        public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            var call = next.newCall(method, options);
            return !method.equals(BlobUploadGrpc.getPutMethod())
                    ? call
                    : new SimpleForwardingClientCall<>(call) {
                        @Override
                        public void sendMessage(Q message) {
                            if (messages.incrementAndGet() == number) {
                                throw new OutOfMemoryError("direct buffer memory");
                            }
                            super.sendMessage(message);
                        }
                    };
        }
    }

    @Test
    void aFullCoordinatorSaysOverGrpcWhenToComeBack() {
        try (var full = new MemoryCluster(1_000, 1L << 30)) {
            full.serve("c", List.of(new BlobUploadService(full.upload)));
            var answer = new CompletableFuture<PutResponse>();
            var out = BlobUploadGrpc.newStub(full.to("c")).put(new StreamObserver<>() {
                @Override
                public void onNext(PutResponse response) {
                    answer.complete(response);
                }

                @Override
                public void onError(Throwable failure) {
                    answer.completeExceptionally(Errors.fromWire(failure));
                }

                @Override
                public void onCompleted() {}
            });
            out.onNext(header("u", "n", 1_000));
            assertReason(answer, Reason.OVERLOADED, "its limit is 1000");
            assertThatThrownBy(() -> answer.get(1, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            TintypeException.class,
                            failure -> assertThat(failure.retryAfter()).contains(Duration.ofSeconds(1)));
        }
    }

    @Test
    void whatIsNotLegalIsRefusedBeforeAnythingHappens() {
        assertThatThrownBy(() -> cluster.upload.put(PutRequest.getDefaultInstance(), new Upload(0)))
                .hasMessageContaining("must carry its header");
        assertThatThrownBy(() -> cluster.upload.put(header("u", "", 1), new Upload(0)))
                .extracting(e -> ((TintypeException) e).reason())
                .isEqualTo(Reason.INVALID_NAME);
        assertThatThrownBy(() -> cluster.upload.put(header("u", "n", 2L << 30), new Upload(0)))
                .extracting(e -> ((TintypeException) e).reason())
                .isEqualTo(Reason.BLOB_TOO_LARGE);
        assertThat(cluster.a.entries()).isEmpty();
        assertThat(cluster.admission.heldBytes()).isZero();
    }

    @Test
    void anUploadThatCannotBeginHoldsNothing() {
        // Longer than can be told in milliseconds: it throws where no one expects it.
        var broken = cluster.uploads(Duration.ofSeconds(Long.MAX_VALUE), 1L << 30);
        assertThatThrownBy(() -> broken.put(header("u", "n", 1_000), new Upload(0)))
                .isInstanceOf(ArithmeticException.class);
        assertThat(cluster.admission.heldBytes()).isZero();
    }

    private CompletableFuture<PutResponse> put(int size) {
        return begin(size).result;
    }

    private Upload begin(int size) {
        var upload = new Upload(size);
        upload.stream = cluster.upload.put(header("u", "n", size), upload);
        upload.started.complete(null);
        return upload;
    }

    private static PutRequest header(String user, String name, long size) {
        return PutRequest.newBuilder()
                .setHeader(PutHeader.newBuilder()
                        .setUser(user)
                        .setName(name)
                        .setSize(size)
                        .setRequestId(ByteString.copyFrom(new byte[16])))
                .build();
    }

    private static TintypeException notPrimary(String address, long epoch) {
        return new TintypeException(
                Reason.NOT_PRIMARY,
                "not I",
                Map.of(TintypeException.ADDRESS, address, TintypeException.EPOCH, Long.toString(epoch)));
    }

    private static void assertReason(CompletableFuture<?> result, Reason reason, String text) {
        assertThatThrownBy(() -> result.get(30, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(TintypeException.class)
                .hasMessageContaining(text)
                .extracting(e -> ((TintypeException) e).reason())
                .isEqualTo(reason);
    }

    /** A caller who sends a frame whenever asked, and no sooner. */
    private static final class Upload implements PutStream.Listener {
        final CompletableFuture<PutResponse> result = new CompletableFuture<>();
        final CompletableFuture<Void> started = new CompletableFuture<>();
        final AtomicInteger sent = new AtomicInteger();
        private final byte[] bytes;
        private final int frame;
        private int position;
        private boolean ended;
        volatile PutStream stream = new NoStream();

        Upload(int size) {
            this(size, FRAME);
        }

        Upload(int size, int frame) {
            this.frame = frame;
            bytes = new byte[size];
            new Random(size).nextBytes(bytes);
        }

        @Override
        public void onDemand() {
            var unused = started.thenRun(this::sendOne);
        }

        private synchronized void sendOne() {
            if (ended) {
                return;
            }
            int count = Math.min(frame, bytes.length - position);
            var data = ByteString.copyFrom(bytes, position, count);
            var message = PutRequest.newBuilder()
                    .setFrame(DataFrame.newBuilder()
                            .setOffset(position)
                            .setData(data)
                            .setCrc32C(Crc32c.of(data)));
            position += count;
            ended = position == bytes.length;
            if (ended) {
                message.setFinish(PutFinish.newBuilder().setSize(bytes.length).setCrc32C(Crc32c.of(bytes)));
            }
            sent.incrementAndGet();
            stream.send(message.build());
            if (ended) {
                stream.end();
            }
        }

        @Override
        public void onStored(PutResponse response) {
            result.complete(response);
        }

        @Override
        public void onFailed(TintypeException failure) {
            result.completeExceptionally(failure);
        }
    }

    private static final class NoStream implements PutStream {
        @Override
        public void send(PutRequest message) {
            throw new IllegalStateException("sent before the upload was begun");
        }

        @Override
        public void end() {}

        @Override
        public void cancel(String why) {}
    }
}
