// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.DirectoryLayout;
import io.tintype.cluster.map.PoolZnodes;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.map.ShardZnodes;
import io.tintype.cluster.placement.PoolRules;
import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeFormatException;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.ControllerEpoch;
import io.tintype.proto.internal.v1.Member;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.proto.internal.v1.ShardType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

final class ControllerSeatTest {
    private static final PoolRules RULES = new PoolRules(new PoolId("eu", "standard"), 3, 2, 100, 4);

    @TempDir
    Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession one;
    private ZkSession two;
    private ShardMapWatcher watcher;

    @BeforeEach
    void start() {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        one = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        two = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        watcher = ShardMapWatcher.start(two);
        var unused = new PoolZnodes(one).create(RULES).join();
    }

    @AfterEach
    void stop() {
        watcher.close();
        one.close();
        two.close();
        zooKeeper.close();
    }

    @Test
    void whatTheControllerAssignsIsSeenByWatchersAndNeverAssignedTwice() throws Exception {
        var term = elect(one, "c1").poll(10, TimeUnit.SECONDS);
        var layout = DirectoryLayout.even(List.of(new ShardId(1), new ShardId(2)));
        var shards = List.of(assignment(1), assignment(2), assignment(257));
        assertThat(term.assign(shards, layout).get(10, TimeUnit.SECONDS)).isEqualTo(Term.Outcome.DONE);
        await().untilAsserted(() -> {
            var view = watcher.view();
            assertThat(view.assignments()).containsOnlyKeys(new ShardId(1), new ShardId(2), new ShardId(257));
            assertThat(view.directory()).contains(layout);
            assertThat(view.map().shard(new ShardId(257)).orElseThrow().primary())
                    .isEmpty();
        });
        assertThat(term.assign(List.of(assignment(3), assignment(2)), null).get(10, TimeUnit.SECONDS))
                .isEqualTo(Term.Outcome.OUTDATED);
        assertThat(watcher.view().assignments()).doesNotContainKey(new ShardId(3));
    }

    @Test
    void aControllerWhomAnotherFollowedCanWriteNoMore() throws Exception {
        var former = elect(one, "c1").poll(10, TimeUnit.SECONDS);
        var successors = elect(two, "c2");
        assertThat(successors.poll(200, TimeUnit.MILLISECONDS))
                .as("one at a time")
                .isNull();
        zooKeeper.expireSession(one.sessionId());
        var latter = successors.poll(20, TimeUnit.SECONDS);
        assertThat(latter.epoch()).isGreaterThan(former.epoch());
        await().until(one::isConnected);
        assertThat(former.assign(List.of(assignment(1)), null).get(10, TimeUnit.SECONDS))
                .isEqualTo(Term.Outcome.DEPOSED);
        assertThat(latter.assign(List.of(assignment(1)), null).get(10, TimeUnit.SECONDS))
                .isEqualTo(Term.Outcome.DONE);
    }

    /** As where two took office for one another's: the epoch has gone on, and the line is as it was. */
    @Test
    void whoIsDeposedWhileFirstInLineTakesOfficeAgain() throws Exception {
        var terms = new LinkedBlockingQueue<Term>();
        try (var seat = ControllerSeat.compete(one, new NodeId("c1"), terms::add)) {
            var former = terms.poll(10, TimeUnit.SECONDS);
            raiseEpoch();
            assertThat(former.isOver().get(10, TimeUnit.SECONDS)).isTrue();
            seat.deposed();
            var again = terms.poll(10, TimeUnit.SECONDS);
            assertThat(again).as("in office").isNotNull();
            assertThat(again.epoch()).isEqualTo(former.epoch() + 2);
            assertThat(again.assign(List.of(assignment(1)), null).get(10, TimeUnit.SECONDS))
                    .isEqualTo(Term.Outcome.DONE);
        }
    }

    /** By an operator, or by another process of its id: the line itself does not tell it. */
    @Test
    void whoLostHisPlaceInLineToAnotherStandsBehindHim() throws Exception {
        var terms = new LinkedBlockingQueue<Term>();
        try (var seat = ControllerSeat.compete(one, new NodeId("c1"), terms::add)) {
            var former = terms.poll(10, TimeUnit.SECONDS);
            assertThat(former).as("in office").isNotNull();
            for (var place : line()) {
                one.znodes().delete(Paths.CONTROLLER_LATCH + "/" + place, -1).get(10, TimeUnit.SECONDS);
            }
            var others = new LinkedBlockingQueue<Term>();
            try (var other = ControllerSeat.compete(two, new NodeId("c2"), others::add)) {
                var latter = others.poll(10, TimeUnit.SECONDS);
                assertThat(latter).as("in office").isNotNull();
                seat.deposed();
                await().atMost(Duration.ofSeconds(10)).until(() -> line().size() == 2);
                assertThat(other.isFirstInLine()).isTrue();
                assertThat(latter.isOver().get(10, TimeUnit.SECONDS))
                        .as("who came first stays in office")
                        .isFalse();
                assertThat(terms).isEmpty();
            }
            assertThat(terms.poll(20, TimeUnit.SECONDS))
                    .as("in office again, once the other one has left")
                    .isNotNull();
        }
    }

    /** It may be of a later release, or broken: a cluster without a controller says so. */
    @Test
    void anEpochThatCannotBeUnderstoodIsTold() throws Exception {
        one.znodes().create(Paths.CONTROLLER_EPOCH, new byte[] {1}).get(10, TimeUnit.SECONDS);
        var told = new LinkedBlockingQueue<ILoggingEvent>();
        var lines = new AppenderBase<ILoggingEvent>() {
            @Override
            protected void append(ILoggingEvent line) {
                told.add(line);
            }
        };
        lines.start();
        var log = (Logger) LoggerFactory.getLogger(ControllerSeat.class);
        log.addAppender(lines);
        try (var seat = ControllerSeat.compete(one, new NodeId("c1"), term -> {})) {
            var line = told.poll(10, TimeUnit.SECONDS);
            assertThat(line).as("a line of %s", seat).isNotNull();
            assertThat(line.getFormattedMessage()).isEqualTo("c1 cannot take office; it tries again");
            assertThat(line.getThrowableProxy().getMessage())
                    .isEqualTo("Znode /ctl/epoch does not hold a record of Tintype.");
        } finally {
            log.detachAppender(lines);
        }
    }

    private List<String> line() throws Exception {
        return one.znodes().children(Paths.CONTROLLER_LATCH).get(10, TimeUnit.SECONDS);
    }

    private void raiseEpoch() throws Exception {
        var epochs = new CompareAndSet<>(one.znodes(), ZnodeCodec.CONTROLLER_EPOCH, ControllerEpoch::equals);
        var now = epochs.read(Paths.CONTROLLER_EPOCH).get(10, TimeUnit.SECONDS).orElseThrow();
        var next = now.value().toBuilder()
                .setHolder("c2")
                .setEpoch(now.value().getEpoch() + 1)
                .build();
        assertThat(epochs.set(Paths.CONTROLLER_EPOCH, now.version(), next).get(10, TimeUnit.SECONDS))
                .isInstanceOf(CasOutcome.Won.class);
    }

    @Test
    void aPoolThatWasRemovedMeanwhileIsGivenNoShards() throws Exception {
        var term = elect(one, "c1").poll(10, TimeUnit.SECONDS);
        var pools = new PoolZnodes(two);
        var pool = pools.read(RULES.id()).get(10, TimeUnit.SECONDS).orElseThrow();
        assertThat(pools.delete(RULES.id(), pool.version()).get(10, TimeUnit.SECONDS))
                .isEqualTo(PoolZnodes.Removal.REMOVED);
        assertThat(term.assign(List.of(assignment(1)), null).get(10, TimeUnit.SECONDS))
                .isEqualTo(Term.Outcome.OUTDATED);
    }

    /** That it may have been written, and should be looked at and tried again, would be said of it for ever. */
    @Test
    void anAssignmentThatCannotBeWrittenIsNotSaidToBeOpen() throws Exception {
        var term = elect(one, "c1").poll(10, TimeUnit.SECONDS);
        var huge = assignment(1).toBuilder().setPool("p".repeat(10_000)).build();
        assertThatThrownBy(() -> term.assign(List.of(huge), null).get(10, TimeUnit.SECONDS))
                .hasRootCauseInstanceOf(ZnodeFormatException.class);
    }

    /** It asked for office, was told nothing, and tries again after a pause in which another one came first. */
    @Test
    void whoIsNoLongerFirstInLineTakesNoOffice() throws Exception {
        var term = elect(one, "c1").poll(10, TimeUnit.SECONDS);
        var terms = new LinkedBlockingQueue<Term>();
        try (var second = ControllerSeat.compete(two, new NodeId("c2"), terms::add)) {
            second.takeOffice();
            // Who would take office reads and writes by this session, which does one thing after the other.
            for (int i = 0; i < 10; i++) {
                two.znodes().sync(Paths.CONTROLLER_EPOCH).get(10, TimeUnit.SECONDS);
            }
            assertThat(terms).isEmpty();
            assertThat(term.isOver().get(10, TimeUnit.SECONDS)).isFalse();
        }
    }

    @Test
    void aProcessThatComesBackNeedNotWaitForItsFormerSession() throws Exception {
        var former = elect(one, "c1").poll(10, TimeUnit.SECONDS);
        long formerSession = one.sessionId();
        var again = elect(two, "c1").poll(30, TimeUnit.SECONDS);
        assertThat(again).as("in office").isNotNull();
        assertThat(one.isConnected()).as("the former session still lives").isTrue();
        assertThat(one.sessionId()).isEqualTo(formerSession);
        assertThat(former.assign(List.of(assignment(1)), null).get(10, TimeUnit.SECONDS))
                .isEqualTo(Term.Outcome.DEPOSED);
    }

    @Test
    void theViewFollowsPoolsAndShardsAndSurvivesALostSession() throws Exception {
        var rules = new PoolRules(new PoolId("eu", "other"), 3, 2, 100, 4);
        var other = new PoolRules(new PoolId("eu", "other"), 1, 1, 5, 1);
        assertThat(new PoolZnodes(one).create(rules).get(10, TimeUnit.SECONDS)).isEqualTo(rules);
        assertThat(new PoolZnodes(two).create(other).get(10, TimeUnit.SECONDS))
                .as("whoever comes first")
                .isEqualTo(rules);
        var znodes = new ShardZnodes(one);
        znodes.create(record(1, "n1")).get(10, TimeUnit.SECONDS);
        watcher.ready().get(10, TimeUnit.SECONDS);
        await().untilAsserted(() -> {
            assertThat(watcher.view().pools()).containsEntry(rules.id(), rules);
            assertThat(primaryOf(9)).isEqualTo("n1");
        });
        zooKeeper.expireSession(two.sessionId());
        znodes.replace(0, record(2, "n2")).get(10, TimeUnit.SECONDS);
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(primaryOf(9)).isEqualTo("n2"));
        znodes.close();
    }

    private String primaryOf(int shard) {
        return watcher.map()
                .shard(new ShardId(shard))
                .flatMap(info -> info.primary())
                .map(NodeId::value)
                .orElse("");
    }

    private static BlockingQueue<Term> elect(ZkSession session, String id) {
        var terms = new LinkedBlockingQueue<Term>();
        ControllerSeat.compete(session, new NodeId(id), terms::add);
        return terms;
    }

    private static ShardAssignment assignment(int shard) {
        return ShardAssignment.newBuilder()
                .setFormat(1)
                .setShard(shard)
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool("eu.standard")
                .addReplicas(Placement.newBuilder().setNode("n1").setRole(ReplicaRole.REPLICA_ROLE_VOTER))
                .build();
    }

    private static ShardRecord record(long config, String primary) {
        return ShardRecord.newBuilder()
                .setFormat(1)
                .setShard(9)
                .setType(ShardType.SHARD_TYPE_DATA)
                .setPool("eu.standard")
                .setConfigVersion(config)
                .setEpoch(config)
                .setPrimary(primary)
                .addInSync(Member.newBuilder().setNode(primary).setIncarnation(1))
                .setWriter(primary)
                .setWriterNonce(config)
                .build();
    }
}
