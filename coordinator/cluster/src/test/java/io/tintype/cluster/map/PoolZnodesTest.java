// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.control.ControllerSeat;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardType;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pool is removed while its first shards are being made. */
final class PoolZnodesTest {
    private static final int WAIT_S = 20;
    private static final PoolRules RULES = new PoolRules(new PoolId("eu", "standard"), 3, 2, 100, 4);

    @TempDir
    Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;
    private PoolZnodes pools;
    private ControllerSeat seat;
    private Term term;

    @BeforeEach
    void start() throws Exception {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        pools = new PoolZnodes(session);
        assertThat(get(pools.create(RULES))).isEqualTo(RULES);
        var terms = new LinkedBlockingQueue<Term>();
        seat = ControllerSeat.compete(session, new NodeId("c1"), terms::add);
        term = terms.poll(WAIT_S, TimeUnit.SECONDS);
        assertThat(term).as("a term of office").isNotNull();
    }

    @AfterEach
    void stop() {
        seat.close();
        session.close();
        zooKeeper.close();
    }

    @Test
    void aPoolOfWhoseShardsNobodyHeardYetIsKept() throws Exception {
        int version = version();
        assertThat(assign(1)).isEqualTo(Term.Outcome.DONE);
        assertThat(get(pools.delete(RULES.id(), version))).isEqualTo(PoolZnodes.Removal.HAS_SHARDS);
        assertThat(get(pools.read(RULES.id()))).isPresent();
    }

    @Test
    void aPoolThatGetsItsFirstShardsInThatMomentIsKept() throws Exception {
        int version = version();
        int before = get(pools.shardsMade());
        assertThat(get(pools.create(OTHER))).isEqualTo(OTHER);
        assertThat(get(term.assign(List.of(assignment(1, OTHER)), null))).isEqualTo(Term.Outcome.DONE);
        assertThat(get(pools.delete(RULES.id(), version, before)))
                .as("whose shards they are is not known by then")
                .isEqualTo(PoolZnodes.Removal.CHANGED);
        assertThat(get(pools.delete(RULES.id(), version))).isEqualTo(PoolZnodes.Removal.REMOVED);
        assertThat(get(pools.read(RULES.id()))).isEmpty();
        assertThat(assign(2)).as("the pool is gone").isEqualTo(Term.Outcome.OUTDATED);
    }

    @Test
    void aPoolIsRemovedWhereThereWasNeverAnyShardAndKeptWhereItsRulesHaveChanged() throws Exception {
        int version = version();
        assertThat(get(pools.delete(RULES.id(), version + 1))).isEqualTo(PoolZnodes.Removal.CHANGED);
        assertThat(get(pools.delete(RULES.id(), version))).isEqualTo(PoolZnodes.Removal.REMOVED);
        assertThat(get(pools.delete(RULES.id(), version)))
                .as("said again, as after a lost answer")
                .isEqualTo(PoolZnodes.Removal.REMOVED);
    }

    private static final PoolRules OTHER = new PoolRules(new PoolId("eu", "other"), 1, 1, 100, 4);

    private int version() throws Exception {
        return get(pools.read(RULES.id())).orElseThrow().version();
    }

    private Term.Outcome assign(int shard) throws Exception {
        return get(term.assign(List.of(assignment(shard, RULES)), null));
    }

    private static ShardAssignment assignment(int shard, PoolRules pool) {
        return ShardAssignment.newBuilder()
                .setFormat(1)
                .setShard(shard)
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool(pool.id().toString())
                .addReplicas(Placement.newBuilder().setNode("n1").setRole(ReplicaRole.REPLICA_ROLE_VOTER))
                .build();
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(WAIT_S, TimeUnit.SECONDS);
    }
}
