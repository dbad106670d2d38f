// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.zk.CasOutcome.Won;
import io.tintype.cluster.zk.Versioned;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.storage.replica.CasOutcome;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaAction.Cas;
import io.tintype.storage.replica.ReplicaAction.ReadConfig;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.VersionedConfig;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the core wants read and written in ZooKeeper. Stateless and thread-safe. */
final class ConfigActions {
    private static final Logger log = LoggerFactory.getLogger(ConfigActions.class);

    private final ShardZnodes znodes;
    private final ShardIdentity identity;
    private final Board board;
    private final Consumer<ReplicaEvent> events;

    /**
     * @param board where the pool's rules are
     * @param events takes the answers, on any thread
     */
    ConfigActions(ShardZnodes znodes, ShardIdentity identity, Board board, Consumer<ReplicaEvent> events) {
        this.znodes = znodes;
        this.identity = identity;
        this.board = board;
        this.events = events;
    }

    /** Carries out an action, if it is one of these. */
    boolean execute(ReplicaAction action) {
        if (action instanceof ReadConfig read) {
            var unused = read().whenComplete((found, failure) -> events.accept(
                    failure != null
                            ? new ReplicaEvent.ConfigReadFailed(read.ticket())
                            : new ReplicaEvent.ConfigRead(read.ticket(), found.orElse(null))));
        } else if (action instanceof Cas cas) {
            write(cas);
        } else {
            return false;
        }
        return true;
    }

    /** The configuration as it is now, with every change acknowledged before this call; fails without ZooKeeper. */
    CompletableFuture<Optional<VersionedConfig>> read() {
        return znodes.read(identity.id()).thenApply(found -> found.map(ConfigCodec::decode));
    }

    /** Tells the core of a record that a watch brought; one that contradicts itself is logged and left aside. */
    void seen(Versioned<ShardRecord> znode) {
        try {
            events.accept(new ReplicaEvent.ConfigSeen(ConfigCodec.decode(znode)));
        } catch (IllegalArgumentException | TintypeException e) {
            log.error("shard {}: ignoring its znode, which contradicts itself: {}", identity.id(), znode.value(), e);
        }
    }

    private void write(Cas cas) {
        var unused = znodes.replace(cas.expectedVersion(), ConfigCodec.encode(identity, board.rules, cas.next()))
                .whenComplete((outcome, failure) -> {
                    if (failure != null) {
                        log.warn("shard {}: writing its configuration did not end", identity.id(), failure);
                        events.accept(new ReplicaEvent.CasAnswered(cas.ticket(), CasOutcome.UNKNOWN, 0));
                    } else if (outcome instanceof Won<ShardRecord> won) {
                        events.accept(new ReplicaEvent.CasAnswered(
                                cas.ticket(), CasOutcome.APPLIED, won.written().version()));
                    } else {
                        events.accept(new ReplicaEvent.CasAnswered(cas.ticket(), CasOutcome.BAD_VERSION, 0));
                    }
                });
    }
}
