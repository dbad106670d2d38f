// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.zookeeper.KeeperException;

/** Real znodes over which a test loses requests or answers, one write at a time. */
public final class FaultyZnodes implements Znodes {
    /** What befalls a write. */
    public enum Fault {
        NONE,
        /** The write is made; its answer does not arrive. */
        ANSWER_LOST,
        /** The write never leaves. */
        REQUEST_LOST,
        /** The write is made, its answer does not arrive, and the client itself sends it once more, and tells only of that. */
        SENT_AGAIN
    }

    private final Znodes real;
    private final Queue<Fault> faults = new ArrayDeque<>();
    private int writes;
    private int readsToFail;

    /** Over real ones. */
    public FaultyZnodes(Znodes real) {
        this.real = real;
    }

    /** The next writes meet these faults, in order. */
    public synchronized void next(Fault... upcoming) {
        faults.addAll(List.of(upcoming));
    }

    synchronized void failReads(int count) {
        readsToFail = count;
    }

    /** How many writes were asked for. */
    public synchronized int writes() {
        return writes;
    }

    private synchronized <T> CompletableFuture<T> write(Supplier<CompletableFuture<T>> operation) {
        writes++;
        var fault = faults.isEmpty() ? Fault.NONE : faults.remove();
        return switch (fault) {
            case NONE -> operation.get();
            case ANSWER_LOST ->
                operation
                        .get()
                        .handle((value, failure) -> null)
                        .thenCompose(
                                done -> CompletableFuture.failedFuture(new KeeperException.ConnectionLossException()));
            case SENT_AGAIN -> operation.get().handle((value, failure) -> null).thenCompose(done -> operation.get());
            case REQUEST_LOST -> CompletableFuture.failedFuture(new KeeperException.ConnectionLossException());
        };
    }

    @Override
    public CompletableFuture<Optional<Znode>> get(String path) {
        return real.get(path);
    }

    @Override
    public synchronized CompletableFuture<Void> sync(String path) {
        if (readsToFail > 0) {
            readsToFail--;
            return CompletableFuture.failedFuture(new KeeperException.ConnectionLossException());
        }
        return real.sync(path);
    }

    @Override
    public CompletableFuture<Integer> set(String path, byte[] data, int version) {
        return write(() -> real.set(path, data, version));
    }

    @Override
    public CompletableFuture<Void> create(String path, byte[] data) {
        return write(() -> real.create(path, data));
    }

    @Override
    public CompletableFuture<Void> createEphemeral(String path, byte[] data) {
        return write(() -> real.createEphemeral(path, data));
    }

    @Override
    public CompletableFuture<Void> replaceByEphemeral(String path, int version, byte[] data) {
        return write(() -> real.replaceByEphemeral(path, version, data));
    }

    @Override
    public CompletableFuture<Void> delete(String path, int version) {
        return write(() -> real.delete(path, version));
    }

    @Override
    public CompletableFuture<List<String>> children(String path) {
        return real.children(path);
    }

    @Override
    public boolean isClosed() {
        return real.isClosed();
    }
}
