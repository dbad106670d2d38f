// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.FetchChunksResponse;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.shard.PeerInbox;
import io.tintype.storage.shard.Peers;
import io.tintype.wire.Errors;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** Answers one request for chunks: reads them one by one, off the transport's threads, as fast as they are taken. */
final class ChunkServing {
    private final PeerInbox shard;
    private final long sequence;
    private final Iterator<ChunkKey> keys;
    private final Executor blocking;
    private final ServerCallStreamObserver<FetchChunksResponse> responses;
    private boolean working;
    private boolean over;

    ChunkServing(
            PeerInbox shard,
            long sequence,
            List<ChunkKey> keys,
            Executor blocking,
            ServerCallStreamObserver<FetchChunksResponse> responses) {
        this.shard = shard;
        this.sequence = sequence;
        this.keys = keys.iterator();
        this.blocking = blocking;
        this.responses = responses;
        responses.setOnReadyHandler(this::pump);
        responses.setOnCancelHandler(this::end);
    }

    void pump() {
        synchronized (this) {
            if (working || over || !responses.isReady()) {
                return;
            }
            working = true;
        }
        try {
            blocking.execute(this::work);
        } catch (RejectedExecutionException e) {
            fail(Status.RESOURCE_EXHAUSTED
                    .withDescription("this node has too much to read; ask again")
                    .asRuntimeException());
        }
    }

    private void work() {
        try {
            while (responses.isReady() && keys.hasNext() && !isOver()) {
                var key = keys.next();
                shard.serve(key, sequence).ifPresent(this::send);
            }
            if (!keys.hasNext()) {
                complete();
            }
        } catch (TintypeException e) {
            fail(Errors.toWire(e));
        } finally {
            synchronized (this) {
                working = false;
            }
        }
        pump();
    }

    private synchronized void send(Peers.Fetched found) {
        if (over) {
            return;
        }
        var response = FetchChunksResponse.newBuilder().setIndex(found.key().index());
        var chunk = found.chunk();
        if (chunk == null) {
            response.setGone(true);
        } else {
            ByteString data = chunk.data();
            response.setData(data).setCrc32C(chunk.crc());
            if (chunk.sealed()) {
                response.setSealedCrc32C(chunk.plainCrc());
            }
        }
        responses.onNext(response.build());
    }

    private synchronized boolean isOver() {
        return over;
    }

    private synchronized void complete() {
        if (!over) {
            over = true;
            responses.onCompleted();
        }
    }

    private synchronized void fail(Throwable failure) {
        if (!over) {
            over = true;
            responses.onError(failure);
        }
    }

    private synchronized void end() {
        over = true;
    }
}
