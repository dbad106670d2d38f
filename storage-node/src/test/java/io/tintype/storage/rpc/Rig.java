// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.cluster.channel.GrpcServers;
import io.tintype.cluster.directory.UserHome;
import io.tintype.model.Limits;
import io.tintype.model.PoolId;
import io.tintype.model.RequestId;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
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
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.keys.KeySource;
import io.tintype.storage.keys.UserKeys;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.ShardRules;
import io.tintype.storage.shard.Shards;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A node's services over loopback, a data shard and a directory shard on a real disk, and clients of all services. */
final class Rig implements AutoCloseable {
    static final int DATA = 7;
    static final int DIRECTORY = 8;
    static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    static final String USER = "alice";

    final Random random = new Random(42);
    final LoneReplica data;
    final LoneReplica directory;
    final Map<UserId, UserHome> homes = new ConcurrentHashMap<>();
    final RpcServices services;
    final ManagedChannel channel;
    final BlobUploadGrpc.BlobUploadBlockingStub upload;
    final BlobUploadGrpc.BlobUploadStub uploadAsync;
    final BlobRetrievalGrpc.BlobRetrievalBlockingStub retrieval;
    final BlobRetrievalGrpc.BlobRetrievalStub retrievalAsync;
    final DirectoryGrpc.DirectoryBlockingStub peers;
    volatile long clockShiftMs;

    /** What happens before the directory answers. */
    volatile Runnable beforeAnswers = () -> {};

    private final Disk disk;
    private final Server server;

    private Rig(Path folder, RpcLimits limits, UserKeys keys) throws Exception {
        disk = Disk.open(DiskConfig.of(folder.resolve("data"), CLUSTER).withReserve(0));
        data = new LoneReplica(disk, DATA, false);
        directory = new LoneReplica(disk, DIRECTORY, true);
        InstantSource clock = () -> InstantSource.system().instant().plusMillis(clockShiftMs);
        services = new RpcServices(
                CLUSTER,
                shards(Map.of(data.id(), data, directory.id(), directory)),
                (user, latest) -> {
                    beforeAnswers.run();
                    return Optional.ofNullable(homes.get(user))
                            .map(CompletableFuture::completedFuture)
                            .orElseGet(() -> CompletableFuture.failedFuture(Routes.unknown(user)));
                },
                keys,
                node -> Optional.of(node + ".example:7410"),
                limits,
                clock);
        var builder = GrpcServers.builder("127.0.0.1", 0, limits.uploadBytes()).directExecutor();
        services.publicServices().forEach(builder::addService);
        services.peerServices().forEach(builder::addService);
        server = builder.build().start();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
                .usePlaintext()
                .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES)
                .flowControlWindow(1 << 20)
                .build();
        upload = BlobUploadGrpc.newBlockingStub(channel);
        uploadAsync = BlobUploadGrpc.newStub(channel);
        retrieval = BlobRetrievalGrpc.newBlockingStub(channel);
        retrievalAsync = BlobRetrievalGrpc.newStub(channel);
        peers = DirectoryGrpc.newBlockingStub(channel);
        register(USER, DATA);
    }

    static Rig start(Path folder) throws Exception {
        return start(folder, limits(Limits.MAX_BLOB_BYTES, 64L << 20));
    }

    static Rig start(Path folder, RpcLimits limits) throws Exception {
        return new Rig(folder, limits, UserKeys.none());
    }

    /** With keys of users, and a pool that asks for them. */
    static Rig sealed(Path folder, KeySource source) throws Exception {
        var rig = new Rig(folder, limits(Limits.MAX_BLOB_BYTES, 64L << 20), UserKeys.of(source));
        rig.data.rules = new ShardRules(1_000, 0, 0, true);
        return rig;
    }

    static RpcLimits limits(long maxBlob, long bytes) {
        return new RpcLimits(maxBlob, bytes, bytes, 4, 1_024, Duration.ofSeconds(30));
    }

    void register(String user, int home) {
        homes.put(UserId.of(user), new UserHome(new ShardId(home), 1, new PoolId("r1", "standard")));
    }

    byte[] bytes(int size) {
        var bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    ByteString newRequest() {
        return Wire.bytes(RequestId.random(random));
    }

    PutHeader.Builder header(String name) {
        return PutHeader.newBuilder()
                .setUser(USER)
                .setName(name)
                .setRequestId(newRequest())
                .setShard(DATA);
    }

    static DataFrame frame(long offset, byte[] bytes) {
        return DataFrame.newBuilder()
                .setOffset(offset)
                .setData(ByteString.copyFrom(bytes))
                .setCrc32C(Crc32c.of(bytes))
                .build();
    }

    static PutFinish finish(byte[] bytes) {
        return PutFinish.newBuilder()
                .setSize(bytes.length)
                .setCrc32C(Crc32c.of(bytes))
                .build();
    }

    /** The messages of an upload in frames of a size. */
    static List<PutRequest> messages(PutHeader header, byte[] bytes, int frameBytes) {
        var messages = new ArrayList<PutRequest>();
        var next = PutRequest.newBuilder().setHeader(header);
        for (int at = 0; at < bytes.length; at += frameBytes) {
            var part = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + frameBytes));
            messages.add(next.setFrame(frame(at, part)).build());
            next = PutRequest.newBuilder();
        }
        messages.add(next.setFinish(finish(bytes)).build());
        return messages;
    }

    PutResponse put(String name, byte[] bytes) {
        return put(header(name).build(), bytes);
    }

    PutResponse put(PutHeader header, byte[] bytes) {
        return send(messages(header, bytes, Limits.INLINE_BYTES));
    }

    /** Sends messages and waits for the answer; a failure is thrown as the client would see it. */
    PutResponse send(List<PutRequest> messages) {
        var answer = new CompletableFuture<PutResponse>();
        var out = uploadAsync.withDeadlineAfter(60, TimeUnit.SECONDS).put(new StreamObserver<>() {
            @Override
            public void onNext(PutResponse value) {
                answer.complete(value);
            }

            @Override
            public void onError(Throwable t) {
                answer.completeExceptionally(Errors.fromWire(t));
            }

            @Override
            public void onCompleted() {}
        });
        messages.forEach(out::onNext);
        out.onCompleted();
        return join(answer);
    }

    static <T> T join(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof TintypeException reason) {
                throw reason;
            }
            throw e;
        }
    }

    /** All messages of a read. */
    List<GetResponse> get(GetRequest request) {
        try {
            var messages = new ArrayList<GetResponse>();
            retrieval.withDeadlineAfter(60, TimeUnit.SECONDS).get(request).forEachRemaining(messages::add);
            return messages;
        } catch (RuntimeException e) {
            throw Errors.fromWire(e);
        }
    }

    GetRequest.Builder getRequest(String name) {
        return GetRequest.newBuilder().setUser(USER).setName(name).setShard(DATA);
    }

    /** A blob's bytes, after checking every frame. */
    byte[] read(String name) {
        return joined(get(getRequest(name).build()));
    }

    static byte[] joined(List<GetResponse> messages) {
        var bytes = ByteString.EMPTY;
        for (var message : messages) {
            if (message.hasFrame()) {
                if (Crc32c.of(message.getFrame().getData())
                        != message.getFrame().getCrc32C()) {
                    throw new AssertionError("frame at " + message.getFrame().getOffset() + " fails its checksum");
                }
                bytes = bytes.concat(message.getFrame().getData());
            }
        }
        return bytes.toByteArray();
    }

    private static Shards shards(Map<ShardId, ShardReplica> replicas) {
        return new Shards() {
            @Override
            public Optional<ShardReplica> find(ShardId id) {
                return Optional.ofNullable(replicas.get(id));
            }

            @Override
            public Collection<ShardReplica> all() {
                return replicas.values();
            }
        };
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
        services.close();
        data.close();
        directory.close();
        disk.close();
    }
}
