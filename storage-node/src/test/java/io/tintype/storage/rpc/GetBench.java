// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.cluster.channel.GrpcServers;
import io.tintype.model.Limits;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a GET costs beside raw gRPC that streams the same bytes from memory: operations per second, and CPU microseconds of
 * all server threads per operation, with 16 calls under way on 4 connections. One process; threads are told apart by name,
 * and those of the JVM itself (compiler, collector) count for neither side.
 *
 * <p>Run, after {@code mvn -pl storage-node -am test-compile}: {@code java -cp ... io.tintype.storage.rpc.GetBench
 * [seconds]}. docs/benchmarks.md tells the class path and the results.
 */
public final class GetBench {
    private static final int CONNECTIONS = 4;
    private static final int CALLS = 16;
    private static final int BLOBS = 64;
    private static final String SERVER_IO = "server-io";
    private static final String CLIENT_IO = "client-io";

    private final double seconds;
    private final EventLoopGroup serverLoops;
    private final EventLoopGroup clientLoops;

    private GetBench(double seconds) {
        int cores = Runtime.getRuntime().availableProcessors();
        this.seconds = seconds;
        this.serverLoops = loops(cores, SERVER_IO);
        this.clientLoops = loops(cores, CLIENT_IO);
    }

    private static EventLoopGroup loops(int threads, String name) {
        return new MultiThreadIoEventLoopGroup(
                threads, new DefaultThreadFactory(name, true), EpollIoHandler.newFactory());
    }

    /** Runs it all, and prints a line a size. */
    public static void main(String[] args) throws Exception {
        var bench = new GetBench(args.length > 0 ? Double.parseDouble(args[0]) : 5);
        var folder = Files.createTempDirectory("get-bench");
        try (var rig = Rig.start(folder)) {
            for (int size : new int[] {4 << 10, 64 << 10, 1 << 20}) {
                bench.compare(rig, size);
            }
        } finally {
            try (var files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(java.io.File::delete);
            }
        }
    }

    private void compare(Rig rig, int size) throws Exception {
        for (int i = 0; i < BLOBS; i++) {
            rig.put(size + "-" + i, rig.bytes(size));
        }
        var tintype = serve(builder -> {
            rig.services.publicServices().forEach(builder::addService);
            return builder.build();
        });
        var echo =
                serve(builder -> builder.addService(new Echo(rig.bytes(size))).build());
        for (int round = 0; round < 3; round++) {
            run(round == 0 ? null : "gRPC echo", echo.getPort(), size);
            run(round == 0 ? null : "tintype  ", tintype.getPort(), size);
        }
        tintype.shutdownNow();
        echo.shutdownNow();
    }

    private Server serve(Function<io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder, Server> finish)
            throws Exception {
        return finish.apply(GrpcServers.builder("127.0.0.1", 0)
                        .directExecutor()
                        .channelType(EpollServerSocketChannel.class)
                        .bossEventLoopGroup(serverLoops)
                        .workerEventLoopGroup(serverLoops))
                .start();
    }

    private void run(@org.jspecify.annotations.Nullable String name, int port, int size) throws Exception {
        var channels = new ManagedChannel[CONNECTIONS];
        for (int i = 0; i < CONNECTIONS; i++) {
            channels[i] = NettyChannelBuilder.forAddress("127.0.0.1", port)
                    .usePlaintext()
                    .directExecutor()
                    .channelType(EpollSocketChannel.class)
                    .eventLoopGroup(clientLoops)
                    .maxInboundMessageSize(Limits.MAX_MESSAGE_BYTES)
                    .flowControlWindow(4 << 20)
                    .build();
        }
        var before = cpuMicros();
        long start = System.nanoTime();
        long end = start + (long) (seconds * 1e9);
        var done = new CountDownLatch(CALLS);
        var count = new AtomicLong();
        for (int i = 0; i < CALLS; i++) {
            new Caller(BlobRetrievalGrpc.newStub(channels[i % CONNECTIONS]), size, i, end, count, done).next();
        }
        done.await();
        double took = (System.nanoTime() - start) / 1e9;
        var after = cpuMicros();
        for (var channel : channels) {
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        if (name != null) {
            System.out.printf(
                    Locale.ROOT,
                    "%s %7d B  %9.0f op/s  server %7.1f us/op (io %.1f, readers %.1f)  client %7.1f us/op%n",
                    name,
                    size,
                    count.get() / took,
                    (used(before, after, SERVER_IO) + used(before, after, "reader")) / count.get(),
                    used(before, after, SERVER_IO) / count.get(),
                    used(before, after, "reader") / count.get(),
                    used(before, after, CLIENT_IO) / count.get());
        }
    }

    /** CPU time of live threads by the beginning of their names. */
    private static Map<String, Double> cpuMicros() {
        var threads = ManagementFactory.getThreadMXBean();
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> Set.of(SERVER_IO, CLIENT_IO, "reader").stream()
                        .anyMatch(prefix -> thread.getName().startsWith(prefix)))
                .collect(Collectors.toMap(
                        thread -> thread.getName().replaceAll("-[0-9].*", ""),
                        thread -> threads.getThreadCpuTime(thread.getId()) / 1e3,
                        Double::sum));
    }

    private static double used(Map<String, Double> before, Map<String, Double> after, String name) {
        return after.getOrDefault(name, 0.0) - before.getOrDefault(name, 0.0);
    }

    /** Asks again as soon as it is answered. */
    private record Caller(
            BlobRetrievalGrpc.BlobRetrievalStub stub,
            int size,
            int seed,
            long end,
            AtomicLong count,
            CountDownLatch done) {

        void next() {
            if (System.nanoTime() >= end) {
                done.countDown();
                return;
            }
            var request = GetRequest.newBuilder()
                    .setUser(Rig.USER)
                    .setName(size + "-" + (seed * 31L + count.get()) % BLOBS)
                    .setShard(Rig.DATA)
                    .build();
            stub.get(request, new StreamObserver<>() {
                @Override
                public void onNext(GetResponse value) {
                    if (value.getFrame().getData().size() != size) {
                        throw new IllegalStateException(
                                "got " + value.getFrame().getData().size() + " bytes");
                    }
                }

                @Override
                public void onError(Throwable t) {
                    t.printStackTrace();
                    done.countDown();
                }

                @Override
                public void onCompleted() {
                    count.incrementAndGet();
                    next();
                }
            });
        }
    }

    /** Answers with the same bytes from memory, whatever is asked. */
    private static final class Echo extends BlobRetrievalGrpc.BlobRetrievalImplBase {
        private final byte[] bytes;
        private final int crc;

        Echo(byte[] bytes) {
            this.bytes = bytes;
            this.crc = Crc32c.of(bytes);
        }

        @Override
        public void get(GetRequest request, StreamObserver<GetResponse> out) {
            out.onNext(GetResponse.newBuilder()
                    .setHead(BlobHead.newBuilder()
                            .setUser(request.getUser())
                            .setName(request.getName())
                            .setSize(bytes.length))
                    .setFrame(DataFrame.newBuilder()
                            .setData(UnsafeByteOperations.unsafeWrap(bytes))
                            .setCrc32C(crc))
                    .build());
            out.onCompleted();
        }
    }
}
