// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.proto.internal.v1.PoolRecord;
import java.util.concurrent.CompletableFuture;

/** Writes pools. Thread-safe; never blocks. */
public final class PoolZnodes {
    private final CompareAndSet<PoolRecord> records;

    /** Over a session that outlives this object. */
    public PoolZnodes(ZkSession session) {
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
}
