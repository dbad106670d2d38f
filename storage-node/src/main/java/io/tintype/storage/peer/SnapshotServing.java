// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.stub.ServerCallStreamObserver;
import io.tintype.proto.internal.v1.FetchSnapshotResponse;
import io.tintype.storage.blob.SnapshotPart;
import io.tintype.storage.shard.OutgoingSnapshot;
import io.tintype.wire.Errors;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sends one snapshot: the next part is read when the last one is on its way, and its checksums are made on the thread that read it,
 * with nobody waiting for it. Thread-safe; never blocks.
 */
final class SnapshotServing implements OutgoingSnapshot.PartTaker {
    private final ServerCallStreamObserver<FetchSnapshotResponse> responses;
    /** Used by one part at a time, each behind the last one. */
    private final SnapshotDigest digest = new SnapshotDigest();

    private @Nullable OutgoingSnapshot snapshot;
    private boolean working;
    private boolean over;

    SnapshotServing(ServerCallStreamObserver<FetchSnapshotResponse> responses) {
        this.responses = responses;
        responses.setOnReadyHandler(this::pump);
        responses.setOnCancelHandler(this::end);
    }

    void begin(String clusterId, int shard, long epoch, OutgoingSnapshot toSend) {
        synchronized (this) {
            if (over) {
                toSend.close();
                return;
            }
            snapshot = toSend;
            responses.onNext(FetchSnapshotResponse.newBuilder()
                    .setBegin(digest.begin(clusterId, shard, epoch, toSend.head()))
                    .build());
        }
        pump();
    }

    void fail(Throwable failure) {
        synchronized (this) {
            if (!over) {
                over = true;
                responses.onError(failure);
            }
        }
        release();
    }

    private void pump() {
        OutgoingSnapshot source;
        synchronized (this) {
            if (working || over || snapshot == null || !responses.isReady()) {
                return;
            }
            working = true;
            source = snapshot;
        }
        source.next(this);
    }

    @Override
    public void part(Optional<SnapshotPart> part) {
        send(part);
        pump();
    }

    @Override
    public void failed(Throwable why) {
        fail(Errors.toWire(why));
    }

    private void send(Optional<SnapshotPart> part) {
        var response = FetchSnapshotResponse.newBuilder();
        part.ifPresentOrElse(some -> response.setEntries(digest.entries(some)), () -> response.setEnd(digest.end()));
        synchronized (this) {
            working = false;
            if (over) {
                return;
            }
            responses.onNext(response.build());
            if (part.isPresent()) {
                return;
            }
            over = true;
            responses.onCompleted();
        }
        release();
    }

    private void end() {
        synchronized (this) {
            over = true;
        }
        release();
    }

    private void release() {
        OutgoingSnapshot toClose;
        synchronized (this) {
            toClose = snapshot;
            snapshot = null;
        }
        if (toClose != null) {
            toClose.close();
        }
    }
}
