// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.report;

import io.grpc.Context;
import io.grpc.stub.StreamObserver;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.DigestReplicaRequest;
import io.tintype.proto.internal.v1.DigestReplicaResponse;
import io.tintype.proto.internal.v1.Member;
import io.tintype.proto.internal.v1.MemoryReport;
import io.tintype.proto.internal.v1.NodeReportsGrpc.NodeReportsImplBase;
import io.tintype.proto.internal.v1.PinReplicaRequest;
import io.tintype.proto.internal.v1.PinReplicaResponse;
import io.tintype.proto.internal.v1.ReplicaReport;
import io.tintype.proto.internal.v1.ReportNodeRequest;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import io.tintype.storage.shard.HostReports;
import io.tintype.wire.Errors;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** Answers the controller. Never blocks, so it may run on the transport's threads. */
public final class NodeReportService extends NodeReportsImplBase {
    /** Replicas in one report; a node is not made for more. */
    static final int MAX_REPLICAS = 16_384;

    private final NodeId self;
    private final String clusterId;
    private final HostReports reports;
    private final ReadTimes reads;
    private final long reserveBytes;
    private final Supplier<List<MemoryUse>> memory;
    private final AtomicLong newestEpoch = new AtomicLong();

    /**
     * Over parts that outlive this object.
     *
     * @param reserveBytes free bytes that the node keeps for itself
     * @param memory what the node uses of memory now
     */
    public NodeReportService(
            NodeId self,
            String clusterId,
            HostReports reports,
            ReadTimes reads,
            long reserveBytes,
            Supplier<List<MemoryUse>> memory) {
        this.self = self;
        this.clusterId = clusterId;
        this.reports = reports;
        this.reads = reads;
        this.reserveBytes = reserveBytes;
        this.memory = memory;
    }

    @Override
    public void reportNode(ReportNodeRequest request, StreamObserver<ReportNodeResponse> out) {
        send(out, () -> {
            check(request.getClusterId());
            if (isOfNewest(request.getControllerEpoch()) && request.getSnapshotBytesPerSecond() > 0) {
                reports.limitSnapshots(request.getSnapshotBytesPerSecond());
            }
            var disk = reports.disk();
            var figures = reports.figures();
            var recent = reads.recent(request.getSlowReadMicros());
            var answer = ReportNodeResponse.newBuilder()
                    .setNode(self.value())
                    .setDiskBytes(disk.totalBytes())
                    .setFreeBytes(Math.max(0, disk.freeBytes() - reserveBytes))
                    .setReadP99Micros(reads.p99Micros())
                    .setRecentReads(recent.calls())
                    .setRecentSlowReads(request.getSlowReadMicros() > 0 ? recent.slow() : 0)
                    .setCallsPerSecond(figures.stream()
                            .mapToDouble(HostReports.Figures::callsPerSecond)
                            .sum())
                    .setSnapshotBytesPerSecond(reports.snapshotBytesPerSecond())
                    .setSnapshotBytesTaken(reports.snapshotBytesTaken());
            memory.get().stream().map(NodeReportService::memory).forEach(answer::addMemory);
            figures.stream().limit(MAX_REPLICAS).map(NodeReportService::replica).forEach(answer::addReplicas);
            return CompletableFuture.completedFuture(answer.build());
        });
    }

    private boolean isOfNewest(long epoch) {
        return epoch == 0 || newestEpoch.accumulateAndGet(epoch, Math::max) == epoch;
    }

    private static MemoryReport memory(MemoryUse use) {
        return MemoryReport.newBuilder()
                .setPart(use.part())
                .setUsedBytes(use.used())
                .setLimitBytes(use.limit())
                .build();
    }

    private static ReplicaReport replica(HostReports.Figures figures) {
        return ReplicaReport.newBuilder()
                .setShard(figures.shard().value())
                .setLeads(figures.leads())
                .setServing(figures.serving())
                .setUsers(figures.users())
                .setBlobs(figures.blobs())
                .setBytes(figures.bytes())
                .setGrowthBytesPerSecond(figures.growth())
                .setGrowingMs(figures.growingMs())
                .setCallsPerSecond(figures.callsPerSecond())
                .setInstalledBytes(figures.installed())
                .setInstallingBytes(figures.expected())
                .setTakenBytes(figures.taken())
                .setTakingMs(figures.takingMs())
                .build();
    }

    @Override
    public void pinReplica(PinReplicaRequest request, StreamObserver<PinReplicaResponse> out) {
        send(out, () -> {
            check(request.getClusterId());
            if (request.getShard() <= 0) {
                throw new TintypeException(Reason.SHARD_NOT_FOUND, "there is no shard " + request.getShard());
            }
            return reports.pin(new ShardId(request.getShard()), request.getAtSequence())
                    .thenApply(pinned -> PinReplicaResponse.newBuilder()
                            .setPin(pinned.pin())
                            .setSequence(pinned.sequence())
                            .setMember(Member.newBuilder()
                                    .setNode(pinned.member().node().value())
                                    .setIncarnation(pinned.member().incarnation()))
                            .build());
        });
    }

    @Override
    public void digestReplica(DigestReplicaRequest request, StreamObserver<DigestReplicaResponse> out) {
        send(out, () -> {
            check(request.getClusterId());
            if (request.getDrop()) {
                reports.drop(request.getPin());
                return CompletableFuture.completedFuture(DigestReplicaResponse.getDefaultInstance());
            }
            var made = reports.digest(request.getPin(), request.getReadChunks());
            // A caller that died, was cancelled or lost patience reads nothing any more, nor does this node for it.
            Context.current().addListener(ended -> made.cancel(false), Runnable::run);
            return made.thenApply(digest -> DigestReplicaResponse.newBuilder()
                    .setDigest(digest.digest())
                    .setSequence(digest.at().seq())
                    .setEntries(digest.entries())
                    .setChunks(digest.chunks())
                    .setBadChunks(digest.badChunks())
                    .setChunkBytes(digest.chunkBytes())
                    .build());
        });
    }

    private void check(String theirs) {
        if (!theirs.equals(clusterId)) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, "this node belongs to cluster " + clusterId + ", and the caller does not");
        }
    }

    private static <T> void send(StreamObserver<T> out, Supplier<CompletableFuture<T>> answer) {
        CompletableFuture<T> future;
        try {
            future = answer.get();
        } catch (RuntimeException e) {
            future = CompletableFuture.failedFuture(e);
        }
        var unused = future.whenComplete((given, failure) -> {
            if (failure != null) {
                out.onError(Errors.toWire(failure));
            } else {
                out.onNext(given);
                out.onCompleted();
            }
        });
    }
}
