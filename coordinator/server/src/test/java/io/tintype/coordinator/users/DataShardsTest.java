// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Deadline;
import io.tintype.cluster.map.ClusterView;
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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class DataShardsTest {
    private static final ShardId SHARD = new ShardId(2);
    private static final NodeId LOST = new NodeId("lost");

    /** A node that is registered and was not live since this process started. */
    @Test
    void aPrimaryWhoseAddressNobodyKnowsIsNoneYet() {
        var map = ShardMap.of(
                List.of(new NodeInfo(LOST, "", "", "eu", "a", false, 1)),
                List.of(new ShardInfo(
                        SHARD, false, new PoolId("eu", "standard"), 1, LOST, List.of(LOST), List.of(LOST), 1)));
        var view = new ClusterView(map, Map.of(), Map.of(), null);
        var shards = new DataShards(
                () -> view,
                address -> {
                    throw new IllegalArgumentException("no channel leads to '" + address + "'");
                },
                "cluster");
        assertThatThrownBy(() -> shards.usage(UserId.of("alice"), SHARD, Deadline.after(20, TimeUnit.MILLISECONDS))
                        .join())
                .cause()
                .isInstanceOfSatisfying(TintypeException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.NO_PRIMARY);
                    assertThat(e.retryAfter()).isPresent();
                });
    }
}
