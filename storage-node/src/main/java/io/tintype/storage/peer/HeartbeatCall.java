// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.tintype.model.NodeId;
import io.tintype.proto.internal.v1.BeatAnswer;
import io.tintype.proto.internal.v1.HeartbeatRequest;
import io.tintype.proto.internal.v1.HeartbeatResponse;
import io.tintype.proto.internal.v1.ShardBeat;
import io.tintype.storage.peer.PeerCluster.Lane;
import io.tintype.storage.replica.Now;
import io.tintype.storage.shard.PeerShards;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Heartbeats to one node: one stream, opened anew with the next round when it broke or answers stay away. Thread-safe.
 */
final class HeartbeatCall implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HeartbeatCall.class);

    private final PeerCluster cluster;
    private final PeerShards shards;
    private final NodeId to;
    private @Nullable Stream stream;
    private boolean closed;

    HeartbeatCall(PeerCluster cluster, PeerShards shards, NodeId to) {
        this.cluster = cluster;
        this.shards = shards;
        this.to = to;
    }

    /**
     * Sends a round, unless the node has too many before it.
     *
     * @param sentAt a look at the clocks in front of everything in {@code beats}
     */
    synchronized void send(List<ShardBeat> beats, Now sentAt) {
        if (closed) {
            return;
        }
        try {
            if (stream != null && stream.isUnanswered(sentAt)) {
                // The connection may be dead without having broken: a packet lost on the way is sent again later and
                // later.
                end(stream);
                cluster.renew(to, Lane.CONTROL);
            }
            if (stream == null) {
                // Noted first: a call may fail before it returns.
                stream = new Stream();
                var unused = cluster.to(to, Lane.CONTROL).heartbeat(stream);
            }
            if (stream != null) {
                stream.send(beats, sentAt);
            }
        } catch (RuntimeException e) {
            log.debug("no heartbeat to {}", to, e);
            end(stream);
        }
    }

    /** Opens the stream, unless it is open, with a round that says nothing. */
    synchronized void open(Now sentAt) {
        if (stream == null) {
            send(List.of(), sentAt);
        }
    }

    private void answered(Stream from, HeartbeatResponse response) {
        Now sentAt;
        synchronized (this) {
            if (response.hasRefuse()) {
                cluster.metrics().refusedByPeer(response.getRefuse().getReason());
                log.warn(
                        "node {} refused our heartbeat: {}",
                        to,
                        response.getRefuse().getDetail());
                end(from);
                return;
            }
            sentAt = from.answered(response.getRound());
        }
        if (sentAt == null) {
            return; // never sent, or answered before
        }
        shards.burst(() -> response.getShardsList().forEach(answer -> answered(answer, sentAt)));
    }

    private void answered(BeatAnswer answer, Now sentAt) {
        if (answer.getShard() > 0 && answer.getIncarnation() != 0) {
            shards.find(PeerCodec.shard(answer.getShard()))
                    .ifPresent(shard -> shard.beatAnswered(to, PeerCodec.beatAnswer(answer), sentAt));
        }
    }

    private synchronized void end(@Nullable Stream ended) {
        if (ended != null && stream == ended) {
            stream = null;
            ended.cancel();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        end(stream);
    }

    private final class Stream implements ClientResponseObserver<HeartbeatRequest, HeartbeatResponse> {
        private final TreeMap<Long, Now> open = new TreeMap<>();
        private @Nullable ClientCallStreamObserver<HeartbeatRequest> requests;
        private long round;
        private long answeredRound;

        @Override
        public void beforeStart(ClientCallStreamObserver<HeartbeatRequest> observer) {
            requests = observer;
        }

        boolean isUnanswered(Now now) {
            return open.size() >= PeerLimits.OPEN_ROUNDS
                    || (!open.isEmpty() && now.nanosSince(open.firstEntry().getValue()) > PeerLimits.SILENCE.toNanos());
        }

        void send(List<ShardBeat> beats, Now sentAt) {
            var message = HeartbeatRequest.newBuilder()
                    .setRound(++round)
                    .setAnsweredRound(answeredRound)
                    .addAllShards(beats);
            if (round == 1) {
                message.setClusterId(cluster.clusterId())
                        .setNode(cluster.self().value())
                        .setProtocol(PeerLimits.PROTOCOL);
            }
            open.put(round, sentAt);
            if (requests != null) {
                requests.onNext(message.build());
            }
        }

        /** When the round was sent; null if it is none that is open. Rounds in front of it will not be answered. */
        @Nullable
        Now answered(long answeredNow) {
            var sentAt = open.get(answeredNow);
            open.headMap(answeredNow, true).clear();
            answeredRound = Math.max(answeredRound, answeredNow);
            return sentAt;
        }

        void cancel() {
            if (requests != null) {
                requests.cancel("heartbeats begin anew", null);
            }
        }

        @Override
        public void onNext(HeartbeatResponse response) {
            HeartbeatCall.this.answered(this, response);
        }

        @Override
        public void onError(Throwable failure) {
            end(this);
        }

        @Override
        public void onCompleted() {
            end(this);
        }
    }
}
