// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.tintype.cluster.channel.ParseGuard;
import io.tintype.cluster.metrics.Queues;
import io.tintype.model.NodeId;
import io.tintype.storage.keys.UserKeys;
import io.tintype.storage.shard.Shards;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * The services of one node, and the threads and budgets they share. Thread-safe.
 *
 * <p>Servers should run them with a direct executor: nothing here blocks gRPC's threads.
 */
public final class RpcServices implements AutoCloseable {
    private static final int WAITING_FOR_MEMORY = 4_096;

    private final Toolbox box;
    private final AtomicInteger headsWaiting = new AtomicInteger();
    private final String clusterId;

    /**
     * Makes the services and starts their threads.
     *
     * @param clusterId id of the cluster
     * @param shards the replicas to serve
     * @param homes the directory
     * @param keys seals chunks of users who have a key, and opens them
     * @param addresses host:port of a node's public API, where known
     */
    public RpcServices(
            String clusterId,
            Shards shards,
            Homes homes,
            UserKeys keys,
            Function<NodeId, Optional<String>> addresses,
            RpcLimits limits,
            InstantSource clock) {
        var readers = new ReaderPool(limits.readerThreads(), limits.readerQueue());
        this.clusterId = clusterId;
        this.box = new Toolbox(
                new Routes(shards, homes),
                new UserGate(readers, homes),
                keys,
                readers,
                new Failures(addresses),
                new ByteBudget("limits.uploadBytes", limits.uploadBytes(), WAITING_FOR_MEMORY),
                new ByteBudget("limits.readBytes", limits.readBytes(), WAITING_FOR_MEMORY),
                new Stalls(limits.stall(), System::nanoTime),
                limits,
                clock);
    }

    /** What everybody may call. */
    public List<ServerServiceDefinition> publicServices() {
        return List.of(
                ParseGuard.aliasing(new UploadService(box)),
                ParseGuard.aliasing(new RetrievalService(box, clusterId, headsWaiting)));
    }

    /** What only processes of the cluster may call. */
    public List<ServerServiceDefinition> peerServices() {
        return List.of(
                ParseGuard.aliasing(new DirectoryService(box, clusterId)),
                ParseGuard.aliasing(new UserDataService(box, clusterId)));
    }

    /** Bytes that uploads hold in memory now. */
    public long uploadBytesHeld() {
        return box.uploads().used();
    }

    /** Bytes that reads hold in memory now. */
    public long readBytesHeld() {
        return box.downloads().used();
    }

    /** Transfers that stood still for too long and were given up, since the start. */
    public long transfersGivenUp() {
        return box.stalls().givenUp();
    }

    /** Tells from now on how much is held and given up. */
    public void meter(MeterRegistry registry) {
        Gauge.builder("tintype.uploads.bytes", this, RpcServices::uploadBytesHeld)
                .description("Bytes that uploads hold in memory, of at most limits.uploadBytes")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("tintype.reads.bytes", this, RpcServices::readBytesHeld)
                .description("Bytes that reads hold in memory, of at most limits.readBytes")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("tintype.readers.waiting", box.readers(), ReaderPool::waiting)
                .description("Reads that wait for a thread to read the disk, of at most limits.readerQueue")
                .register(registry);
        Gauge.builder("tintype.reads.waiting", box.downloads(), ByteBudget::waiting)
                .description("Reads that wait for others to give memory back, of at most " + WAITING_FOR_MEMORY)
                .register(registry);
        Queues.bind(registry, "heads", headsWaiting::get);
        Queues.bind(registry, "keys", UserKeys.MOST_WAITING, box.keys()::waiting);
        FunctionCounter.builder("tintype.transfers.stalled", this, RpcServices::transfersGivenUp)
                .description("Uploads and reads given up because they stood still for longer than limits.stall")
                .register(registry);
    }

    /**
     * Before the node lets go of the shards it leads: gives uploads under way so much time to end, since no other node can
     * go on with them. Blocks.
     */
    public void finishUploads(Duration most) throws InterruptedException {
        box.stalls().awaitUploads(most);
    }

    /** Lets reads under way end, then takes no more. Servers should have been stopped before. */
    @Override
    public void close() {
        box.readers().close();
        box.stalls().close();
    }
}
