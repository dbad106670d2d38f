// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.control;

import io.tintype.cluster.map.DirectoryLayout;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeFormatException;
import io.tintype.cluster.zk.ZnodeTransaction;
import io.tintype.proto.internal.v1.ControllerEpoch;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.jspecify.annotations.Nullable;

/**
 * One term of office as controller: writes that take effect only while nobody has taken office since. Thread-safe; never
 * blocks.
 */
public final class Term {
    /** Most shards in one write, so that it stays far below ZooKeeper's limit of 1 MiB. */
    public static final int MAX_SHARDS_PER_WRITE = 256;

    private static final long ANSWER_TIMEOUT_MS = 20_000;

    private final ZkSession session;
    private final Versioned<ControllerEpoch> epoch;

    Term(ZkSession session, Versioned<ControllerEpoch> epoch) {
        this.session = session;
        this.epoch = epoch;
    }

    /** How a write ended. */
    public enum Outcome {
        /** All of it was written. */
        DONE,
        /** None of it was: what it wanted to create is there already, or what it wanted to replace has changed. Look again. */
        OUTDATED,
        /** None of it was: another coordinator has taken office. */
        DEPOSED,
        /** All or none of it was. Look again, then decide again. */
        UNKNOWN
    }

    /**
     * Begins a transaction that takes effect only while nobody has taken office since; {@link #settle} tells how it ended.
     */
    public ZnodeTransaction begin() {
        return new ZnodeTransaction(session).check(Paths.CONTROLLER_EPOCH, epoch.version());
    }

    /**
     * Writes a transaction of {@link #begin}, all or none of it. {@link Outcome#OUTDATED}: something it wanted to change is
     * not as it thought.
     */
    public CompletableFuture<Outcome> settle(ZnodeTransaction transaction) {
        return transaction.commit().thenCompose(result -> switch (result) {
            case MADE -> CompletableFuture.completedFuture(Outcome.DONE);
            case REFUSED -> whyNot();
            case UNKNOWN -> CompletableFuture.completedFuture(Outcome.UNKNOWN);
        });
    }

    /** Of a transaction that was refused: was it for the epoch, or for what it wanted to change? */
    private CompletableFuture<Outcome> whyNot() {
        return session.znodes()
                .sync(Paths.CONTROLLER_EPOCH)
                .thenCompose(synced -> session.znodes().get(Paths.CONTROLLER_EPOCH))
                .handle((found, failure) -> failure != null
                        ? Outcome.UNKNOWN
                        : found.isPresent() && found.get().version() == epoch.version()
                                ? Outcome.OUTDATED
                                : Outcome.DEPOSED);
    }

    /**
     * Whether somebody has taken office since, as far as the server that answers knows: so that who has nothing to write hears of
     * it too. False says little, for it may know it late.
     */
    public CompletableFuture<Boolean> isOver() {
        return session.znodes()
                .get(Paths.CONTROLLER_EPOCH)
                .thenApply(found -> found.filter(there -> there.version() == epoch.version())
                        .isEmpty());
    }

    /** The controller epoch of this term. */
    public long epoch() {
        return epoch.value().getEpoch();
    }

    /**
     * Assigns new shards to nodes, all or none; none where a pool of theirs is gone.
     *
     * @param shards assignments of ids that were never used, at most {@link #MAX_SHARDS_PER_WRITE}
     * @param firstLayout where these are the first directory shards: which of them keeps what
     */
    public CompletableFuture<Outcome> assign(List<ShardAssignment> shards, @Nullable DirectoryLayout firstLayout) {
        if (shards.size() > MAX_SHARDS_PER_WRITE) {
            throw new IllegalArgumentException(shards.size() + " shards in one write");
        }
        return makeBuckets(shards)
                .thenCompose(made -> write(shards, firstLayout))
                .exceptionally(failure -> {
                    if (ZkErrors.isUnanswered(failure)) {
                        return Outcome.UNKNOWN;
                    }
                    throw new IllegalStateException("assigning shards failed", ZkErrors.unwrap(failure));
                });
    }

    /**
     * Replaces assignments, all or none, if each still is what was read.
     *
     * @param shards assignments with the znode versions they replace, at most {@link #MAX_SHARDS_PER_WRITE}
     */
    public CompletableFuture<Outcome> replace(List<Versioned<ShardAssignment>> shards) {
        if (shards.size() > MAX_SHARDS_PER_WRITE) {
            throw new IllegalArgumentException(shards.size() + " shards in one write");
        }
        return transact(client -> {
                    List<CuratorOp> operations = new ArrayList<>();
                    for (var shard : shards) {
                        String path = Paths.assignment(shard.value().getShard());
                        operations.add(client.transactionOp()
                                .setData()
                                .withVersion(shard.version())
                                .forPath(path, ZnodeCodec.ASSIGNMENT.encode(path, shard.value())));
                    }
                    return operations;
                })
                .exceptionally(failure -> {
                    if (ZkErrors.isUnanswered(failure)) {
                        return Outcome.UNKNOWN;
                    }
                    throw new IllegalStateException("replacing assignments failed", ZkErrors.unwrap(failure));
                });
    }

    private CompletableFuture<Void> makeBuckets(List<ShardAssignment> shards) {
        var buckets = shards.stream()
                .map(shard -> Paths.assignment(shard.getShard()))
                .map(path -> path.substring(0, path.lastIndexOf('/')))
                .distinct()
                .map(session.znodes()::ensure);
        return CompletableFuture.allOf(buckets.toArray(CompletableFuture[]::new));
    }

    private CompletableFuture<Outcome> write(List<ShardAssignment> shards, @Nullable DirectoryLayout firstLayout) {
        return transact(client -> {
            List<CuratorOp> operations = new ArrayList<>();
            var pools = shards.stream().map(ShardAssignment::getPool).distinct().toList();
            for (var pool : pools) { // an operator may have removed it since the view was made
                operations.add(client.transactionOp().check().forPath(Paths.pool(pool)));
            }
            // By this the other one learns that it came too late, where the two are at it at the same moment.
            operations.add(client.transactionOp().setData().forPath(Paths.ASSIGNMENTS, new byte[0]));
            for (var shard : shards) {
                String path = Paths.assignment(shard.getShard());
                operations.add(
                        client.transactionOp().create().forPath(path, ZnodeCodec.ASSIGNMENT.encode(path, shard)));
            }
            if (firstLayout != null) {
                operations.add(client.transactionOp()
                        .create()
                        .forPath(
                                Paths.DIRECTORY_MAP,
                                ZnodeCodec.DIRECTORY_MAP.encode(Paths.DIRECTORY_MAP, firstLayout.toRecord())));
            }
            return operations;
        });
    }

    private interface Operations {
        List<CuratorOp> in(CuratorFramework client) throws Exception; // what Curator declares
    }

    private CompletableFuture<Outcome> transact(Operations wanted) {
        var answer = new CompletableFuture<Outcome>();
        try {
            CuratorFramework client = session.curator();
            List<CuratorOp> operations = new ArrayList<>();
            operations.add(
                    client.transactionOp().check().withVersion(epoch.version()).forPath(Paths.CONTROLLER_EPOCH));
            operations.addAll(wanted.in(client));
            client.transaction()
                    .inBackground((ignored, event) -> settle(answer, event))
                    .forOperations(operations);
        } catch (ZnodeFormatException e) { // never to be written, however often it is tried
            answer.completeExceptionally(e);
        } catch (Exception e) { // what Curator declares
            answer.completeExceptionally(
                    e instanceof KeeperException ? e : new KeeperException.ConnectionLossException());
        }
        return answer.orTimeout(ANSWER_TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }

    /** Of a failed transaction ZooKeeper tells how each operation ended: the check of the epoch comes first. */
    private static void settle(CompletableFuture<Outcome> answer, CuratorEvent event) {
        var code = Code.get(event.getResultCode());
        switch (code) {
            case OK -> answer.complete(Outcome.DONE);
            case NODEEXISTS -> answer.complete(Outcome.OUTDATED);
            case BADVERSION, NONODE -> answer.complete(isEpochGone(event) ? Outcome.DEPOSED : Outcome.OUTDATED);
            default -> answer.completeExceptionally(KeeperException.create(code));
        }
    }

    private static boolean isEpochGone(CuratorEvent event) {
        var results = event.getOpResults();
        return results == null || results.isEmpty() || results.get(0).getError() != Code.OK.intValue();
    }
}
