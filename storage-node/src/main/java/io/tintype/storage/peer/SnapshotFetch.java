// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.FetchSnapshotRequest;
import io.tintype.proto.internal.v1.FetchSnapshotResponse;
import io.tintype.proto.internal.v1.RefuseReason;
import io.tintype.proto.internal.v1.SnapshotBegin;
import io.tintype.proto.internal.v1.SnapshotEntries;
import io.tintype.storage.blob.SnapshotHead;
import io.tintype.storage.blob.SnapshotPart;
import io.tintype.storage.disk.Family;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.peer.Gatekeeper.Refused;
import io.tintype.storage.shard.Peers.SnapshotTaker;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Receives one snapshot, a message at a time: the next one is asked for when the last one is dealt with. Whatever is not
 * exactly what the sender sent, and what was asked for, ends the call, is counted, and reaches nobody.
 *
 * <p>Called by the transport, one call at a time. Parts are checked where the taker wants: a digest over half a MiB would hold up
 * whatever else comes on the transport's thread. The next message comes only afterwards, so nothing is ever used twice at a time.
 */
final class SnapshotFetch implements ClientResponseObserver<FetchSnapshotRequest, FetchSnapshotResponse> {
    private final Gatekeeper gatekeeper;
    private final ShardId shard;
    private final long epoch;
    private final SnapshotTaker taker;
    private final SnapshotDigest digest = new SnapshotDigest();
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private volatile @Nullable ClientCallStreamObserver<FetchSnapshotRequest> requests;
    private boolean begun;
    private boolean ended;

    SnapshotFetch(Gatekeeper gatekeeper, ShardId shard, long epoch, SnapshotTaker taker) {
        this.gatekeeper = gatekeeper;
        this.shard = shard;
        this.epoch = epoch;
        this.taker = taker;
        var unused = done.whenComplete((whole, failure) -> {
            var stream = requests;
            if (failure != null && stream != null) {
                stream.cancel("the snapshot is not taken", failure);
            }
        });
    }

    /** Completes when all of it came and was dealt with; fails, or is cancelled by the caller, before. */
    CompletableFuture<Void> done() {
        return done;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<FetchSnapshotRequest> observer) {
        requests = observer;
        observer.disableAutoRequestWithInitial(1);
    }

    @Override
    public void onNext(FetchSnapshotResponse message) {
        if (done.isDone()) {
            return;
        }
        try {
            var unused = take(message).whenComplete((taken, failure) -> {
                var stream = requests;
                if (failure != null) {
                    done.completeExceptionally(failure);
                } else if (stream != null && !done.isDone()) {
                    stream.request(1);
                }
            });
        } catch (Refused e) {
            gatekeeper.note(e);
            done.completeExceptionally(e);
        } catch (RuntimeException e) {
            done.completeExceptionally(e);
        }
    }

    private CompletableFuture<Void> take(FetchSnapshotResponse message) throws Refused {
        try {
            switch (message.getKindCase()) {
                case BEGIN -> {
                    require(!begun, "a snapshot began twice");
                    begun = true;
                    return taker.begun(head(message.getBegin()));
                }
                case ENTRIES -> {
                    require(begun && !ended, "entries came outside of a snapshot");
                    var entries = message.getEntries();
                    return taker.part(() -> checked(entries));
                }
                case END -> {
                    require(begun && !ended, "a snapshot ended that had not begun, or twice");
                    digest.check(message.getEnd());
                    ended = true;
                    return CompletableFuture.completedFuture(null);
                }
                case KIND_NOT_SET -> throw new IllegalArgumentException("a message of a snapshot without content");
            }
            throw new IllegalArgumentException("a message of a snapshot of unknown kind");
        } catch (IllegalArgumentException e) {
            throw malformed(e);
        }
    }

    private Refused malformed(IllegalArgumentException why) {
        return new Refused(RefuseReason.REFUSE_REASON_MALFORMED, "shard " + shard + ": " + why.getMessage());
    }

    private SnapshotHead head(SnapshotBegin begin) throws Refused {
        gatekeeper.checkCluster(begin.getClusterId());
        if (begin.getFormat() != SnapshotDigest.FORMAT) {
            throw new Refused(
                    RefuseReason.REFUSE_REASON_WRONG_PROTOCOL,
                    "shard " + shard + ": a snapshot in format " + Integer.toUnsignedString(begin.getFormat())
                            + ", and only " + SnapshotDigest.FORMAT
                            + " is known here; run the same release on all nodes");
        }
        if (begin.getEpoch() != epoch) {
            throw new Refused(
                    RefuseReason.REFUSE_REASON_STALE_EPOCH,
                    "shard " + shard + ": a snapshot of epoch " + begin.getEpoch() + " came for one of " + epoch);
        }
        require(begin.getShard() == shard.value(), "a snapshot of shard " + begin.getShard() + " came");
        digest.check(begin);
        return new SnapshotHead(
                new LogPosition(begin.getAtEpoch(), begin.getAtSequence()),
                begin.getEpochFirst(),
                begin.getApplied(),
                Math.max(0, begin.getExpectedBytes()));
    }

    /** On a thread of the taker's. */
    private SnapshotPart checked(SnapshotEntries message) {
        try {
            digest.check(message);
            return part(message);
        } catch (IllegalArgumentException e) {
            var refused = malformed(e);
            gatekeeper.note(refused);
            done.completeExceptionally(refused);
            throw e;
        }
    }

    private static SnapshotPart part(SnapshotEntries message) {
        var family = Family.named(message.getFamily())
                .orElseThrow(() -> new IllegalArgumentException("entries of an unknown family"));
        return new SnapshotPart(family, message.getKeysList(), message.getValuesList());
    }

    private static void require(boolean holds, String broken) {
        if (!holds) {
            throw new IllegalArgumentException(broken);
        }
    }

    @Override
    public void onError(Throwable failure) {
        done.completeExceptionally(Gatekeeper.understood(failure));
    }

    @Override
    public void onCompleted() {
        if (ended) {
            done.complete(null);
        } else if (!done.isDone()) {
            var cut = new Refused(
                    RefuseReason.REFUSE_REASON_MALFORMED, "shard " + shard + ": a snapshot ended before its end");
            gatekeeper.note(cut);
            done.completeExceptionally(cut);
        }
    }
}
