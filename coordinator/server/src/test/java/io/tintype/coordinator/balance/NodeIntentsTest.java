// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.node.NodePresence;
import io.tintype.cluster.node.NodeRegistration;
import io.tintype.cluster.zk.Paths;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.NodeIntent;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ReplicaRole;
import io.tintype.proto.v1.SetNodeIntentRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that are forgotten by whoever saw them last when they were down. */
final class NodeIntentsTest {
    private static final NodeId NODE = new NodeId("n1");
    private static final SetNodeIntentRequest DRAINED =
            SetNodeIntentRequest.newBuilder().setDraining(true).build();

    @TempDir
    private Path folder;

    private Offices offices;
    private NodeIntents intents;

    @BeforeEach
    void start() {
        offices = Offices.open(folder);
        var view = new ClusterView(
                ShardMap.of(List.of(new NodeInfo(NODE, "h:1", "p:1", "eu", "a", false, 1)), List.of()),
                Map.of(),
                Map.of(),
                null);
        intents = new NodeIntents(offices.session(), () -> view);
    }

    @AfterEach
    void stop() {
        offices.close();
    }

    @Test
    void aNodeThatHasStartedAgainMeanwhileIsNotForgotten() throws Exception {
        try (var own = offices.connect();
                var living = NodeRegistration.start(own, node())) {
            living.registered().get(10, TimeUnit.SECONDS);
            assertThatThrownBy(() -> intents.remove(NODE).get(10, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.WRONG_STATE));
            assertThat(isThere(Paths.nodeRegistration(NODE.value()))).isTrue();
            assertThat(isThere(Paths.nodeLiveness(NODE.value()))).isTrue();
        }
    }

    /** Also when that was done already by a call whose answer was lost. */
    @Test
    void aNodeThatIsDownIsForgottenWithWhatWasWantedOfIt() throws Exception {
        try (var own = offices.connect();
                var living = NodeRegistration.start(own, node())) {
            living.registered().get(10, TimeUnit.SECONDS);
        }
        assertThat(intents.change(NODE, DRAINED).get(10, TimeUnit.SECONDS).getDraining())
                .isTrue();
        for (int times = 0; times < 2; times++) {
            intents.remove(NODE).get(10, TimeUnit.SECONDS);
            assertThat(isThere(Paths.nodeRegistration(NODE.value()))).isFalse();
            assertThat(isThere(Paths.nodeIntent(NODE.value()))).isFalse();
            assertThat(isThere(Paths.nodeLiveness(NODE.value()))).isFalse();
        }
    }

    /** As the first one of a cluster that dies between the two. */
    @Test
    void aNodeThatRegisteredAndNeverLivedIsForgotten() throws Exception {
        register();
        assertThat(isThere(Paths.NODE_LIVENESS)).isFalse();
        intents.remove(NODE).get(10, TimeUnit.SECONDS);
        assertThat(isThere(Paths.nodeRegistration(NODE.value()))).isFalse();
        assertThat(isThere(Paths.nodeLiveness(NODE.value()))).isFalse();
    }

    @Test
    void whoIsToSayItAgainHearsWhen() throws Exception {
        register();
        assertThatThrownBy(() -> intents.forget(NODE, 1).get(10, TimeUnit.SECONDS))
                .cause()
                .isInstanceOfSatisfying(TintypeException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE);
                    assertThat(e.retryAfter()).isPresent();
                });
        assertThat(isThere(Paths.nodeRegistration(NODE.value()))).isTrue();
    }

    /** By a coordinator that has not heard of the removal yet: a later node of that id would be drained at once. */
    @Test
    void nothingIsWantedOfANodeThatIsForgotten() throws Exception {
        register();
        intents.remove(NODE).get(10, TimeUnit.SECONDS);
        assertThatThrownBy(() -> intents.change(NODE, DRAINED).get(10, TimeUnit.SECONDS))
                .cause()
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NODE_NOT_FOUND));
        assertThat(isThere(Paths.nodeIntent(NODE.value()))).isFalse();
    }

    @Test
    void ofADrainAndARemovalAtTheSameMomentNothingIsLeftBehind() throws Exception {
        for (int round = 0; round < 100; round++) {
            register();
            var drained = intents.change(NODE, DRAINED);
            var removed = intents.remove(NODE);
            var ends = CompletableFuture.allOf(
                    drained.exceptionally(failure -> NodeIntent.getDefaultInstance()),
                    removed.exceptionally(failure -> null));
            ends.get(10, TimeUnit.SECONDS);
            if (removed.isCompletedExceptionally()) {
                assertThat(drained).as("came in between").isCompletedWithValueMatching(NodeIntent::getDraining);
                intents.remove(NODE).get(10, TimeUnit.SECONDS);
            }
            assertThat(isThere(Paths.nodeRegistration(NODE.value()))).isFalse();
            assertThat(isThere(Paths.nodeIntent(NODE.value())))
                    .as("round %d", round)
                    .isFalse();
        }
    }

    /** To drain it once more, as is said of others, would change nothing. */
    @Test
    void aDrainedNodeThatKeepsReadCopiesOnlySaysWhatTheyWaitFor() {
        var copy = Offices.assigned(1).toBuilder()
                .addReplicas(Placement.newBuilder().setNode(NODE.value()).setRole(ReplicaRole.REPLICA_ROLE_OBSERVER))
                .build();
        var nodes = List.of(new NodeInfo(NODE, "h:1", "p:1", "eu", "a", false, 1));
        var drained = Map.of(NODE, NodeIntent.newBuilder().setDraining(true).build());
        var view =
                new ClusterView(ShardMap.of(nodes, List.of()), Map.of(), Map.of(new ShardId(1), copy), null, drained);
        assertThat(PlanInputs.readCopies(view, NODE)).isEqualTo(1);
        assertThatThrownBy(() -> new NodeIntents(offices.session(), () -> view).remove(NODE))
                .hasMessageContaining("They are read copies of pools of other regions");
    }

    private void register() throws Exception {
        String path = Paths.nodeRegistration(NODE.value());
        offices.session().znodes().create(path, new byte[0]).get(10, TimeUnit.SECONDS);
    }

    private boolean isThere(String path) throws Exception {
        return offices.session().znodes().get(path).get(10, TimeUnit.SECONDS).isPresent();
    }

    private static NodePresence node() {
        return new NodePresence(NODE, new byte[] {1}, 1, "h:1", "p:1", "eu", "a", 100, Set.of());
    }
}
