// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.memory;

import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.Version;
import io.tintype.proto.v1.HeadChange;
import io.tintype.proto.v1.Move;
import io.tintype.proto.v1.Node;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.proto.v1.Shard;
import io.tintype.proto.v1.ShardKind;
import io.tintype.proto.v1.WatchHeadsResponse;
import io.tintype.proto.v1.WatchShardMapResponse;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Two coordinators, "c0" and "c1", and three storage nodes, "n0" to "n2", with one shard between them, over loopback. What
 * one stores all have. Thread-safe.
 */
public final class InMemoryTintype implements AutoCloseable {
    /** The one shard. */
    public static final int SHARD = 5;

    /** Moves that one answer names at most. */
    public static final int MOVES_A_PAGE = 2;

    static final int CHUNK = 64 << 10;

    private static final Duration STOPPED_AFTER = Duration.ofSeconds(30);

    /** Says at WARNING what these tests do on purpose: cutting streams off. Held, or its level would be forgotten. */
    private static final Logger NETTY_SERVER =
            Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerHandler");

    static {
        NETTY_SERVER.setLevel(Level.SEVERE);
    }

    /** What is to go wrong. */
    public final Faults faults = new Faults();

    /** Bytes of uploads that servers have read. */
    public final AtomicLong received = new AtomicLong();

    /** Bytes of blobs that servers have handed to their connections. */
    public final AtomicLong sent = new AtomicLong();

    /** How old each upload said its first try was, in order of arrival. */
    public final List<Long> ages = new CopyOnWriteArrayList<>();

    /** Moves under way, of which coordinators tell {@link #MOVES_A_PAGE} at a time. */
    public final List<Move> moves = new CopyOnWriteArrayList<>();

    /** Streams that clients gave up. */
    public final AtomicInteger cancelled = new AtomicInteger();

    final MemoryStore store = new MemoryStore();
    final Map<UploadId, ConcurrentSkipListMap<Integer, ByteString>> uploads = new ConcurrentHashMap<>();
    volatile ReadOptions lastOptions = ReadOptions.getDefaultInstance();

    private final Map<String, Server> servers = new ConcurrentHashMap<>();
    private final Map<String, Integer> ports = new ConcurrentHashMap<>();
    private final List<ServerCallStreamObserver<WatchShardMapResponse>> watchers = new CopyOnWriteArrayList<>();
    private final List<ServerCallStreamObserver<WatchHeadsResponse>> headWatchers = new CopyOnWriteArrayList<>();
    private final AtomicLong headSequence = new AtomicLong();
    private final List<Runnable> paused = new CopyOnWriteArrayList<>();
    private volatile RequestId planted = new RequestId(0, 0);
    private volatile String primary = "n0";
    private volatile String told = "n0";
    private final AtomicLong epoch = new AtomicLong(3);

    public InMemoryTintype() {
        List.of("n0", "n1", "n2", "c0", "c1").forEach(this::start);
    }

    /** Starts a server, at its former port if it had one. */
    public void start(String name) {
        var builder = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), ports.getOrDefault(name, 0)))
                .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES)
                .addService(new UploadService(this, name))
                .addService(new RetrievalService(this, name));
        if (name.startsWith("c")) {
            builder.addService(ControlServices.users(this, name))
                    .addService(ControlServices.map(this, name))
                    .addService(ControlServices.admin(this, name));
        }
        try {
            var server = builder.build().start();
            servers.put(name, server);
            ports.put(name, server.getPort());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops a server at once: when this returns it takes no calls any more. */
    public void stop(String name) {
        var server = servers.remove(name);
        if (server != null) {
            server.shutdownNow();
            try {
                if (!server.awaitTermination(STOPPED_AFTER.toSeconds(), TimeUnit.SECONDS)) {
                    throw new IllegalStateException(name + " still runs " + STOPPED_AFTER + " after it was stopped");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** host:port of a server. */
    public String address(String name) {
        return "127.0.0.1:" + ports.get(name);
    }

    /** Makes a node the primary; the map follows when {@link #tell} is called. */
    public void elect(String node) {
        primary = node;
        epoch.incrementAndGet();
    }

    /** Tells the watchers of the map how things are. */
    public void tell() {
        told = primary;
        watchers.forEach(watcher -> watcher.onNext(news(false)));
    }

    /** Gives all users to another shard, which the same nodes serve. */
    public void moveUsersTo(int shard) {
        store.shard = shard;
    }

    /** How many changes were made, repeats under the same request id not counted. */
    public int applied() {
        return store.applied();
    }

    /** How the last read was to be made. */
    public ReadOptions lastReadOptions() {
        return lastOptions;
    }

    /** Has a blob without anybody uploading it. */
    public void plant(String user, String name, Content content) {
        planted = new RequestId(1, store.applied());
        store.register(user);
        store.put(
                PutHeader.newBuilder()
                        .setUser(user)
                        .setName(name)
                        .setRequestId(Wire.bytes(planted))
                        .build(),
                content);
    }

    /** Under which request id the last blob was {@link #plant}ed. */
    public RequestId lastPlanted() {
        return planted;
    }

    /** Goes on reading where {@link Faults.Kind#STOP_READING} stopped. */
    public void resumeReading() {
        List.copyOf(paused).forEach(Runnable::run);
        paused.clear();
    }

    void whenReadingResumes(Runnable next) {
        paused.add(next);
    }

    /** Refuses what a server is not responsible for, as a storage node does. */
    void admit(String server, String user, int shard, boolean primaryOnly) {
        if (server.startsWith("c")) {
            if (primaryOnly) {
                store.register(user);
            }
            return;
        }
        if (shard != store.shard) {
            throw new TintypeException(
                    Reason.WRONG_SHARD,
                    "shard " + shard + " has no user",
                    Map.of(TintypeException.SHARD, "" + store.shard));
        }
        if (primaryOnly && !server.equals(primary)) {
            throw new TintypeException(
                    Reason.NOT_PRIMARY,
                    server + " does not lead shard " + shard,
                    Map.of(
                            TintypeException.SHARD,
                            "" + shard,
                            TintypeException.PRIMARY,
                            primary,
                            TintypeException.ADDRESS,
                            address(primary),
                            TintypeException.EPOCH,
                            "" + epoch.get()));
        }
    }

    /** Serves a call with one message each way. */
    <R> void serve(String server, String method, StreamObserver<R> answer, Supplier<R> work) {
        var fault = faults.take(server, method);
        if (fault == Faults.Kind.HANG) {
            return;
        }
        try {
            if (fault == Faults.Kind.REFUSE) {
                throw overloaded();
            }
            if (fault == Faults.Kind.UNABLE) {
                throw new TintypeException(Reason.UNAVAILABLE, "there is no room for users yet");
            }
            if (fault == Faults.Kind.DAMAGED) {
                throw damaged();
            }
            R response = work.get();
            if (fault == Faults.Kind.LOSE_ANSWER) {
                answer.onError(
                        Status.UNAVAILABLE.withDescription("connection lost").asRuntimeException());
                return;
            }
            answer.onNext(response);
            answer.onCompleted();
        } catch (TintypeException e) {
            answer.onError(Errors.toWire(e));
        }
    }

    static TintypeException overloaded() {
        return new TintypeException(Reason.OVERLOADED, "too much at once", Duration.ofMillis(20));
    }

    static TintypeException damaged() {
        return new TintypeException(Reason.CORRUPT_DATA, "the entry of a user cannot be read");
    }

    void watchHeads(ServerCallStreamObserver<WatchHeadsResponse> watcher) {
        watcher.setOnCancelHandler(() -> headWatchers.remove(watcher));
        synchronized (headWatchers) { // whoever has the first message gets all that are told from then on
            headWatchers.add(watcher);
            watcher.onNext(WatchHeadsResponse.newBuilder().setEpoch(3).build());
        }
    }

    /** Tells those who watch heads that a blob has another version. */
    public void tellHead(String user, String name, Version version) {
        synchronized (headWatchers) {
            long sequence = headSequence.incrementAndGet();
            headWatchers.forEach(watcher -> watcher.onNext(WatchHeadsResponse.newBuilder()
                    .setEpoch(3)
                    .setAfterSequence(sequence - 1)
                    .setSequence(sequence)
                    .addChanges(
                            HeadChange.newBuilder().setUser(user).setName(name).setVersion(Wire.version(version)))
                    .build()));
        }
    }

    void watch(ServerCallStreamObserver<WatchShardMapResponse> watcher) {
        watcher.setOnCancelHandler(() -> watchers.remove(watcher));
        watcher.onNext(news(true));
        watchers.add(watcher);
    }

    List<Node> nodes() {
        return List.of("n0", "n1", "n2").stream()
                .map(id -> Node.newBuilder()
                        .setId(id)
                        .setAddress(address(id))
                        .setRegion("here")
                        .setZone(id)
                        .setLive(true)
                        .build())
                .toList();
    }

    Shard shard() {
        return shard(SHARD);
    }

    private Shard shard(int id) {
        return Shard.newBuilder()
                .setId(id)
                .setKind(ShardKind.SHARD_KIND_DATA)
                .setRegion("here")
                .setTier("standard")
                .setEpoch(told.equals(primary) ? epoch.get() : epoch.get() - 1)
                .setPrimary(told)
                .addAllInSync(List.of("n0", "n1", "n2"))
                .addAllReplicas(List.of("n0", "n1", "n2"))
                .setConfigVersion(epoch.get())
                .build();
    }

    private WatchShardMapResponse news(boolean full) {
        return WatchShardMapResponse.newBuilder()
                .setFull(full)
                .addAllNodes(nodes())
                .addShards(shard(SHARD))
                .addShards(shard(SHARD + 1))
                .build();
    }

    @Override
    public void close() {
        servers.values().forEach(Server::shutdownNow);
    }
}
