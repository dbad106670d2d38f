// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.tintype.client.memory.Faults;
import io.tintype.client.memory.InMemoryTintype;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Which way requests take, and what happens when a way is closed. */
final class RoutingTest {
    private final InMemoryTintype cluster = new InMemoryTintype();
    private final TintypeClient client = Clusters.client(cluster).build();

    @AfterEach
    void close() {
        client.close();
        cluster.close();
    }

    private List<String> callsOf(Runnable work) {
        int before = cluster.faults.calls().size();
        work.run();
        return cluster.faults.calls().subList(before, cluster.faults.calls().size());
    }

    @Test
    void theFirstRequestNeedsNoMapAndLaterOnesGoStraightToThePrimary() {
        client.put("alice", "b", new byte[1]);
        Clusters.warmUp(client, cluster, "alice");

        assertThat(callsOf(() -> client.put("alice", "b", new byte[1]))).containsExactly("n0 Put");
        assertThat(callsOf(() -> client.get("alice", "b"))).containsExactly("n0 Get");
        assertThat(callsOf(() -> client.list("alice", ListOptions.DEFAULT))).containsExactly("n0 List");
    }

    @Test
    void anUnknownUserIsRegisteredByHisFirstWriteButNotByARead() {
        Clusters.warmUp(client, cluster, "alice");

        assertThatThrownBy(() -> client.get("bob", "b")).isInstanceOf(UserNotFoundException.class);
        assertThat(callsOf(() -> client.put("bob", "b", new byte[1])))
                .containsExactly("c0 LookupUser", "c0 RegisterUser", "n0 Put");
    }

    @Test
    void aHintIsFollowedAtOnceAndRemembered() {
        Clusters.warmUp(client, cluster, "alice");
        cluster.elect("n2");

        assertThat(callsOf(() -> client.put("alice", "b", new byte[1]))).containsExactly("n0 Put", "n2 Put");
        assertThat(callsOf(() -> client.get("alice", "b"))).containsExactly("n2 Get");
        assertThat(callsOf(() -> client.delete("alice", "b"))).containsExactly("n2 Delete");
    }

    @Test
    void aMapThatIsNewerThanAHintWins() {
        Clusters.warmUp(client, cluster, "alice");
        cluster.elect("n2");
        client.put("alice", "b", new byte[1]);
        cluster.elect("n1");
        cluster.tell();

        Awaitility.await()
                .atMost(Clusters.SOON)
                .untilAsserted(() -> assertThat(callsOf(() -> client.put("alice", "b", new byte[1])))
                        .containsExactly("n1 Put"));
    }

    @Test
    void aMovedUserIsFollowed() {
        Clusters.warmUp(client, cluster, "alice");
        cluster.moveUsersTo(InMemoryTintype.SHARD + 1);

        assertThat(callsOf(() -> client.put("alice", "b", new byte[1]))).containsExactly("n0 Put", "n0 Put");
        assertThat(callsOf(() -> client.get("alice", "b"))).containsExactly("n0 Get");
    }

    @Test
    void aDeadNodeIsBypassedThroughACoordinator() {
        Clusters.warmUp(client, cluster, "alice");
        cluster.stop("n0");

        assertThat(callsOf(() -> client.put("alice", "b", new byte[300_000]))).containsExactly("c0 Put");
        assertThat(client.get("alice", "b").length()).isEqualTo(300_000);
    }

    @Test
    void withoutCoordinatorsTheClientGoesOnWithWhatItKnows() {
        Clusters.warmUp(client, cluster, "alice");
        cluster.stop("c0");
        cluster.stop("c1");

        assertThat(callsOf(() -> client.put("alice", "b", new byte[1]))).containsExactly("n0 Put");
        cluster.elect("n1");
        assertThat(callsOf(() -> client.get("alice", "b"))).containsExactly("n0 Get", "n1 Get");
        assertThatThrownBy(() -> Clusters.client(cluster)
                        .requestTimeout(Duration.ofMillis(300))
                        .build()
                        .put("bob", "b", new byte[1]))
                .isInstanceOf(UnavailableException.class);
    }

    /** Which of the others is asked first is a matter of chance; either way it is known from then on who leads. */
    @RepeatedTest(8)
    void withoutCoordinatorsTheOtherReplicasSayWhoLeadsInsteadOfADeadPrimary() {
        Clusters.warmUp(client, cluster, "alice");
        cluster.stop("c0");
        cluster.stop("c1");
        cluster.stop("n0");
        cluster.elect("n2");

        client.put("alice", "b", new byte[1]);

        assertThat(callsOf(() -> client.put("alice", "b", new byte[] {7})))
                .as("and that is remembered")
                .containsExactly("n2 Put");
        assertThat(client.get("alice", "b").bytes()).containsExactly(7);
    }

    @Test
    void aHungReplicaDelaysOneReadForAMomentAndTheNextOnesNotAtAll() {
        try (var near = Clusters.client(cluster).location("here", "n2").build()) {
            Clusters.warmUp(near, cluster, "alice");
            var stale = Consistency.boundedStaleness(Duration.ofSeconds(5));
            var gets = GetOptions.DEFAULT.withConsistency(stale);
            var heads = HeadOptions.DEFAULT.withConsistency(stale);
            cluster.faults.next(100, Faults.Kind.HANG, call -> call.startsWith("n2 "));

            assertTimeout(
                    Duration.ofMillis(2_500),
                    () -> near.get("alice", "warm", gets),
                    "an attempt may take 5 s; another replica is asked long before");
            assertThat(callsOf(() -> near.get("alice", "warm", gets)))
                    .hasSize(1)
                    .noneMatch(call -> call.startsWith("n2"));
            assertThat(callsOf(() -> near.head("alice", "warm", heads)))
                    .hasSize(1)
                    .noneMatch(call -> call.startsWith("n2"));
        }
    }

    @Test
    void aHeadIsNotHeldUpByAHungReplicaEither() {
        try (var near = Clusters.client(cluster).location("here", "n2").build()) {
            Clusters.warmUp(near, cluster, "alice");
            cluster.faults.next(100, Faults.Kind.HANG, call -> call.startsWith("n2 "));

            assertTimeout(
                    Duration.ofMillis(2_500),
                    () -> near.head("alice", "warm", HeadOptions.DEFAULT.withConsistency(Consistency.session())));
        }
    }

    /** A client is connected to the replica nearest to it: what follows is not held up by that, and asks nobody else meanwhile. */
    private void awaitNearest(TintypeClient near) {
        var session = GetOptions.DEFAULT.withConsistency(Consistency.session());
        Awaitility.await()
                .atMost(Clusters.SOON)
                .until(() -> callsOf(() -> near.get("alice", "warm", session)).equals(List.of("n2 Get")));
    }

    @Test
    void aNearReadAsksThePrimaryForTheVersionAndTheNearestForItsBytes() {
        try (var near = Clusters.client(cluster).location("here", "n2").build()) {
            Clusters.warmUp(near, cluster, "alice");
            awaitNearest(near);
            near.put("alice", "b", Clusters.bytes(300_000, 1));
            var options = GetOptions.DEFAULT.withConsistency(Consistency.near());

            assertThat(callsOf(() -> {
                        var blob = near.get("alice", "b", options);
                        assertThat(blob.bytes()).isEqualTo(Clusters.bytes(300_000, 1));
                        assertThat(blob.freshness()).isEqualTo(Freshness.CURRENT);
                    }))
                    .containsExactly("n0 Head", "n2 Get");
            cluster.faults.next(Faults.Kind.REFUSE, "Get");
            assertThat(near.get("alice", "b", options).length()).isEqualTo(300_000);
            assertThat(callsOf(() -> near.getIfChanged(
                            "alice", "b", near.head("alice", "b").version(), options)))
                    .as("what is not wanted comes from nowhere")
                    .containsExactly("n0 Head", "n0 Head", "n0 Get");
        }
    }

    @Test
    void anExactVersionComesFromTheNearestOrNotAtAll() {
        try (var near = Clusters.client(cluster).location("here", "n2").build()) {
            Clusters.warmUp(near, cluster, "alice");
            awaitNearest(near);
            var first = near.put("alice", "b", new byte[] {1}).info().version();
            var exact = GetOptions.DEFAULT.withExactVersion(first);

            assertThat(callsOf(() -> near.get("alice", "b", exact))).containsExactly("n2 Get");
            near.put("alice", "b", new byte[] {2});
            assertThatThrownBy(() -> near.get("alice", "b", exact)).isInstanceOf(VersionConflictException.class);
            assertThatThrownBy(() ->
                            near.get("alice", "b", GetOptions.DEFAULT.withConsistency(Consistency.exactVersion())))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("ifVersion");
            assertThatThrownBy(
                            () -> near.list("alice", ListOptions.DEFAULT.withConsistency(Consistency.exactVersion())))
                    .isInstanceOf(InvalidRequestException.class);
        }
    }

    @Test
    void oneCoordinatorIsEnough() {
        cluster.stop("c0");

        client.put("alice", "b", new byte[1]);

        assertThat(cluster.faults.calls("Put")).containsExactly("c1 Put");
        Clusters.warmUp(client, cluster, "alice");
    }

    @Test
    void theMapIsWatchedAgainWhenACoordinatorComesBack() {
        Clusters.warmUp(client, cluster, "alice");
        cluster.stop("c0");
        cluster.stop("c1");
        cluster.elect("n1");
        cluster.tell();
        cluster.start("c1");

        Awaitility.await()
                .atMost(Clusters.SOON)
                .until(() -> cluster.faults.calls().contains("c1 WatchShardMap"));
        Awaitility.await()
                .atMost(Clusters.SOON)
                .untilAsserted(() -> assertThat(callsOf(() -> client.put("alice", "b", new byte[1])))
                        .containsExactly("n1 Put"));
    }

    @Test
    void everythingGoesThroughCoordinatorsWhereThatIsWanted() {
        try (var indirect = Clusters.client(cluster).direct(false).build()) {
            indirect.put("alice", "b", new byte[1]);
            indirect.get("alice", "b");
            indirect.get("alice", "b", GetOptions.DEFAULT.withConsistency(Consistency.session()));

            assertThat(cluster.faults.calls()).containsExactly("c0 Put", "c0 Get", "c0 Get");
        }
    }

    @Test
    void readsThatAnyReplicaMayAnswerGoToTheNearest() {
        try (var near = Clusters.client(cluster).location("here", "n2").build()) {
            Clusters.warmUp(near, cluster, "alice");
            awaitNearest(near);
            var session = GetOptions.DEFAULT.withConsistency(Consistency.session());

            assertThat(callsOf(() -> near.get("alice", "warm", session))).containsExactly("n2 Get");
            cluster.stop("n2");
            assertThat(callsOf(() -> near.get("alice", "warm", session)))
                    .hasSize(1)
                    .allMatch(call -> call.matches("n[01] Get"));
        }
    }

    @Test
    void aClosedClientSaysSo() {
        client.close();

        assertThatThrownBy(() -> client.get("alice", "b"))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("closed");
    }
}
