// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.BackgroundCallback;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.curator.framework.imps.CuratorFrameworkState;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.jspecify.annotations.Nullable;

/** {@link Znodes} by Curator's background calls. */
final class CuratorZnodes implements Znodes, AutoCloseable {
    /** An operation without an answer for this long counts as lost: guards against a callback that never comes. */
    private static final long ANSWER_TIMEOUT_MS = 20_000;

    private final CuratorFramework client;
    private final AtomicLong calls = new AtomicLong();
    private final Map<Long, CompletableFuture<?>> inFlight = new ConcurrentHashMap<>();

    CuratorZnodes(CuratorFramework client) {
        this.client = client;
    }

    @Override
    public CompletableFuture<Optional<Znode>> get(String path) {
        return call(
                callback -> client.getData().inBackground(callback).forPath(path),
                event -> Optional.of(Znode.of(event.getData(), event.getStat())),
                Optional.empty());
    }

    @Override
    public CompletableFuture<Void> sync(String path) {
        return done(callback -> client.sync().inBackground(callback).forPath(path));
    }

    @Override
    public CompletableFuture<Integer> set(String path, byte[] data, int version) {
        return call(
                callback -> client.setData()
                        .withVersion(version)
                        .inBackground(callback)
                        .forPath(path, data),
                event -> event.getStat().getVersion(),
                null);
    }

    @Override
    public CompletableFuture<Void> create(String path, byte[] data) {
        return done(callback ->
                client.create().creatingParentsIfNeeded().inBackground(callback).forPath(path, data));
    }

    @Override
    public CompletableFuture<Void> createEphemeral(String path, byte[] data) {
        return done(callback -> client.create()
                .creatingParentsIfNeeded()
                .withMode(CreateMode.EPHEMERAL)
                .inBackground(callback)
                .forPath(path, data));
    }

    @Override
    public CompletableFuture<Void> replaceByEphemeral(String path, int version, byte[] data) {
        return done(callback -> {
            List<CuratorOp> operations = new ArrayList<>();
            operations.add(client.transactionOp().delete().withVersion(version).forPath(path));
            operations.add(client.transactionOp()
                    .create()
                    .withMode(CreateMode.EPHEMERAL)
                    .forPath(path, data));
            if (version == 0) { // which a new znode has too
                operations.add(client.transactionOp().setData().withVersion(0).forPath(path, data));
            }
            client.transaction().inBackground(callback).forOperations(operations);
        });
    }

    @Override
    public CompletableFuture<Void> delete(String path, int version) {
        return done(callback ->
                client.delete().withVersion(version).inBackground(callback).forPath(path));
    }

    @Override
    public CompletableFuture<List<String>> children(String path) {
        return call(
                callback -> client.getChildren().inBackground(callback).forPath(path),
                CuratorEvent::getChildren,
                List.of());
    }

    @Override
    public boolean isClosed() {
        return client.getState() == CuratorFrameworkState.STOPPED;
    }

    /** Fails whatever still waits: after the client is closed Curator answers nothing any more. */
    @Override
    public void close() {
        inFlight.values()
                .forEach(future -> future.completeExceptionally(new KeeperException.SessionExpiredException()));
    }

    private CompletableFuture<Void> done(Start start) {
        var future = new CompletableFuture<Void>();
        return run(future, start, event -> {
            if (event.getResultCode() == Code.OK.intValue()) {
                future.complete(null);
            } else {
                fail(future, event);
            }
        });
    }

    /** As {@link #done}, with a result; an absent znode yields {@code ifAbsent}, or fails where that is null. */
    private <T> CompletableFuture<T> call(Start start, Function<CuratorEvent, T> result, @Nullable T ifAbsent) {
        var future = new CompletableFuture<T>();
        return run(future, start, event -> {
            if (event.getResultCode() == Code.OK.intValue()) {
                future.complete(result.apply(event));
            } else if (event.getResultCode() == Code.NONODE.intValue() && ifAbsent != null) {
                future.complete(ifAbsent);
            } else {
                fail(future, event);
            }
        });
    }

    private <T> CompletableFuture<T> run(CompletableFuture<T> future, Start start, Consumer<CuratorEvent> onAnswer) {
        long call = calls.incrementAndGet();
        inFlight.put(call, future);
        var unused = future.orTimeout(ANSWER_TIMEOUT_MS, TimeUnit.MILLISECONDS)
                .whenComplete((value, error) -> inFlight.remove(call));
        try {
            start.with((ignored, event) -> onAnswer.accept(event));
        } catch (Exception e) { // Curator declares Exception; it throws when the client is not running
            future.completeExceptionally(e instanceof KeeperException ? e : notRunning(e));
        }
        return future;
    }

    private static KeeperException notRunning(Exception cause) {
        var lost = new KeeperException.ConnectionLossException();
        lost.initCause(cause);
        return lost;
    }

    private static void fail(CompletableFuture<?> future, CuratorEvent event) {
        future.completeExceptionally(KeeperException.create(Code.get(event.getResultCode()), event.getPath()));
    }

    private interface Start {
        void with(BackgroundCallback callback) throws Exception;
    }
}
