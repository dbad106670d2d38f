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
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.SetNodeIntentRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that are forgotten by whoever saw them last when they were down. */
final class NodeIntentsTest {
    private static final NodeId NODE = new NodeId("n1");

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
        var drained = SetNodeIntentRequest.newBuilder().setDraining(true).build();
        assertThat(intents.change(NODE, drained).get(10, TimeUnit.SECONDS).getDraining())
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
