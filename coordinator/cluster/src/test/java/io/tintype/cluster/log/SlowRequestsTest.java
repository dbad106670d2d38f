// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DeleteRequest;
import io.tintype.proto.v1.DeleteResponse;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which requests are written down, how, and how many; by a clock that the services themselves turn. */
final class SlowRequestsTest {
    private static final String ID = "00112233445566778899aabbccddeeff";
    private static final int MIB = 1 << 20;

    private final AtomicLong clock = new AtomicLong(TimeUnit.DAYS.toNanos(-3));
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private @Nullable Server server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.shutdownNow();
        }
    }

    @Test
    void aSlowWriteIsFoundByItsIdWithWhoWhatAndWhere() {
        var stub = BlobUploadGrpc.newBlockingStub(channel(Duration.ofSeconds(2), new Uploads(1_999, 5)));
        var request = DeleteRequest.newBuilder()
                .setUser("alice")
                .setName("cat\n.jpg")
                .setRequestId(Wire.bytes(id()))
                .setShard(7)
                .build();
        assertThat(stub.delete(request)).isNotNull();
        assertThat(lines.list).hasSize(1);
        var line = lines.list.get(0);
        assertThat(line.getFormattedMessage())
                .isEqualTo("tintype.v1.BlobUpload/Delete took 2004 ms and ended with OK: request " + ID
                        + ", user alice, blob cat?.jpg, shard 7, " + request.getSerializedSize()
                        + " bytes received, 0 sent; 0 ms until the request had come, 1999 ms until the first answer, 5 ms"
                        + " until the last");
        assertThat(line.getKeyValuePairs())
                .anySatisfy(pair -> assertThat(pair.key + "=" + pair.value).isEqualTo("request=" + ID));
        assertThat(counted()).isEqualTo(1);
    }

    @Test
    void oneThatIsFastEnoughIsNotWrittenDown() {
        var stub = BlobUploadGrpc.newBlockingStub(channel(Duration.ofSeconds(2), new Uploads(1_990, 9)));
        assertThat(stub.delete(DeleteRequest.getDefaultInstance())).isNotNull();
        assertThat(lines.list).isEmpty();
    }

    @Test
    void nothingIsWrittenDownWhereItIsOff() {
        var stub = BlobUploadGrpc.newBlockingStub(channel(Duration.ZERO, new Uploads(60_000, 0)));
        assertThat(stub.delete(DeleteRequest.getDefaultInstance())).isNotNull();
        assertThat(lines.list).isEmpty();
    }

    @Test
    void anUploadIsNamedByItsHeaderAndOneThatFailsSaysHow() throws InterruptedException {
        var stub = BlobUploadGrpc.newStub(channel(Duration.ofSeconds(2), new Uploads(3_000, 0)));
        var ended = new CountDownLatch(1);
        var upload = stub.put(new StreamObserver<PutResponse>() {
            @Override
            public void onNext(PutResponse answer) {
                throw new AssertionError("it fails");
            }

            @Override
            public void onError(Throwable failure) {
                ended.countDown();
            }

            @Override
            public void onCompleted() {
                ended.countDown();
            }
        });
        upload.onNext(PutRequest.newBuilder()
                .setHeader(
                        PutHeader.newBuilder().setUser("bob").setName("dog.jpg").setRequestId(Wire.bytes(id())))
                .build());
        assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(lines.list).hasSize(1);
        assertThat(lines.list.get(0).getFormattedMessage())
                .startsWith("tintype.v1.BlobUpload/Put took 3000 ms and ended with ")
                .doesNotContain("OK")
                .contains("request " + ID + ", user bob, blob dog.jpg, ")
                .contains("the request had not come whole");
    }

    @Test
    void aReadHasNoIdAndSaysSo() {
        var stub = BlobRetrievalGrpc.newBlockingStub(channel(Duration.ofSeconds(2), new Reads()));
        assertThatThrownBy(() -> stub.get(GetRequest.newBuilder()
                                .setUser("carol")
                                .setName("owl.jpg")
                                .build())
                        .next())
                .isInstanceOf(StatusRuntimeException.class);
        assertThat(lines.list).hasSize(1);
        assertThat(lines.list.get(0).getFormattedMessage())
                .contains("request without id, user carol, blob owl.jpg")
                .contains("2500 ms until it ended without an answer");
    }

    @Test
    void manyBytesMayTakeLonger() {
        var slow = slow(Duration.ofSeconds(2));
        assertThat(slow.isSlow(TimeUnit.SECONDS.toNanos(2), MIB - 1)).isTrue();
        assertThat(slow.isSlow(TimeUnit.SECONDS.toNanos(11), 10L * MIB)).isFalse();
        assertThat(slow.isSlow(TimeUnit.SECONDS.toNanos(12), 10L * MIB)).isTrue();
    }

    @Test
    void aFloodIsWrittenDownInPartAndCountedInFull() {
        var slow = slow(Duration.ofSeconds(2));
        int more = 25;
        for (int i = 0; i < SlowRequests.LINES_A_MINUTE + more; i++) {
            slow.tell(request("user " + i));
        }
        assertThat(lines.list).hasSize(SlowRequests.LINES_A_MINUTE);
        clock.addAndGet(TimeUnit.SECONDS.toNanos(59));
        slow.tell(request("still the same minute"));
        assertThat(lines.list).hasSize(SlowRequests.LINES_A_MINUTE);
        clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
        slow.tell(request("the next minute"));
        slow.tell(request("and one more"));
        assertThat(lines.list).hasSize(SlowRequests.LINES_A_MINUTE + 2);
        assertThat(lines.list.get(SlowRequests.LINES_A_MINUTE).getFormattedMessage())
                .endsWith(" (" + (more + 1) + " slow requests before it were not written down)");
        assertThat(lines.list.get(SlowRequests.LINES_A_MINUTE + 1).getFormattedMessage())
                .doesNotContain("not written down");
        assertThat(counted()).isEqualTo(SlowRequests.LINES_A_MINUTE + more + 3);
    }

    @Test
    void aLineIsOfBoundedLength() {
        slow(Duration.ofSeconds(2)).tell(request("x".repeat(5_000)));
        assertThat(lines.list.get(0).getFormattedMessage().length()).isLessThan(SlowRequests.MOST_ABOUT + 300);
    }

    @Test
    void aSettingOutOfBoundsIsRefusedByName() {
        assertThatThrownBy(() -> new LogSettings(Duration.ofHours(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("log.slowRequests")
                .hasMessageContaining("0s to 1h");
    }

    private SlowRequests slow(Duration threshold) {
        var context = new LoggerContext();
        var log = context.getLogger("test");
        lines.start();
        log.addAppender(lines);
        return new SlowRequests(new LogSettings(threshold), meters, clock::get, log);
    }

    private ManagedChannel channel(Duration threshold, BindableService service) {
        var name = InProcessServerBuilder.generateName();
        try {
            server = InProcessServerBuilder.forName(name)
                    .directExecutor()
                    .intercept(new SlowCalls(slow(threshold)))
                    .addService(service)
                    .build()
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    private double counted() {
        return meters.get("tintype_slow_requests").functionCounter().count();
    }

    private static RequestId id() {
        return RequestId.of(HexFormat.of().parseHex(ID));
    }

    private static SlowRequest request(String about) {
        return new SlowRequest("Get", about, null, "", "OK", Duration.ofSeconds(3), "", 0, 0);
    }

    private void pass(long millis) {
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private final class Uploads extends BlobUploadGrpc.BlobUploadImplBase {
        private final long untilAnswer;
        private final long untilEnd;

        Uploads(long untilAnswer, long untilEnd) {
            this.untilAnswer = untilAnswer;
            this.untilEnd = untilEnd;
        }

        @Override
        public void delete(DeleteRequest request, StreamObserver<DeleteResponse> out) {
            pass(untilAnswer);
            out.onNext(DeleteResponse.getDefaultInstance());
            pass(untilEnd);
            out.onCompleted();
        }

        @Override
        public StreamObserver<PutRequest> put(StreamObserver<PutResponse> out) {
            return new StreamObserver<>() {
                @Override
                public void onNext(PutRequest message) {
                    pass(untilAnswer);
                    out.onError(Errors.toWire(new TintypeException(Reason.OVERLOADED, "on purpose")));
                }

                @Override
                public void onError(Throwable gone) {
                    throw new AssertionError(gone);
                }

                @Override
                public void onCompleted() {
                    throw new AssertionError("it had not ended");
                }
            };
        }
    }

    private final class Reads extends BlobRetrievalGrpc.BlobRetrievalImplBase {
        @Override
        public void get(GetRequest request, StreamObserver<GetResponse> out) {
            pass(2_500);
            out.onError(Errors.toWire(new TintypeException(Reason.BLOB_NOT_FOUND, "on purpose")));
        }
    }
}
