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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Answers one request for chunks: reads them one by one, off the transport's threads, as fast as they are taken, or, where they
 * are part of a copy, no faster than the node may send those.
 */
final class ChunkServing {
    /** Most that is rested in a call at a time: all of the call must be over within its deadline. */
    private static final long LONGEST_REST_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final PeerInbox shard;
    private final Wanted wanted;
    private final Iterator<ChunkKey> keys;
    private final Executor blocking;
    private final ServerCallStreamObserver<FetchChunksResponse> responses;
    private boolean working;
    private boolean over;

    /**
     * What was asked for.
     *
     * @param sequence the record that names the chunks
     * @param keys the chunks
     * @param paced they are part of a copy
     */
    record Wanted(long sequence, List<ChunkKey> keys, boolean paced) {}

    ChunkServing(
            PeerInbox shard,
            Wanted wanted,
            Executor blocking,
            ServerCallStreamObserver<FetchChunksResponse> responses) {
        this.shard = shard;
        this.wanted = wanted;
        this.keys = wanted.keys().iterator();
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
        long rest = 0;
        try {
            while (rest == 0 && responses.isReady() && keys.hasNext() && !isOver()) {
                var found = shard.serve(keys.next(), wanted.sequence());
                found.ifPresent(this::send);
                rest = found.map(this::rest).orElse(0L);
            }
            if (rest == 0 && !keys.hasNext()) {
                complete();
            }
        } catch (TintypeException e) {
            fail(Errors.toWire(e));
        } catch (RuntimeException | Error e) {
            fail(Status.INTERNAL.withCause(e).asRuntimeException());
            throw e;
        }
        if (rest == 0) {
            worked();
        } else {
            CompletableFuture.delayedExecutor(rest, TimeUnit.NANOSECONDS).execute(this::worked);
        }
    }

    private void worked() {
        synchronized (this) {
            working = false;
        }
        pump();
    }

    /** Nanoseconds to rest after a chunk. */
    private long rest(Peers.Fetched sent) {
        var chunk = sent.chunk();
        return chunk == null || !wanted.paced()
                ? 0
                : Math.min(LONGEST_REST_NANOS, shard.copied(chunk.data().size()));
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
