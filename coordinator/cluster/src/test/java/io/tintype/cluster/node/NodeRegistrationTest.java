// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.map.NodesWatcher;
import io.tintype.cluster.zk.FaultyZnodes;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NodeRegistrationTest {
    private static final NodeId ID = new NodeId("n1");
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession observing;
    private NodesWatcher nodes;

    @BeforeEach
    void start() {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        observing = connect();
        nodes = NodesWatcher.start(observing);
    }

    @AfterEach
    void stop() {
        nodes.close();
        observing.close();
        zooKeeper.close();
    }

    @Test
    void aRegisteredNodeIsSeenAndLeavesItsAddressBehindWhenItStops() throws Exception {
        try (var session = connect();
                var registration = NodeRegistration.start(session, node("disk-a", 1, "h:1"))) {
            registration.registered().get(10, TimeUnit.SECONDS);
            await().untilAsserted(() -> assertThat(nodes.node(ID))
                    .contains(
                            new NodeInfo(ID, "h:1", "p:1", "eu", "a", true, 100, Set.of("ssd"), RecordLevels.CURRENT)));
            assertThat(registration.registeredAtMs().get(10, TimeUnit.SECONDS))
                    .as("by ZooKeeper's clock, which is this machine's here")
                    .isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis());
        }
        await().untilAsserted(() -> assertThat(nodes.node(ID))
                .contains(new NodeInfo(ID, "h:1", "p:1", "eu", "a", false, 100, Set.of("ssd"), RecordLevels.CURRENT)));
    }

    @Test
    void aNodeWhoseSessionWasLostComesBackByItself() throws Exception {
        try (var session = connect();
                var registration = NodeRegistration.start(session, node("disk-a", 1, "h:1"))) {
            registration.registered().get(10, TimeUnit.SECONDS);
            long before = session.sessionId();
            zooKeeper.expireSession(before);
            await().atMost(PATIENCE).until(() -> ownerOfLiveness() != 0 && ownerOfLiveness() != before);
            await().untilAsserted(
                            () -> assertThat(nodes.node(ID).map(NodeInfo::live)).contains(true));
            assertThat(registration.displaced()).isNotDone();
        }
    }

    @Test
    void aRestartedNodeReplacesWhatItsFormerProcessLeftBehind() throws Exception {
        try (var dead = connect();
                var session = connect()) {
            NodeRegistration.start(dead, node("disk-a", 1, "h:1")).registered().get(10, TimeUnit.SECONDS);
            // The former process hangs: its session is alive, but nobody will speak for it any more.
            NodeRegistration.start(session, node("disk-a", 2, "h:2"))
                    .registered()
                    .get(10, TimeUnit.SECONDS);
            await().untilAsserted(() ->
                    assertThat(nodes.node(ID).map(NodeInfo::address)).contains("h:2"));
            assertThat(ownerOfLiveness()).isEqualTo(session.sessionId());
        }
    }

    @Test
    void theFormerProcessLearnsThatItsPlaceIsTaken() throws Exception {
        try (var former = connect();
                var session = connect()) {
            var first = NodeRegistration.start(former, node("disk-a", 1, "h:1"));
            first.registered().get(10, TimeUnit.SECONDS);
            NodeRegistration.start(session, node("disk-a", 2, "h:2"))
                    .registered()
                    .get(10, TimeUnit.SECONDS);
            zooKeeper.expireSession(former.sessionId());
            assertThat(first.displaced().get(20, TimeUnit.SECONDS)).contains("Two processes must not share an id");
            assertThat(ownerOfLiveness()).isEqualTo(session.sessionId());
        }
    }

    @Test
    void anotherDataDirectoryIsRefusedWhileTheFirstLivesAndTakenAfterwards() throws Exception {
        try (var second = connect()) {
            try (var first = connect();
                    var registration = NodeRegistration.start(first, node("disk-a", 1, "h:1"))) {
                registration.registered().get(10, TimeUnit.SECONDS);
                var refused = NodeRegistration.start(second, node("disk-b", 2, "h:2"));
                assertThatThrownBy(() -> refused.registered().get(10, TimeUnit.SECONDS))
                        .hasRootCauseInstanceOf(NodeIdInUseException.class)
                        .hasMessageContaining("Node id 'n1' is in use")
                        .hasMessageContaining("Give this node an id of its own");
                refused.close();
                assertThat(ownerOfLiveness()).isEqualTo(first.sessionId());
            }
            await().until(() -> ownerOfLiveness() == 0);
            NodeRegistration.start(second, node("disk-b", 2, "h:2"))
                    .registered()
                    .get(10, TimeUnit.SECONDS);
            await().untilAsserted(() ->
                    assertThat(nodes.node(ID).map(NodeInfo::address)).contains("h:2"));
        }
    }

    /** Before that it may yet learn that the id is another's, who is alive. */
    @Test
    void whoHasNotClaimedAnIdTakesNobodysPlaceWhenTheConnectionComesBack() throws Exception {
        try (var first = connect();
                var registration = NodeRegistration.start(first, node("disk-a", 1, "h:1"));
                var second = connect()) {
            registration.registered().get(10, TimeUnit.SECONDS);
            var claiming = new Presence(
                    second,
                    Paths.nodeLiveness("n1"),
                    new byte[0],
                    2,
                    data -> 1,
                    () -> CompletableFuture.completedFuture(null));
            var back = new CompletableFuture<ZkSession.State>();
            second.addListener(state -> {
                if (state == ZkSession.State.CONNECTED) {
                    back.complete(state); // listeners are told in order: the one of the presence was told before
                }
            });
            zooKeeper.expireSession(second.sessionId());
            back.get(20, TimeUnit.SECONDS);
            // What it does it does by this session, one thing after the other.
            for (int i = 0; i < 10; i++) {
                second.znodes().sync(Paths.nodeLiveness("n1")).get(10, TimeUnit.SECONDS);
            }
            assertThat(ownerOfLiveness()).isEqualTo(first.sessionId());
            assertThat(claiming.first()).isNotDone();
            claiming.close();
        }
    }

    /** As by an operator who believes it dead. */
    @Test
    void aNodeThatWasRemovedWhileItWasOutOfTouchRegistersAnew() throws Exception {
        try (var session = connect();
                var registration = NodeRegistration.start(session, node("disk-a", 1, "h:1"))) {
            registration.registered().get(10, TimeUnit.SECONDS);
            long before = session.sessionId();
            remove();
            zooKeeper.expireSession(before);
            await().atMost(PATIENCE).until(() -> ownerOfLiveness() != 0 && ownerOfLiveness() != before);
            await().atMost(PATIENCE)
                    .until(() -> nodes.node(ID).map(NodeInfo::live).orElse(false));
            assertThat(registration.displaced()).isNotDone();
        }
    }

    @Test
    void aNodeThatIsRemovedWhileItStartsIsRegisteredOnceItIsLive() throws Exception {
        try (var session = connect()) {
            var own = node("disk-a", 1, "h:1");
            var claim = new NodeClaim(session, own);
            claim.claim().get(10, TimeUnit.SECONDS);
            remove();
            var presence = new Presence(session, Paths.nodeLiveness("n1"), new byte[0], 1, data -> 1, claim::confirm);
            presence.ensure();
            presence.first().get(10, TimeUnit.SECONDS);
            assertThat(observing.znodes().get(Paths.nodeRegistration("n1")).get(10, TimeUnit.SECONDS))
                    .as("registered by the time it is live")
                    .isPresent();
            presence.close();
        }
    }

    /** Two processes that claim one id at the same moment: each saw nobody alive. */
    @Test
    void aNodeWhoseIdAnotherDataDirectoryTookWhileItWasOutOfTouchStops() throws Exception {
        try (var former = connect();
                var session = connect()) {
            var first = NodeRegistration.start(former, node("disk-a", 1, "h:1"));
            first.registered().get(10, TimeUnit.SECONDS);
            remove();
            new NodeClaim(session, node("disk-b", 2, "h:2")).claim().get(10, TimeUnit.SECONDS);
            zooKeeper.expireSession(former.sessionId());
            assertThat(first.displaced().get(20, TimeUnit.SECONDS))
                    .contains("Node id 'n1' was taken by a node with another data directory");
            await("nobody is live under the id").atMost(PATIENCE).until(() -> ownerOfLiveness() == 0);
        }
    }

    /** Each saw nobody alive; the other one's claim came later. */
    @Test
    void whoLostTheIdWhileItStartedLeavesTheOthersLivenessAlone() throws Exception {
        try (var session = connect();
                var late = connect()) {
            var loser = new NodeClaim(late, node("disk-a", 1, "h:1"));
            loser.claim().get(10, TimeUnit.SECONDS);
            var winner = NodeRegistration.start(session, node("disk-b", 2, "h:2"));
            winner.registered().get(10, TimeUnit.SECONDS);

            var presence = new Presence(late, Paths.nodeLiveness("n1"), new byte[0], 1, data -> 2, loser::confirm);
            presence.ensure();

            assertThatThrownBy(() -> presence.first().get(10, TimeUnit.SECONDS))
                    .hasRootCauseInstanceOf(NodeIdInUseException.class);
            assertThat(ownerOfLiveness()).isEqualTo(session.sessionId());
            assertThat(winner.displaced()).isNotDone();
        }
    }

    /** As by an operator who takes it for a dead one's. */
    @Test
    void aLivenessThatIsDeletedComesBack() throws Exception {
        try (var session = connect();
                var registration = NodeRegistration.start(session, node("disk-a", 1, "h:1"))) {
            registration.registered().get(10, TimeUnit.SECONDS);
            long before = session.sessionId();
            for (int i = 0; i < 2; i++) {
                deleteLiveness();
                await().atMost(PATIENCE).until(() -> ownerOfLiveness() == before);
            }
            zooKeeper.expireSession(before);
            await().atMost(PATIENCE).until(() -> ownerOfLiveness() != 0 && ownerOfLiveness() != before);
            deleteLiveness();
            await("also by a later session").atMost(PATIENCE).until(() -> ownerOfLiveness() == session.sessionId());
            assertThat(registration.displaced()).isNotDone();
        }
    }

    /** Also where the former one's has moved on since it was made. */
    @ParameterizedTest
    @CsvSource({
        "ANSWER_LOST, false", "ANSWER_LOST, true",
        "SENT_AGAIN, false", "SENT_AGAIN, true",
        "REQUEST_LOST, false", "REQUEST_LOST, true"
    })
    void whoTakesAPlaceAndDoesNotHearOfItHasItAllTheSame(FaultyZnodes.Fault fault, boolean movedOn) throws Exception {
        try (var dead = connect();
                var session = connect()) {
            String path = Paths.nodeLiveness("n1");
            dead.znodes().createEphemeral(path, new byte[] {1}).get(10, TimeUnit.SECONDS);
            if (movedOn) {
                dead.znodes().set(path, new byte[] {1}, 0).get(10, TimeUnit.SECONDS);
            }
            int before = liveness().orElseThrow().version();
            var faulty = new FaultyZnodes(session.znodes());
            faulty.next(FaultyZnodes.Fault.NONE, fault); // it finds the place taken, and takes it
            var presence = new Presence(
                    session,
                    faulty,
                    path,
                    new byte[] {2},
                    2,
                    data -> data[0],
                    () -> CompletableFuture.completedFuture(null));
            presence.ensure();
            presence.first().get(20, TimeUnit.SECONDS);

            var now = liveness().orElseThrow();
            assertThat(now.ephemeralOwner()).isEqualTo(session.sessionId());
            assertThat(now.data()).containsExactly(2);
            assertThat(now.version())
                    .as("what is meant for the former one's does not meet it")
                    .isNotEqualTo(before);
            assertThat(presence.displaced()).isNotDone();
            presence.close();
            await("it gives the place back").atMost(PATIENCE).until(() -> ownerOfLiveness() == 0);
        }
    }

    private void deleteLiveness() throws Exception {
        observing.znodes().delete(Paths.nodeLiveness("n1"), -1).get(10, TimeUnit.SECONDS);
    }

    @Test
    void aFormerProcessThatIsInTouchLearnsThatItsPlaceIsTakenAndLeavesItTaken() throws Exception {
        try (var former = connect();
                var session = connect()) {
            var first = NodeRegistration.start(former, node("disk-a", 1, "h:1"));
            first.registered().get(10, TimeUnit.SECONDS);
            int before = liveness().orElseThrow().version();
            NodeRegistration.start(session, node("disk-a", 2, "h:2"))
                    .registered()
                    .get(10, TimeUnit.SECONDS);
            assertThat(first.displaced().get(20, TimeUnit.SECONDS)).contains("Two processes must not share an id");
            assertThat(ownerOfLiveness()).isEqualTo(session.sessionId());
            assertThat(liveness().orElseThrow().version())
                    .as("what is meant for the former one's does not meet it")
                    .isNotEqualTo(before);
        }
    }

    @Test
    void whoIsClosedWhileItStartsTakesNobodysPlaceAnyMore() throws Exception {
        try (var dead = connect();
                var session = connect()) {
            NodeRegistration.start(dead, node("disk-a", 1, "h:1")).registered().get(10, TimeUnit.SECONDS);
            var asked = new CompletableFuture<Void>();
            var confirmed = new CompletableFuture<Void>();
            var presence = new Presence(session, Paths.nodeLiveness("n1"), new byte[0], 2, data -> 1, () -> {
                asked.complete(null);
                return confirmed;
            });
            presence.ensure();
            asked.get(10, TimeUnit.SECONDS);
            presence.close();
            confirmed.complete(null);
            // What it does it does by this session, one thing after the other.
            session.znodes().sync(Paths.nodeLiveness("n1")).get(10, TimeUnit.SECONDS);
            assertThat(ownerOfLiveness()).isEqualTo(dead.sessionId());
        }
    }

    /** Takes the registration away. */
    private void remove() throws Exception {
        observing.znodes().delete(Paths.nodeRegistration("n1"), -1).get(10, TimeUnit.SECONDS);
    }

    /** What is on its disk may be of pools that are pinned to the region it was written in. */
    @Test
    void aDataDirectoryStaysInItsRegion() throws Exception {
        try (var session = connect();
                var there = NodeRegistration.start(session, node("disk-a", 1, "h:1"))) {
            there.registered().get(10, TimeUnit.SECONDS);
        }
        try (var session = connect()) {
            var moved = NodeRegistration.start(session, node("disk-a", 2, "h:2", "us"));
            assertThatThrownBy(() -> moved.registered().get(10, TimeUnit.SECONDS))
                    .hasRootCauseInstanceOf(NodeInAnotherRegionException.class)
                    .hasMessageContaining("was written in region 'eu', and the node is to stand in 'us'")
                    .hasMessageContaining("give it an empty data directory");
            moved.close();
            NodeRegistration.start(session, node("disk-b", 3, "h:3", "us"))
                    .registered()
                    .get(20, TimeUnit.SECONDS);
        }
    }

    private long ownerOfLiveness() throws Exception {
        return liveness().map(Znode::ephemeralOwner).orElse(0L);
    }

    private Optional<Znode> liveness() throws Exception {
        return observing.znodes().get(Paths.nodeLiveness("n1")).get(10, TimeUnit.SECONDS);
    }

    private ZkSession connect() {
        return ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
    }

    private static NodePresence node(String dataId, long bootId, String address) {
        return node(dataId, bootId, address, "eu");
    }

    private static NodePresence node(String dataId, long bootId, String address, String region) {
        return new NodePresence(
                ID,
                dataId.getBytes(StandardCharsets.UTF_8),
                bootId,
                address,
                "p:" + bootId,
                region,
                "a",
                100,
                Set.of("ssd"));
    }
}
