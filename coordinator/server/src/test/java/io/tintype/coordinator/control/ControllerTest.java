// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.PoolZnodes;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.node.NodePresence;
import io.tintype.cluster.node.NodeRegistration;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.coordinator.users.DataShards;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.ControllerEpoch;
import io.tintype.proto.internal.v1.NodeIntent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A controller of a cluster without nodes, where nothing is to be written, and of one with a node that leads nothing. */
final class ControllerTest {
    private static final int LONG_S = 20;

    private static final NodePresence NODE =
            new NodePresence(new NodeId("n1"), new byte[] {1}, 1, "h:1", "p:1", "eu", "a", 1L << 40, Set.of());

    @TempDir
    private Path folder;

    @Test
    void whoHasNothingToWriteHearsThatHisTermIsOverAndTakesOfficeAgain() throws Exception {
        try (var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
                var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var watcher = ShardMapWatcher.start(session)) {
            var terms = new LinkedBlockingQueue<Term>();
            var shards = new DataShards(
                    watcher::view,
                    address -> {
                        throw new IllegalStateException("there are no nodes");
                    },
                    "cluster");
            try (var controller = Controller.start(
                    session,
                    watcher,
                    new NodeId("c1"),
                    new PoolId("eu", "standard"),
                    ControlSettings.DEFAULTS,
                    shards,
                    terms::add)) {
                assertThat(controller).isNotNull();
                var first = terms.poll(LONG_S, TimeUnit.SECONDS);
                assertThat(first).as("the first term").isNotNull();
                raiseEpoch(session);
                var second = terms.poll(LONG_S, TimeUnit.SECONDS);
                assertThat(second).as("another term").isNotNull();
                assertThat(second.epoch()).isEqualTo(first.epoch() + 2);
                assertThat(second.isOver().get(LONG_S, TimeUnit.SECONDS)).isFalse();
            }
        }
    }

    /** By whatever fault: nobody deletes an assignment. */
    @Test
    void whatWasAssignedLastAndVanishedHoldsNoPoolUp() throws Exception {
        try (var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
                var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var watcher = ShardMapWatcher.start(session);
                var node = NodeRegistration.start(session, NODE)) {
            node.registered().get(LONG_S, TimeUnit.SECONDS);
            var usual = ControlSettings.DEFAULTS;
            var settings = new ControlSettings(
                    1, 2, 1, usual.usersPerShard(), usual.roomPercent(), usual.newShardsPerMinute(), usual.balance());
            var shards = new DataShards(
                    watcher::view,
                    address -> {
                        throw new IllegalStateException("nobody leads");
                    },
                    "cluster");
            try (var controller = Controller.start(
                    session, watcher, new NodeId("c1"), new PoolId("eu", "standard"), settings, shards, term -> {})) {
                assertThat(controller).isNotNull();
                var last = new ShardId(3);
                await("a directory shard and two for users")
                        .atMost(Duration.ofSeconds(LONG_S))
                        .until(() -> watcher.view().assignments().containsKey(last));
                session.znodes().delete(Paths.assignment(3), -1).get(LONG_S, TimeUnit.SECONDS);
                await().atMost(Duration.ofSeconds(LONG_S))
                        .until(() -> !watcher.view().assignments().containsKey(last));
                var other = new PoolId("eu", "other");
                var unused = new PoolZnodes(session)
                        .create(new PoolRules(other, 1, 1, 100, 1))
                        .get(LONG_S, TimeUnit.SECONDS);
                await("the other pool has a shard")
                        .atMost(Duration.ofSeconds(LONG_S))
                        .until(() -> watcher.view().assignments().values().stream()
                                .anyMatch(shard -> shard.getPool().equals(other.toString())));
            }
        }
    }

    /** A pool's record may be of a later release, or broken. */
    @Test
    void aFirstPoolThatCannotBeMadeIsTriedAtTheNextLook() throws Exception {
        var attempts = new CopyOnWriteArrayList<Long>();
        var lines = new AppenderBase<ILoggingEvent>() {
            @Override
            protected void append(ILoggingEvent line) {
                if (line.getMessage().startsWith("making the first pool")) {
                    attempts.add(System.nanoTime());
                }
            }
        };
        lines.start();
        var log = (Logger) LoggerFactory.getLogger(Controller.class);
        log.addAppender(lines);
        log.setLevel(Level.INFO);
        try (var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
                var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var watcher = ShardMapWatcher.start(session);
                var node = NodeRegistration.start(session, NODE)) {
            node.registered().get(LONG_S, TimeUnit.SECONDS);
            session.znodes().create(Paths.pool("eu.standard"), new byte[] {1}).get(LONG_S, TimeUnit.SECONDS);
            await().atMost(Duration.ofSeconds(LONG_S))
                    .until(() -> watcher.map().nodes().anyMatch(NodeInfo::live));
            var shards = new DataShards(
                    watcher::view,
                    address -> {
                        throw new IllegalStateException("nobody leads");
                    },
                    "cluster");
            try (var controller = Controller.start(
                    session,
                    watcher,
                    new NodeId("c1"),
                    new PoolId("eu", "standard"),
                    ControlSettings.DEFAULTS.withReplicationFactor(1),
                    shards,
                    term -> {})) {
                assertThat(controller).isNotNull();
                await().atMost(Duration.ofSeconds(LONG_S)).until(() -> attempts.size() >= 6);
                assertThat(Duration.ofNanos(attempts.get(5) - attempts.get(0)))
                        .as("one look a second, and the one on taking office")
                        .isGreaterThan(Duration.ofSeconds(3));
            }
        } finally {
            log.setLevel(null);
            log.detachAppender(lines);
        }
    }

    /** As earlier releases left it behind: a later node of that id would be drained as soon as it comes. */
    @Test
    void whatWasWantedOfANodeThatIsNoMoreIsForgotten() throws Exception {
        var drained = ZnodeCodec.NODE_INTENT.encode(
                Paths.NODE_INTENTS,
                NodeIntent.newBuilder().setFormat(1).setDraining(true).build());
        try (var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
                var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
                var watcher = ShardMapWatcher.start(session);
                var node = NodeRegistration.start(session, NODE)) {
            node.registered().get(LONG_S, TimeUnit.SECONDS);
            var znodes = session.znodes();
            znodes.ensure(Paths.NODE_INTENTS).get(LONG_S, TimeUnit.SECONDS);
            for (var id : List.of("n1", "n2", "n3")) {
                znodes.create(Paths.nodeIntent(id), drained).get(LONG_S, TimeUnit.SECONDS);
            }
            // Which the map does not know, for it cannot be understood.
            znodes.create(Paths.nodeRegistration("n3"), new byte[] {1}).get(LONG_S, TimeUnit.SECONDS);
            await("all is known")
                    .atMost(Duration.ofSeconds(LONG_S))
                    .until(() -> watcher.view().intents().size() == 3
                            && watcher.map().nodes().anyMatch(NodeInfo::live));
            var shards = new DataShards(
                    watcher::view,
                    address -> {
                        throw new IllegalStateException("nobody leads");
                    },
                    "cluster");
            try (var controller = Controller.start(
                    session,
                    watcher,
                    new NodeId("c1"),
                    new PoolId("eu", "standard"),
                    ControlSettings.DEFAULTS.withReplicationFactor(1),
                    shards,
                    term -> {})) {
                assertThat(controller).isNotNull();
                await("what was wanted of n2 is forgotten")
                        .atMost(Duration.ofSeconds(LONG_S))
                        .until(() -> znodes.get(Paths.nodeIntent("n2"))
                                .get(LONG_S, TimeUnit.SECONDS)
                                .isEmpty());
                assertThat(znodes.children(Paths.NODE_INTENTS).get(LONG_S, TimeUnit.SECONDS))
                        .as("of those that are registered")
                        .containsExactlyInAnyOrder("n1", "n3");
                assertThat(znodes.children(Paths.NODE_REGISTRATIONS).get(LONG_S, TimeUnit.SECONDS))
                        .containsExactlyInAnyOrder("n1", "n3");
            }
        }
    }

    /** Somebody takes office who is not in line any more. */
    private static void raiseEpoch(ZkSession session) throws Exception {
        var epochs = new CompareAndSet<>(session.znodes(), ZnodeCodec.CONTROLLER_EPOCH, ControllerEpoch::equals);
        var now = epochs.read(Paths.CONTROLLER_EPOCH)
                .get(LONG_S, TimeUnit.SECONDS)
                .orElseThrow();
        var next = now.value().toBuilder()
                .setHolder("c2")
                .setEpoch(now.value().getEpoch() + 1)
                .build();
        assertThat(epochs.set(Paths.CONTROLLER_EPOCH, now.version(), next).get(LONG_S, TimeUnit.SECONDS))
                .isInstanceOf(CasOutcome.Won.class);
    }
}
