// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeTransaction;
import io.tintype.cluster.zk.ZnodeTree;
import io.tintype.model.PoolId;
import io.tintype.proto.internal.v1.PoolRecord;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads pools as they are now, and writes them. Thread-safe; never blocks. */
public final class PoolZnodes {
    /** How long a look at all assignments may take. */
    private static final long LOOK_S = 20;

    private final ZkSession session;
    private final CompareAndSet<PoolRecord> records;

    /** Over a session that outlives this object. */
    public PoolZnodes(ZkSession session) {
        this.session = session;
        this.records = new CompareAndSet<>(session.znodes(), ZnodeCodec.POOL, PoolRecord::equals);
    }

    /**
     * Creates a pool, unless there is one of that region and tier; yields the rules there are then, which are the given
     * ones or those of whoever came first.
     */
    public CompletableFuture<PoolRules> create(PoolRules rules) {
        var record = rules.toRecord().setFormat(ZnodeCodec.FORMAT).build();
        return records.create(Paths.pool(rules.id().toString()), record).thenApply(outcome -> {
            var there = outcome instanceof CasOutcome.Lost<PoolRecord> lost
                    ? lost.current().value()
                    : record;
            return PoolRules.of(there);
        });
    }

    /**
     * The rules of a pool as they are now, and the version they have; empty where there is no such pool. Fails while
     * ZooKeeper is out of reach.
     */
    public CompletableFuture<Optional<Versioned<PoolRules>>> read(PoolId pool) {
        return records.read(Paths.pool(pool.toString()))
                .thenApply(
                        found -> found.map(record -> new Versioned<>(PoolRules.of(record.value()), record.version())));
    }

    /** Replaces a pool's rules if they still have this version; yields whether they did. */
    public CompletableFuture<Boolean> replace(int version, PoolRules rules) {
        var record = rules.toRecord().setFormat(ZnodeCodec.FORMAT).build();
        return records.set(Paths.pool(rules.id().toString()), version, record)
                .thenApply(outcome -> outcome instanceof CasOutcome.Won<PoolRecord>);
    }

    /** How the removal of a pool ended. */
    public enum Removal {
        /** The pool is no more. */
        REMOVED,
        /** Nothing was done: its rules were changed, or shards were made at the same moment. Look again. */
        CHANGED,
        /** Nothing was done: it has shards. */
        HAS_SHARDS
    }

    /**
     * Removes a pool that has no shards, by all assignments as they are now, if its rules still have this version. New shards
     * are written together with another version of their znodes' parent, so none comes in between. Fails while ZooKeeper is out
     * of reach.
     */
    public CompletableFuture<Removal> delete(PoolId pool, int version) {
        return shardsMade().thenCompose(made -> delete(pool, version, made));
    }

    /** The same, if no shards were made since. */
    CompletableFuture<Removal> delete(PoolId pool, int version, int shardsMade) {
        return hasShards(pool)
                .thenCompose(has -> has
                        ? CompletableFuture.completedFuture(Removal.HAS_SHARDS)
                        : new ZnodeTransaction(session)
                                .check(Paths.ASSIGNMENTS, shardsMade)
                                .delete(Paths.pool(pool.toString()), version)
                                .commit()
                                .thenCompose(result -> result == ZnodeTransaction.Result.MADE
                                        ? CompletableFuture.completedFuture(Removal.REMOVED)
                                        : read(pool)
                                                .thenApply(
                                                        found -> found.isEmpty() ? Removal.REMOVED : Removal.CHANGED)));
    }

    /** Changes with each write of new shards. */
    CompletableFuture<Integer> shardsMade() {
        var znodes = session.znodes();
        return znodes.sync(Paths.ASSIGNMENTS)
                .thenCompose(synced -> znodes.get(Paths.ASSIGNMENTS))
                .thenCompose(found -> found.isPresent()
                        ? CompletableFuture.completedFuture(found.get().version())
                        : znodes.ensure(Paths.ASSIGNMENTS).thenCompose(made -> shardsMade()));
    }

    /** By one look at every assignment: for what happens seldom. */
    private CompletableFuture<Boolean> hasShards(PoolId pool) {
        var found = new CompletableFuture<Boolean>();
        var loop = new SerialLoop("pool-shards");
        var tree = ZnodeTree.follow(session, Paths.ASSIGNMENTS, loop, new ZnodeTree.Listener() {
            @Override
            public void changed(String path, @Nullable Znode znode) {
                if (znode != null && Paths.isInBucket(path)) {
                    look(path, znode);
                }
            }

            private void look(String path, Znode znode) {
                try {
                    var assignment = ZnodeCodec.ASSIGNMENT.decode(path, znode.data());
                    if (assignment.getPool().equals(pool.toString())) {
                        found.complete(true);
                    }
                } catch (RuntimeException e) {
                    found.completeExceptionally(e);
                }
            }

            @Override
            public void loaded() {
                found.complete(false);
            }
        });
        return found.orTimeout(LOOK_S, TimeUnit.SECONDS).whenComplete((has, failure) -> {
            tree.close();
            loop.execute(loop::close); // it may be the thread of this, and of what hangs on it: not to be interrupted
        });
    }
}
