// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.StatusProto;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.channel.GrpcLimits;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.proto.v1.AdminGrpc;
import io.tintype.proto.v1.BalancingGrpc;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.CachesGrpc;
import io.tintype.proto.v1.ShardMapGrpc;
import io.tintype.proto.v1.UsersGrpc;
import io.tintype.proto.v1.VerificationGrpc;
import io.tintype.tools.dev.DevFile.DevNode;
import io.tintype.wire.Errors;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds of every call of the public contract, on coordinators and on storage nodes. */
@ExtendWith(SharedDev.class)
final class ContractIT {
    private static final int DEADLINE_SECONDS = 60;

    /** All there are in {@code tintype/v1}. */
    private static final Map<String, ServiceDescriptor> CONTRACT = Stream.of(
                    AdminGrpc.getServiceDescriptor(),
                    BalancingGrpc.getServiceDescriptor(),
                    BlobRetrievalGrpc.getServiceDescriptor(),
                    BlobUploadGrpc.getServiceDescriptor(),
                    CachesGrpc.getServiceDescriptor(),
                    ShardMapGrpc.getServiceDescriptor(),
                    UsersGrpc.getServiceDescriptor(),
                    VerificationGrpc.getServiceDescriptor())
            .collect(Collectors.toMap(ServiceDescriptor::getName, service -> service));

    /** What no call can be meant by: nothing at all; no protobuf; text that is not UTF-8; a field yet unknown. */
    private static final List<byte[]> REQUESTS = List.of(
            new byte[0],
            new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff},
            new byte[] {0x0a, 2, (byte) 0xff, (byte) 0xfe},
            new byte[] {(byte) 0xfa, (byte) 0xff, 1, 1, 'x'});

    @Test
    void everyErrorOfEveryCallCarriesItsReason(Dev dev) throws Exception {
        var reasons = new TreeSet<Reason>();
        for (var server : servers(dev)) {
            try (var grpc = new Grpc(server)) {
                int refused = 0;
                for (var service : served(grpc.channel())) {
                    for (var method :
                            Objects.requireNonNull(CONTRACT.get(service)).getMethods()) {
                        for (var request : REQUESTS) {
                            var failure = call(grpc.channel(), method, Optional.of(request));
                            if (failure.isPresent()) {
                                reasons.add(reasonOf(failure.get(), server + " " + method.getFullMethodName()));
                                refused++;
                            }
                        }
                        var withoutAny = call(grpc.channel(), method, Optional.empty());
                        assertThat(withoutAny)
                                .as("%s without a message", method.getFullMethodName())
                                .isPresent();
                        assertThat(reasonOf(withoutAny.orElseThrow(), server + " " + method.getFullMethodName()))
                                .isIn(Reason.INVALID_ARGUMENT, Reason.INCOMPLETE_UPLOAD);
                    }
                }
                assertThat(refused).as("refusals by %s", server).isGreaterThan(20);
            }
        }
        assertThat(reasons)
                .contains(Reason.INVALID_ARGUMENT, Reason.INVALID_USER)
                .doesNotContain(Reason.INTERNAL);
    }

    @Test
    void whatIsNotServedSomewhereIsRefusedWithItsReason(Dev dev) throws Exception {
        for (var server : servers(dev)) {
            try (var grpc = new Grpc(server)) {
                var served = served(grpc.channel());
                var calls = CONTRACT.values().stream()
                        .filter(service -> !served.contains(service.getName()))
                        .flatMap(service -> service.getMethods().stream())
                        .collect(Collectors.toCollection(ArrayList::new));
                var call = BlobUploadGrpc.getPutMethod();
                calls.add(call.toBuilder()
                        .setFullMethodName("tintype.v1.BlobUpload/OfAnotherVersion")
                        .build());
                for (var method : calls) {
                    var failure = call(grpc.channel(), method, Optional.of(new byte[0]));
                    assertThat(failure)
                            .as("%s by %s", method.getFullMethodName(), server)
                            .isPresent();
                    assertThat(reasonOf(failure.orElseThrow(), method.getFullMethodName()))
                            .isEqualTo(Reason.NOT_SERVED_HERE);
                    assertThat(failure.orElseThrow()).hasMessageContaining(method.getFullMethodName());
                }
            }
        }
    }

    private static Reason reasonOf(StatusRuntimeException failure, String what) throws IOException {
        var status = StatusProto.fromThrowable(failure);
        assertThat(status).as("%s: details of %s", what, failure).isNotNull();
        for (var detail : status.getDetailsList()) {
            if (detail.is(ErrorInfo.class)) {
                var info = detail.unpack(ErrorInfo.class);
                assertThat(info.getDomain()).as(what).isEqualTo(Errors.DOMAIN);
                var reason = Reason.valueOf(info.getReason());
                assertThat(failure.getStatus().getCode()).as(what).isEqualTo(reason.statusCode());
                assertThat(status.getMessage()).as(what).isNotBlank();
                return reason;
            }
        }
        throw new AssertionError(what + ": no ErrorInfo in " + status, failure);
    }

    @Test
    void everyServerTellsItsHealthAndItsServices(Dev dev) throws Exception {
        for (var server : servers(dev)) {
            try (var grpc = new Grpc(server)) {
                var health = HealthGrpc.newBlockingStub(grpc.channel())
                        .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
                assertThat(health.check(HealthCheckRequest.getDefaultInstance()).getStatus())
                        .as(server)
                        .isEqualTo(ServingStatus.SERVING);
                var served = served(grpc.channel());
                assertThat(served).as(server).contains("tintype.v1.BlobUpload", "tintype.v1.BlobRetrieval");
                if (server.equals(dev.server())) {
                    assertThat(served).as("the coordinator").containsExactlyInAnyOrderElementsOf(CONTRACT.keySet());
                }
                for (var service : served) {
                    var file = reflect(
                            grpc.channel(),
                            ServerReflectionRequest.newBuilder()
                                    .setFileContainingSymbol(service)
                                    .build());
                    assertThat(file.getFileDescriptorResponse().getFileDescriptorProtoCount())
                            .as("descriptors of %s by %s", service, server)
                            .isPositive();
                }
            }
        }
    }

    /** By the SETTINGS frame that HTTP/2 servers begin with. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyServerTellsItsLimits(boolean coordinator, Dev dev) throws Exception {
        var address = (coordinator ? dev.server() : servers(dev).get(1)).split(":", 2);
        try (var socket = new Socket(address[0], Integer.parseInt(address[1]))) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream()
                    .write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            var in = new DataInputStream(socket.getInputStream());
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            assertThat(in.readUnsignedByte()).as("type of frame: SETTINGS").isEqualTo(4);
            in.readNBytes(5);
            var settings = new HashMap<Integer, Integer>();
            var payload = ByteBuffer.wrap(in.readNBytes(length));
            while (payload.hasRemaining()) {
                settings.put((int) payload.getShort(), payload.getInt());
            }
            assertThat(settings)
                    .as("MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_HEADER_LIST_SIZE")
                    .containsEntry(3, GrpcLimits.CALLS_PER_CONNECTION)
                    .containsEntry(4, GrpcLimits.FLOW_CONTROL_WINDOW)
                    .containsEntry(6, Limits.MAX_GRPC_METADATA_BYTES);
        }
    }

    /** The coordinator first. */
    private static List<String> servers(Dev dev) {
        return Stream.concat(
                        Stream.of(dev.server()), dev.file().nodes().stream().map(DevNode::address))
                .toList();
    }

    /** The services of the contract that a server says it serves; nothing else of ours may be there. */
    private static List<String> served(Channel channel) throws Exception {
        var all = reflect(
                        channel,
                        ServerReflectionRequest.newBuilder().setListServices("").build())
                .getListServicesResponse()
                .getServiceList()
                .stream()
                .map(ServiceResponse::getName)
                .filter(name -> name.startsWith("tintype.v1."))
                .sorted()
                .toList();
        assertThat(CONTRACT.keySet()).containsAll(all);
        return all;
    }

    private static ServerReflectionResponse reflect(Channel channel, ServerReflectionRequest question)
            throws Exception {
        var answer = new CompletableFuture<ServerReflectionResponse>();
        var out = ServerReflectionGrpc.newStub(channel).serverReflectionInfo(new StreamObserver<>() {
            @Override
            public void onNext(ServerReflectionResponse value) {
                answer.complete(value);
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {}
        });
        out.onNext(question);
        try {
            return answer.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } finally {
            out.onCompleted();
        }
    }

    /** Sends bytes as the one message of a call, or none; the refusal, or nothing where it was answered. */
    private static Optional<StatusRuntimeException> call(
            Channel channel, MethodDescriptor<?, ?> method, Optional<byte[]> request) {
        var raw = MethodDescriptor.newBuilder(Bytes.INSTANCE, Bytes.INSTANCE)
                .setType(method.getType())
                .setFullMethodName(method.getFullMethodName())
                .build();
        var call = channel.newCall(raw, CallOptions.DEFAULT.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS));
        var end = new CompletableFuture<Optional<StatusRuntimeException>>();
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(byte[] message) {
                        end.complete(Optional.empty());
                        call.cancel("one answer is enough", null);
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        end.complete(
                                status.isOk() ? Optional.empty() : Optional.of(status.asRuntimeException(trailers)));
                    }
                },
                new Metadata());
        call.request(1);
        request.ifPresent(call::sendMessage);
        call.halfClose();
        return end.join();
    }

    /** Messages as they are. */
    private enum Bytes implements MethodDescriptor.Marshaller<byte[]> {
        INSTANCE;

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
