// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.ShardMap;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** For how long nodes have been away is only counted while it can be seen. */
final class AbsencesTest {
    private static final NodeId NODE = new NodeId("n1");
    private static final Duration REPLACE_AFTER = Duration.ofMinutes(10);

    private final AtomicLong nanos = new AtomicLong(1);
    private final Absences absences = new Absences(nanos::get);

    @Test
    void aNodeThatStaysAwayIsGone() {
        absences.look(view(false));
        passes(REPLACE_AFTER.minusSeconds(1));
        assertThat(isGone()).isFalse();
        passes(Duration.ofSeconds(1));
        assertThat(isGone()).isTrue();
        absences.look(view(true));
        assertThat(isGone()).isFalse();
    }

    @Test
    void aTimeWithoutZooKeeperBeginsTheCountAnew() {
        absences.look(view(false));
        passes(Duration.ofMinutes(1));
        absences.connected(false);
        absences.look(view(false));
        passes(REPLACE_AFTER);
        absences.connected(false); // suspended at first, and lost then
        passes(REPLACE_AFTER);
        absences.connected(true);
        absences.look(view(false));
        assertThat(isGone()).as("it could tell nobody that it is back").isFalse();
        passes(REPLACE_AFTER.minusSeconds(1));
        assertThat(isGone()).isFalse();
        passes(Duration.ofSeconds(1));
        assertThat(isGone()).isTrue();
    }

    @Test
    void aMomentWithoutZooKeeperDoesNot() {
        absences.look(view(false));
        passes(Duration.ofMinutes(9));
        absences.connected(false);
        passes(Duration.ofSeconds(1));
        absences.connected(true);
        passes(Duration.ofMinutes(1));
        assertThat(isGone()).isTrue();
    }

    @Test
    void nothingIsSettledWithoutZooKeeperAndForSomeSecondsAfterItsReturn() {
        assertThat(absences.isSettled()).as("who has just started").isTrue();
        absences.connected(true);
        assertThat(absences.isSettled()).isTrue();
        absences.connected(false);
        passes(Duration.ofMinutes(1));
        assertThat(absences.isSettled()).isFalse();
        absences.connected(true);
        assertThat(absences.isSettled()).isFalse();
        passes(Duration.ofSeconds(10));
        assertThat(absences.isSettled()).isTrue();
    }

    private boolean isGone() {
        return absences.isGone(view(false), NODE, REPLACE_AFTER);
    }

    private void passes(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private static ClusterView view(boolean live) {
        var node = new NodeInfo(NODE, "n1", "n1", "eu", "a", live, 1);
        return new ClusterView(ShardMap.of(List.of(node), List.of()), Map.of(), Map.of(), null);
    }
}
