// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.memory.InMemoryTintype;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which tokens a session shows to whom: a node asks where a user lives only where it is shown one of another shard. */
final class SessionReadsTest {
    private static final int HERE = InMemoryTintype.SHARD;
    private static final int ELSEWHERE = HERE + 1;
    private static final GetOptions OWN = GetOptions.DEFAULT.withConsistency(Consistency.session());

    private final InMemoryTintype cluster = new InMemoryTintype();
    private final TintypeClient client = Clusters.client(cluster).build();

    @BeforeEach
    void start() {
        Clusters.warmUp(client, cluster, "alice");
    }

    @AfterEach
    void close() {
        client.close();
        cluster.close();
    }

    @Test
    void whoWasChangedElsewhereAndCameBackShowsThat() {
        changeElsewhere("alice");
        assertThat(shownFor("alice", OWN)).containsExactlyInAnyOrder(HERE, ELSEWHERE);

        client.head("alice", "warm", HeadOptions.DEFAULT.withConsistency(Consistency.session()));
        assertThat(shown()).containsExactlyInAnyOrder(HERE, ELSEWHERE);
        client.list("alice", ListOptions.DEFAULT.withConsistency(Consistency.session()));
        assertThat(shown()).containsExactlyInAnyOrder(HERE, ELSEWHERE);
    }

    /** Else every read of a client that serves many users would cost a question. */
    @Test
    void whatOthersWereChangedElsewhereIsNotShown() {
        client.put("bob", "warm", new byte[1]);
        changeElsewhere("alice");
        assertThat(shownFor("bob", OWN)).containsExactly(HERE);
    }

    @Test
    void whoWasChangedOnlyElsewhereShowsThat() {
        cluster.moveUsersTo(ELSEWHERE);
        client.put("bob", "warm", new byte[1]);
        client.delete("bob", "none");
        cluster.moveUsersTo(HERE);
        client.put("alice", "warm", new byte[1]);
        assertThat(shownFor("bob", OWN)).containsExactlyInAnyOrder(HERE, ELSEWHERE);
    }

    @Test
    void ofNotedTokensOneOfAnotherShardIsEnough() {
        var session = new Session();
        for (int shard = HERE; shard < HERE + 30; shard++) {
            session.note(new SessionToken(shard, 1, 1));
        }
        assertThat(shownFor("alice", GetOptions.DEFAULT.withConsistency(Consistency.session(session))))
                .hasSize(2)
                .contains(HERE);
    }

    /** It finds the shard itself, which may be another one than this client knows. */
    @Test
    void aCoordinatorIsShownAllOfTheUser() {
        changeElsewhere("alice");
        client.put("bob", "warm", new byte[1]);
        List.of("n0", "n1", "n2").forEach(cluster::stop);
        assertThat(shownFor("alice", OWN)).containsExactlyInAnyOrder(HERE, ELSEWHERE);
        assertThat(shownFor("bob", OWN)).containsExactly(HERE);
    }

    /** A user moves, is changed, and comes back. */
    private void changeElsewhere(String user) {
        cluster.moveUsersTo(ELSEWHERE);
        client.put(user, "warm", new byte[1]);
        cluster.moveUsersTo(HERE);
    }

    private List<Integer> shownFor(String user, GetOptions options) {
        client.get(user, "warm", options);
        return shown();
    }

    private List<Integer> shown() {
        return cluster.lastReadOptions().getSessionList().stream()
                .map(io.tintype.proto.v1.SessionToken::getShard)
                .toList();
    }
}
