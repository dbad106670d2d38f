// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.DirectoryLayout;
import io.tintype.model.NodeId;
import io.tintype.model.NodeInfo;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.ShardInfo;
import io.tintype.model.ShardMap;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Nodes that are registered and were not live since this process started: nobody knows where they are. */
final class MapLocatorTest {
    private static final UserId ALICE = UserId.of("alice");
    private static final ShardId SHARD = new ShardId(1);
    private static final NodeId LOST = new NodeId("lost");
    private static final NodeId THERE = new NodeId("there");

    private static MapLocator ledBy(NodeId primary) {
        var map = ShardMap.of(
                List.of(
                        new NodeInfo(LOST, "", "", "eu", "a", false, 1),
                        new NodeInfo(THERE, "there:1", "there:2", "eu", "b", true, 1)),
                List.of(new ShardInfo(
                        SHARD,
                        true,
                        new PoolId("eu", "standard"),
                        1,
                        primary,
                        List.of(LOST, THERE),
                        List.of(LOST, THERE),
                        1)));
        var view = new ClusterView(map, Map.of(), Map.of(), DirectoryLayout.even(List.of(SHARD)));
        return new MapLocator(() -> view);
    }

    @Test
    void aPrimaryWhoseAddressNobodyKnowsIsNoneYet() {
        assertThatThrownBy(() -> ledBy(LOST).locate(ALICE, false).join())
                .cause()
                .isInstanceOfSatisfying(TintypeException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.NO_PRIMARY);
                    assertThat(e.retryAfter()).isPresent();
                });
        assertThat(ledBy(THERE).locate(ALICE, false).join()).isEqualTo(new DirectoryLocator.Place(SHARD, "there:2"));
    }

    @Test
    void aReplicaWhoseAddressNobodyKnowsIsNotAsked() {
        assertThat(ledBy(LOST).replicas(ALICE)).containsExactly(new DirectoryLocator.Place(SHARD, "there:2"));
    }
}
