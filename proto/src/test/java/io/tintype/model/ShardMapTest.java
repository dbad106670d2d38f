// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ShardMapTest {
    private static final NodeId NODE = new NodeId("n1");

    @Test
    void olderNewsDoNotReplaceNewer() {
        var map = ShardMap.of(List.of(), List.of(shard(5)));
        assertThat(map.with(List.of(), List.of(shard(4)))).isEqualTo(map);
        assertThat(map.with(List.of(), List.of(shard(6))).shard(new ShardId(1))).contains(shard(6));
    }

    @Test
    void whatIsTakenOutIsGone() {
        var node = new NodeInfo(NODE, "h:1", "h:2", "eu", "a", true, 0);
        var map = ShardMap.of(List.of(node), List.of(shard(1)));
        assertThat(map.without(List.of(NODE), List.of(new ShardId(1)))).isEqualTo(ShardMap.EMPTY);
        assertThat(map.node(NODE)).contains(node);
    }

    private static ShardInfo shard(long configVersion) {
        return new ShardInfo(
                new ShardId(1), false, new PoolId("eu", "paid"), 1, NODE, List.of(NODE), List.of(NODE), configVersion);
    }
}
