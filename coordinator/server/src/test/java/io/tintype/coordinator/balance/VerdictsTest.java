// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.tintype.cluster.map.ClusterView;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class VerdictsTest {
    private static final NodeId KNOWN = new NodeId("n1");
    private static final NodeId NEWCOMER = new NodeId("n2");

    /** As where a node's address is not known yet: there is no call that takes a while. */
    @Test
    void whatFailsAtOnceFillsNoLog() {
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        var logger = (Logger) LoggerFactory.getLogger(Verdicts.class);
        logger.setLevel(Level.INFO);
        logger.addAppender(lines);
        var verifier = new Verifier(
                () -> ClusterView.EMPTY,
                address -> {
                    throw new AssertionError("nobody is known, nor " + address);
                },
                "cluster");
        var verdicts = new Verdicts(verifier);
        var both = List.of(KNOWN, NEWCOMER);
        var shard = new ShardInfo(new ShardId(3), false, new PoolId("eu", "standard"), 1, KNOWN, both, both, 1);
        try {
            for (int look = 0; look < 100; look++) {
                assertThat(verdicts.on("plan/1", ClusterView.EMPTY, shard, NEWCOMER))
                        .isEmpty();
            }
        } finally {
            logger.detachAppender(lines);
            logger.setLevel(null);
        }
        assertThat(lines.list).hasSize(1);
        assertThat(lines.list.get(0).getFormattedMessage())
                .contains("shard 3 could not be verified yet")
                .contains("the address of node n1 is not known");
    }
}
