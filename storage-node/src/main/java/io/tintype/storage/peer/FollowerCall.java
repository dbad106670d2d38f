// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.Refuse;
import io.tintype.proto.internal.v1.RefuseReason;
import io.tintype.proto.internal.v1.ReplicateRequest;
import io.tintype.proto.internal.v1.ReplicateResponse;
import io.tintype.storage.peer.Gatekeeper.Refused;
import io.tintype.storage.replica.Attach;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.Refusal;
import io.tintype.storage.shard.FollowerLink;
import io.tintype.storage.shard.PeerShards;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A primary's end of a replication stream, as the one called. Thread-safe. */
final class FollowerCall implements FollowerLink, StreamObserver<ReplicateRequest> {
    private final PeerShards shards;
    private final Gatekeeper gatekeeper;
    private final ServerCallStreamObserver<ReplicateResponse> responses;
    /** Set by the hello; transport threads only. */
    private @Nullable Events events;

    private volatile @Nullable NodeId follower;
    private boolean over;
    private boolean told;

    FollowerCall(PeerShards shards, Gatekeeper gatekeeper, ServerCallStreamObserver<ReplicateResponse> responses) {
        this.shards = shards;
        this.gatekeeper = gatekeeper;
        this.responses = responses;
        responses.setOnReadyHandler(() -> {
            if (events != null) {
                events.ready();
            }
        });
        responses.setOnCancelHandler(() -> lost(null));
    }

    // ---- from the shard

    @Override
    public NodeId follower() {
        var node = follower;
        if (node == null) {
            throw new IllegalStateException("the follower has not said hello");
        }
        return node;
    }

    @Override
    public void attach(Attach attach) {
        send(ReplicateResponse.newBuilder().setAttach(PeerCodec.attach(attach)).build());
    }

    @Override
    public void append(long epoch, long cfg, LogPosition previous, List<Outgoing> records, long committed) {
        send(ReplicateResponse.newBuilder()
                .setAppend(BatchCodec.encode(epoch, cfg, previous, records, committed))
                .build());
    }

    @Override
    public void refuse(Refusal refusal) {
        var refuse = PeerCodec.refuse(refusal);
        gatekeeper.count(refuse.getReason());
        refuse(refuse);
    }

    @Override
    public synchronized void close() {
        if (!over) {
            over = true;
            responses.onCompleted();
        }
    }

    @Override
    public boolean isReady() {
        return responses.isReady();
    }

    private synchronized void send(ReplicateResponse message) {
        if (!over && !responses.isCancelled()) {
            responses.onNext(message);
        }
    }

    private synchronized void refuse(Refuse refuse) {
        if (!over) {
            over = true;
            if (!responses.isCancelled()) {
                responses.onNext(
                        ReplicateResponse.newBuilder().setRefuse(refuse).build());
                responses.onCompleted();
            }
        }
    }

    // ---- from the follower

    @Override
    public void onNext(ReplicateRequest message) {
        try {
            if (events == null) {
                events = hello(message);
                return;
            }
            switch (message.getKindCase()) {
                case ACKNOWLEDGE -> events.acked(PeerCodec.ack(message.getAcknowledge()));
                case REFUSE -> lost(PeerCodec.refusal(message.getRefuse()).orElse(null));
                case HELLO, KIND_NOT_SET ->
                    throw new Refused(
                            RefuseReason.REFUSE_REASON_MALFORMED,
                            "an acknowledgement was due, not " + message.getKindCase());
            }
        } catch (Refused e) {
            refuse(gatekeeper.note(e));
            lost(null);
        }
    }

    private Events hello(ReplicateRequest message) throws Refused {
        var hello = message.getHello();
        if (!message.hasHello()) {
            throw new Refused(RefuseReason.REFUSE_REASON_MALFORMED, "a stream must begin with a hello");
        }
        gatekeeper.checkCluster(hello.getClusterId());
        gatekeeper.checkProtocol(hello.getProtocol());
        try {
            var shard = shards.find(PeerCodec.shard(hello.getShard()));
            if (shard.isEmpty()) {
                throw new Refused(
                        RefuseReason.REFUSE_REASON_NOT_PRIMARY,
                        "this node has no replica of shard " + hello.getShard());
            }
            var decoded = PeerCodec.hello(hello);
            follower = decoded.follower().node();
            return shard.get().hello(decoded, this);
        } catch (IllegalArgumentException e) {
            throw new Refused(RefuseReason.REFUSE_REASON_MALFORMED, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void onError(Throwable failure) {
        lost(null);
    }

    @Override
    public void onCompleted() {
        lost(null);
        close();
    }

    private void lost(@Nullable Refusal refusal) {
        if (events != null && !told) {
            told = true;
            events.lost(refusal);
        }
    }
}
