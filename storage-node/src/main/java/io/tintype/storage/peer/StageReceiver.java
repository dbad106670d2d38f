// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.Refuse;
import io.tintype.proto.internal.v1.RefuseReason;
import io.tintype.proto.internal.v1.StageChunksRequest;
import io.tintype.proto.internal.v1.StageChunksResponse;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.peer.Gatekeeper.Refused;
import io.tintype.storage.shard.PeerShards;
import io.tintype.storage.shard.StagedBytes;
import io.tintype.wire.Wire;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Takes chunks from one node, some at a time: the next one is let in when one is on the disk, whatever the sender would
 * like. Thread-safe.
 */
final class StageReceiver implements StreamObserver<StageChunksRequest> {
    private final PeerShards shards;
    private final Gatekeeper gatekeeper;
    private final ServerCallStreamObserver<StageChunksResponse> responses;
    private boolean over;

    StageReceiver(PeerShards shards, Gatekeeper gatekeeper, ServerCallStreamObserver<StageChunksResponse> responses) {
        this.shards = shards;
        this.gatekeeper = gatekeeper;
        this.responses = responses;
        responses.setOnCancelHandler(this::end);
        responses.disableAutoRequest();
        responses.request(PeerLimits.STAGING_TAKEN);
    }

    @Override
    public void onNext(StageChunksRequest message) {
        CompletableFuture<Void> taken;
        try {
            gatekeeper.checkCluster(message.getClusterId());
            taken = take(message);
        } catch (Refused e) {
            answer(message.getTicket(), gatekeeper.note(e));
            return;
        }
        var unused = taken.whenComplete(
                (done, failure) -> answer(message.getTicket(), failure == null ? null : refuse(failure)));
    }

    private CompletableFuture<Void> take(StageChunksRequest message) throws Refused {
        ChunkKey key;
        ShardId id;
        try {
            id = PeerCodec.shard(message.getShard());
            key = new ChunkKey(UserId.of(message.getUser()), Wire.uploadId(message.getUploadId()), message.getIndex());
        } catch (IllegalArgumentException | TintypeException e) {
            throw new Refused(RefuseReason.REFUSE_REASON_MALFORMED, String.valueOf(e.getMessage()));
        }
        var data = message.getData();
        if (data.size() > Limits.MAX_FRAME_BYTES + Chunk.SEAL_BYTES) {
            throw new Refused(RefuseReason.REFUSE_REASON_MALFORMED, "a chunk of " + data.size() + " bytes");
        }
        if (Crc32c.of(data) != message.getCrc32C()) {
            throw new Refused(
                    RefuseReason.REFUSE_REASON_MALFORMED,
                    "chunk " + message.getIndex() + " does not have the checksum sent with it");
        }
        var chunk = message.hasSealedCrc32C()
                ? Chunk.sealed(data, message.getCrc32C(), message.getSealedCrc32C())
                : new Chunk(data, message.getCrc32C());
        if (chunk.plainBytes() < 0) {
            throw new Refused(RefuseReason.REFUSE_REASON_MALFORMED, "a sealed chunk of only " + data.size() + " bytes");
        }
        var shard = shards.find(id);
        if (shard.isEmpty()) {
            throw new Refused(RefuseReason.REFUSE_REASON_NOT_ASSIGNED, "this node has no replica of shard " + id);
        }
        return shard.get().stageReceived(message.getEpoch(), new StagedBytes(key, chunk));
    }

    private Refuse refuse(Throwable failure) {
        var cause = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return gatekeeper.note(new Refused(reason(cause), String.valueOf(cause.getMessage())));
    }

    private static RefuseReason reason(Throwable cause) {
        if (!(cause instanceof TintypeException known)) {
            return RefuseReason.REFUSE_REASON_OVERLOADED;
        }
        if (known.reason() == Reason.NOT_PRIMARY) {
            return RefuseReason.REFUSE_REASON_STALE_EPOCH;
        }
        return known.reason() == Reason.UPLOAD_NOT_FOUND
                ? RefuseReason.REFUSE_REASON_TOO_LATE
                : RefuseReason.REFUSE_REASON_OVERLOADED;
    }

    private synchronized void answer(long ticket, @Nullable Refuse refuse) {
        if (over) {
            return;
        }
        var response = StageChunksResponse.newBuilder().setTicket(ticket);
        if (refuse != null) {
            response.setRefuse(refuse);
        }
        responses.onNext(response.build());
        responses.request(1);
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
