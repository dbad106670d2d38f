// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.model.PoolId;
import io.tintype.proto.internal.v1.PoolRecord;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.zookeeper.KeeperException.Code;

/** Reads pools as they are now, and writes them. Thread-safe; never blocks. */
public final class PoolZnodes {
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

    /** Removes a pool if its rules still have this version; yields whether they did. */
    public CompletableFuture<Boolean> delete(PoolId pool, int version) {
        return session.znodes()
                .delete(Paths.pool(pool.toString()), version)
                .thenApply(done -> true)
                .exceptionally(failure -> {
                    if (ZkErrors.is(failure, Code.NONODE) || ZkErrors.is(failure, Code.BADVERSION)) {
                        return false;
                    }
                    throw new CompletionException(ZkErrors.unwrap(failure));
                });
    }
}
