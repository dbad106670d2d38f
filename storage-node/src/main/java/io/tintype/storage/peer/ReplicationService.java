// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.DescribeReplicaResponse;
import io.tintype.proto.internal.v1.FetchChunksRequest;
import io.tintype.proto.internal.v1.FetchChunksResponse;
import io.tintype.proto.internal.v1.FetchSnapshotRequest;
import io.tintype.proto.internal.v1.FetchSnapshotResponse;
import io.tintype.proto.internal.v1.HeartbeatRequest;
import io.tintype.proto.internal.v1.HeartbeatResponse;
import io.tintype.proto.internal.v1.PreElectRequest;
import io.tintype.proto.internal.v1.PreElectResponse;
import io.tintype.proto.internal.v1.RefuseReason;
import io.tintype.proto.internal.v1.ReplicateRequest;
import io.tintype.proto.internal.v1.ReplicateResponse;
import io.tintype.proto.internal.v1.ReplicationGrpc.ReplicationImplBase;
import io.tintype.proto.internal.v1.StageChunksRequest;
import io.tintype.proto.internal.v1.StageChunksResponse;
import io.tintype.proto.internal.v1.TakeOverRequest;
import io.tintype.proto.internal.v1.TakeOverResponse;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.peer.Gatekeeper.Refused;
import io.tintype.storage.replica.Ballot;
import io.tintype.storage.replica.Member;
import io.tintype.storage.shard.PeerInbox;
import io.tintype.storage.shard.PeerShards;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** What other nodes call. Never blocks, so it may run on the transport's threads. */
final class ReplicationService extends ReplicationImplBase {
    /** A century: to be told how old a replica's state is, whatever it is. */
    private static final ReadDemand ANY_AGE = new ReadDemand.BoundedStaleness(Duration.ofDays(36_500));

    private final PeerShards shards;
    private final Gatekeeper gatekeeper;

    ReplicationService(PeerShards shards, Gatekeeper gatekeeper) {
        this.shards = shards;
        this.gatekeeper = gatekeeper;
    }

    @Override
    public StreamObserver<ReplicateRequest> replicate(StreamObserver<ReplicateResponse> responses) {
        return new FollowerCall(shards, gatekeeper, (ServerCallStreamObserver<ReplicateResponse>) responses);
    }

    @Override
    public StreamObserver<HeartbeatRequest> heartbeat(StreamObserver<HeartbeatResponse> responses) {
        return new HeartbeatReceiver(shards, gatekeeper, (ServerCallStreamObserver<HeartbeatResponse>) responses);
    }

    @Override
    public StreamObserver<StageChunksRequest> stageChunks(StreamObserver<StageChunksResponse> responses) {
        return new StageReceiver(shards, gatekeeper, (ServerCallStreamObserver<StageChunksResponse>) responses);
    }

    @Override
    public void fetchChunks(FetchChunksRequest request, StreamObserver<FetchChunksResponse> responses) {
        try {
            gatekeeper.checkCluster(request.getClusterId());
            if (request.getIndexesCount() > PeerLimits.FETCHED_CHUNKS) {
                throw new Refused(
                        RefuseReason.REFUSE_REASON_MALFORMED,
                        request.getIndexesCount() + " chunks in one request; ask for " + PeerLimits.FETCHED_CHUNKS
                                + " at most");
            }
            var shard = find(request.getShard())
                    .orElseThrow(() -> new Refused(
                            RefuseReason.REFUSE_REASON_NOT_ASSIGNED,
                            "this node has no replica of shard " + request.getShard()));
            new ChunkServing(
                            shard,
                            new ChunkServing.Wanted(request.getSequence(), keys(request), request.getPaced()),
                            shards.blocking(),
                            (ServerCallStreamObserver<FetchChunksResponse>) responses)
                    .pump();
        } catch (Refused e) {
            responses.onError(gatekeeper.status(e));
        }
    }

    @Override
    public void fetchSnapshot(FetchSnapshotRequest request, StreamObserver<FetchSnapshotResponse> responses) {
        try {
            gatekeeper.checkCluster(request.getClusterId());
            gatekeeper.checkProtocol(request.getProtocol());
            var shard = find(request.getShard())
                    .orElseThrow(() -> new Refused(
                            RefuseReason.REFUSE_REASON_NOT_ASSIGNED,
                            "this node has no replica of shard " + request.getShard()));
            var follower = member(request);
            var serving = new SnapshotServing((ServerCallStreamObserver<FetchSnapshotResponse>) responses);
            var unused = shard.snapshot(follower, request.getEpoch()).whenComplete((snapshot, failure) -> {
                if (failure != null) {
                    serving.fail(gatekeeper.status(refused(failure)));
                } else {
                    serving.begin(request.getClusterId(), request.getShard(), request.getEpoch(), snapshot);
                }
            });
        } catch (Refused e) {
            responses.onError(gatekeeper.status(e));
        }
    }

    private static Member member(FetchSnapshotRequest request) throws Refused {
        try {
            return PeerCodec.member(request.getFollower());
        } catch (IllegalArgumentException e) {
            throw malformed(String.valueOf(e.getMessage()));
        }
    }

    private static Refused refused(Throwable failure) {
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        boolean busy = cause instanceof TintypeException e && e.reason() == Reason.OVERLOADED;
        return new Refused(
                busy ? RefuseReason.REFUSE_REASON_OVERLOADED : RefuseReason.REFUSE_REASON_NOT_PRIMARY,
                String.valueOf(cause.getMessage()));
    }

    @Override
    public void preElect(PreElectRequest request, StreamObserver<PreElectResponse> responses) {
        try {
            gatekeeper.checkCluster(request.getClusterId());
            var shard = find(request.getShard());
            if (shard.isEmpty()) {
                responses.onNext(PreElectResponse.getDefaultInstance());
                responses.onCompleted();
                return;
            }
            var ballot = ballot(request);
            answer(
                    shard.get()
                            .ballot(ballot)
                            .orTimeout(PeerLimits.BALLOT_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
                            .thenApply(given -> {
                                var response = PreElectResponse.newBuilder()
                                        .setAgreed(given.agreed())
                                        .setPromisedEpoch(given.promisedEpoch());
                                var member = given.member();
                                if (member != null) {
                                    response.setMember(PeerCodec.member(member));
                                }
                                return response.build();
                            }),
                    responses);
        } catch (Refused e) {
            responses.onError(gatekeeper.status(e));
        }
    }

    @Override
    public void describeReplica(DescribeReplicaRequest request, StreamObserver<DescribeReplicaResponse> responses) {
        try {
            gatekeeper.checkCluster(request.getClusterId());
            var shard = find(request.getShard());
            if (shard.isEmpty()) {
                answer(responses, DescribeReplicaResponse.getDefaultInstance());
                return;
            }
            var response = describe(shard.get());
            var unused = shard.get().replica().begin(ANY_AGE).whenComplete((point, unknown) -> {
                if (unknown == null) {
                    response.setAsOfMs(point.asOfMs());
                }
                answer(responses, response.build());
            });
        } catch (Refused e) {
            responses.onError(gatekeeper.status(e));
        }
    }

    @Override
    public void takeOver(TakeOverRequest request, StreamObserver<TakeOverResponse> responses) {
        try {
            gatekeeper.checkCluster(request.getClusterId());
            var from = node(request.getFrom());
            find(request.getShard()).ifPresent(shard -> shard.handedOver(from, request.getEpoch()));
            responses.onNext(TakeOverResponse.getDefaultInstance());
            responses.onCompleted();
        } catch (Refused e) {
            responses.onError(gatekeeper.status(e));
        }
    }

    private static NodeId node(String id) throws Refused {
        try {
            return new NodeId(id);
        } catch (TintypeException e) {
            throw malformed(String.valueOf(e.getMessage()));
        }
    }

    private static <A> void answer(StreamObserver<A> responses, A answer) {
        responses.onNext(answer);
        responses.onCompleted();
    }

    private static DescribeReplicaResponse.Builder describe(PeerInbox shard) {
        var status = shard.replica().status();
        var stats = shard.replica().reader().stats();
        return DescribeReplicaResponse.newBuilder()
                .setState(status.state().name())
                .setEpoch(status.epoch())
                .setLastSequence(status.lastSeq())
                .setCommittedSequence(status.committedSeq())
                .setAppliedSequence(status.appliedSeq())
                .setUsers(stats.users())
                .setBlobs(stats.blobs())
                .setBytes(stats.bytes())
                .setMember(PeerCodec.member(shard.self()))
                .setUsersLimit(status.usersLimit())
                .setCallsPerSecond(shard.callsPerSecond());
    }

    private Optional<PeerInbox> find(int shard) throws Refused {
        if (shard <= 0) {
            throw malformed("shard " + Integer.toUnsignedString(shard) + " is no shard id");
        }
        return shards.find(new ShardId(shard));
    }

    private static List<ChunkKey> keys(FetchChunksRequest request) throws Refused {
        try {
            var user = UserId.of(request.getUser());
            var upload = Wire.uploadId(request.getUploadId());
            return request.getIndexesList().stream()
                    .map(index -> new ChunkKey(user, upload, index))
                    .toList();
        } catch (TintypeException | IllegalArgumentException e) {
            throw malformed(String.valueOf(e.getMessage()));
        }
    }

    private static Ballot ballot(PreElectRequest request) throws Refused {
        try {
            return new Ballot(PeerCodec.member(request.getCandidate()), request.getEpoch(), 0);
        } catch (TintypeException | IllegalArgumentException e) {
            throw malformed(String.valueOf(e.getMessage()));
        }
    }

    private static Refused malformed(String detail) {
        return new Refused(RefuseReason.REFUSE_REASON_MALFORMED, detail);
    }

    private static <T> void answer(CompletableFuture<T> answer, StreamObserver<T> responses) {
        var unused = answer.whenComplete((given, failure) -> {
            if (failure != null) {
                responses.onError(Errors.toWire(failure));
            } else {
                responses.onNext(given);
                responses.onCompleted();
            }
        });
    }
}
