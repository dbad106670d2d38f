// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.proto.internal.v1.FetchChunksRequest;
import io.tintype.proto.internal.v1.FetchChunksResponse;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.shard.Peers.Fetched;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Fetches chunks, one at a time: the next one is asked for when the last one is dealt with. */
final class ChunkFetch implements ClientResponseObserver<FetchChunksRequest, FetchChunksResponse> {
    private final Map<Integer, ChunkKey> keys;
    private final Function<Fetched, CompletableFuture<Void>> taker;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private @Nullable ClientCallStreamObserver<FetchChunksRequest> requests;
    private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

    ChunkFetch(List<ChunkKey> keys, Function<Fetched, CompletableFuture<Void>> taker) {
        this.keys = keys.stream().collect(Collectors.toMap(ChunkKey::index, key -> key));
        this.taker = taker;
    }

    CompletableFuture<Void> done() {
        return done;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<FetchChunksRequest> observer) {
        requests = observer;
        observer.disableAutoRequestWithInitial(1);
    }

    @Override
    public void onNext(FetchChunksResponse message) {
        try {
            last = taker.apply(verified(message));
        } catch (RuntimeException e) {
            fail(e);
            return;
        }
        var unused = last.whenComplete((taken, failure) -> {
            if (failure != null) {
                fail(failure);
            } else if (requests != null) {
                requests.request(1);
            }
        });
    }

    private Fetched verified(FetchChunksResponse message) {
        var key = keys.get(message.getIndex());
        if (key == null) {
            throw new IllegalArgumentException("chunk " + message.getIndex() + " was not asked for");
        }
        if (message.getGone()) {
            return new Fetched(key, null);
        }
        if (Crc32c.of(message.getData()) != message.getCrc32C()) {
            throw new IllegalArgumentException(
                    "chunk " + message.getIndex() + " does not have the checksum sent with it");
        }
        return new Fetched(
                key,
                message.hasSealedCrc32C()
                        ? Chunk.sealed(message.getData(), message.getCrc32C(), message.getSealedCrc32C())
                        : new Chunk(message.getData(), message.getCrc32C()));
    }

    private void fail(Throwable failure) {
        done.completeExceptionally(failure);
        if (requests != null) {
            requests.cancel("a chunk could not be taken", failure);
        }
    }

    @Override
    public void onError(Throwable failure) {
        done.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
        var unused = last.whenComplete((taken, failure) -> {
            if (failure != null) {
                done.completeExceptionally(failure); // this may run before onNext's part does
            } else {
                done.complete(null);
            }
        });
    }
}
