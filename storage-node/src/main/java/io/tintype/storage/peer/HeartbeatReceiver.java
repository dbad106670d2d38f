// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.BeatAnswer;
import io.tintype.proto.internal.v1.HeartbeatRequest;
import io.tintype.proto.internal.v1.HeartbeatResponse;
import io.tintype.proto.internal.v1.Refuse;
import io.tintype.proto.internal.v1.RefuseReason;
import io.tintype.storage.peer.Gatekeeper.Refused;
import io.tintype.storage.replica.Beat;
import io.tintype.storage.replica.Now;
import io.tintype.storage.shard.PeerShards;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Takes one node's heartbeats, one round after the other, and answers each with what all its shards say. */
final class HeartbeatReceiver implements StreamObserver<HeartbeatRequest> {
    private final PeerShards shards;
    private final Gatekeeper gatekeeper;
    private final ServerCallStreamObserver<HeartbeatResponse> responses;
    /** When rounds were answered; the newest few. */
    private final TreeMap<Long, Now> answeredAt = new TreeMap<>();

    private @Nullable NodeId from;
    private boolean over;

    HeartbeatReceiver(PeerShards shards, Gatekeeper gatekeeper, ServerCallStreamObserver<HeartbeatResponse> responses) {
        this.shards = shards;
        this.gatekeeper = gatekeeper;
        this.responses = responses;
        responses.setOnCancelHandler(this::end);
        responses.disableAutoRequest();
        responses.request(1);
    }

    @Override
    public void onNext(HeartbeatRequest message) {
        var answers = new ArrayList<CompletableFuture<Optional<BeatAnswer>>>(message.getShardsCount());
        try {
            var primary = sender(message);
            var sentAfter = answeredAt(message.getAnsweredRound());
            var beats = beats(message);
            shards.burst(() -> beats.forEach((shard, beat) -> answers.add(beaten(primary, shard, beat, sentAfter))));
        } catch (Refused e) {
            refuse(gatekeeper.note(e));
            return;
        }
        var unused = CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new))
                .completeOnTimeout(null, PeerLimits.ROUND.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((done, failure) -> {
                    var response = HeartbeatResponse.newBuilder().setRound(message.getRound());
                    for (var answer : answers) {
                        if (!answer.isCompletedExceptionally()) {
                            answer.getNow(Optional.empty()).ifPresent(response::addShards);
                        }
                    }
                    answer(response.build());
                });
    }

    private NodeId sender(HeartbeatRequest message) throws Refused {
        var known = from;
        if (known != null) {
            return known;
        }
        gatekeeper.checkCluster(message.getClusterId());
        gatekeeper.checkProtocol(message.getProtocol());
        try {
            known = new NodeId(message.getNode());
        } catch (TintypeException e) {
            throw new Refused(RefuseReason.REFUSE_REASON_MALFORMED, String.valueOf(e.getMessage()));
        }
        from = known;
        return known;
    }

    /** What the message says, in its order; one that says the same shard twice is malformed. */
    private static Map<ShardId, Beat> beats(HeartbeatRequest message) throws Refused {
        var beats = new LinkedHashMap<ShardId, Beat>();
        try {
            for (var beat : message.getShardsList()) {
                if (beats.put(PeerCodec.shard(beat.getShard()), PeerCodec.beat(beat)) != null) {
                    throw new IllegalArgumentException("two beats of shard " + beat.getShard());
                }
            }
        } catch (IllegalArgumentException e) {
            throw new Refused(RefuseReason.REFUSE_REASON_MALFORMED, String.valueOf(e.getMessage()));
        }
        return beats;
    }

    private CompletableFuture<Optional<BeatAnswer>> beaten(
            NodeId primary, ShardId id, Beat beat, @Nullable Now sentAfter) {
        var shard = shards.find(id);
        if (shard.isEmpty()) {
            gatekeeper.count(RefuseReason.REFUSE_REASON_NOT_ASSIGNED);
            return CompletableFuture.completedFuture(
                    Optional.of(BeatAnswer.newBuilder().setShard(id.value()).build()));
        }
        return shard.get()
                .beaten(primary, beat, sentAfter)
                .thenApply(given -> given.map(answer -> PeerCodec.beatAnswer(id.value(), answer)));
    }

    private synchronized @Nullable Now answeredAt(long round) {
        return answeredAt.get(round);
    }

    private synchronized void answer(HeartbeatResponse response) {
        if (over) {
            return;
        }
        answeredAt.put(response.getRound(), shards.clock().now());
        while (answeredAt.size() > PeerLimits.OPEN_ROUNDS) {
            answeredAt.pollFirstEntry();
        }
        responses.onNext(response);
        responses.request(1);
    }

    private synchronized void refuse(Refuse refuse) {
        if (!over) {
            over = true;
            responses.onNext(HeartbeatResponse.newBuilder().setRefuse(refuse).build());
            responses.onCompleted();
        }
    }

    private synchronized void end() {
        over = true;
    }

    @Override
    public void onError(Throwable failure) {
        end();
    }

    @Override
    public synchronized void onCompleted() {
        if (!over) {
            over = true;
            responses.onCompleted();
        }
    }
}
