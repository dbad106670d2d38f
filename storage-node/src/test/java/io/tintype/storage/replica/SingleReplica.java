// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.NodeId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** What tests of a single replica share: replica A of a shard of two, or of one, told step by step what happens. */
abstract class SingleReplica {
    static final NodeId A = new NodeId("a");
    static final NodeId B = new NodeId("b");
    static final Member AT_A = new Member(A, 1);
    static final Member AT_B = new Member(B, 2);
    static final long MILLI = 1_000_000;

    final ReplicaCore core = new ReplicaCore(ReplicaTiming.DEFAULT);
    final SplittableRandom random = new SplittableRandom(1);
    long millis = 1_000;

    Now now() {
        return new Now(millis * MILLI, millis);
    }

    List<ReplicaAction> step(ReplicaEvent event) {
        millis++;
        return core.step(event, now(), random);
    }

    <T extends ReplicaAction> T only(Class<T> type, List<ReplicaAction> actions) {
        var found = actions.stream().filter(type::isInstance).map(type::cast).toList();
        assertThat(found).as("%s among %s", type.getSimpleName(), actions).hasSize(1);
        return found.get(0);
    }

    static ShardConfig pair(long epoch, NodeId primary) {
        return new ShardConfig(
                epoch + 1,
                epoch,
                primary,
                Set.of(AT_A, AT_B),
                Set.of(),
                Map.of(A, ReplicaRole.VOTER, B, ReplicaRole.VOTER),
                2,
                ShardLifecycle.ACTIVE,
                0,
                primary,
                7);
    }

    static ShardConfig alone() {
        return ShardConfig.initial(Set.of(AT_A), Map.of(A, ReplicaRole.VOTER), 1);
    }

    void boot(long promised, LogShape log, ShardConfig config) {
        step(new ReplicaEvent.Booted(AT_A, promised, log, 0, false));
        step(new ReplicaEvent.ConfigSeen(new VersionedConfig(config, 3)));
    }

    /** Lets the only replica of a shard stand, up to its compare-and-set. */
    ReplicaAction.Cas stand() {
        boot(0, LogShape.empty(), alone());
        var read = only(ReplicaAction.ReadConfig.class, step(new ReplicaEvent.Tick()));
        var promise = only(
                ReplicaAction.PersistPromise.class,
                step(new ReplicaEvent.ConfigRead(read.ticket(), new VersionedConfig(alone(), 3))));
        assertThat(promise.epoch()).isEqualTo(1);
        return only(ReplicaAction.Cas.class, step(new ReplicaEvent.PromisePersisted(1)));
    }

    long follow() {
        step(new ReplicaEvent.Booted(AT_A, 3, LogShape.empty(), 0, false));
        return only(
                ReplicaAction.OpenStream.class, step(new ReplicaEvent.ConfigSeen(new VersionedConfig(pair(4, B), 5))))
                .stream();
    }
}
