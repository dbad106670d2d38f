// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Deadline;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.MapLocator;
import io.tintype.cluster.directory.UserHome;
import io.tintype.cluster.map.ClusterView;
import io.tintype.model.Location;
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
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class UserRouterTest {
    private static final PoolId POOL = new PoolId("eu", "standard");
    private static final ShardId SHARD = new ShardId(2);
    private static final NodeId LOST = new NodeId("lost");
    private static final UserHome HOME = new UserHome(SHARD, 1, POOL);

    /** Over a shard whose primary is registered and was not live since this process started. */
    private static UserRouter router() {
        var map = ShardMap.of(
                List.of(new NodeInfo(LOST, "", "", "eu", "a", false, 1)),
                List.of(new ShardInfo(SHARD, false, POOL, 1, LOST, List.of(LOST), List.of(LOST), 1)));
        var view = new ClusterView(map, Map.of(), Map.of(), null);
        ChannelSource none = address -> {
            throw new IllegalArgumentException("no channel leads to '" + address + "'");
        };
        var homes = new HomeMaker() {
            @Override
            public CompletableFuture<UserHome> register(UserId user, Deadline deadline) {
                throw new AssertionError("nobody is to be registered");
            }

            @Override
            public CompletableFuture<UserHome> rehome(UserId user, UserHome refused, Deadline deadline) {
                throw new AssertionError("nobody is to be given another home");
            }
        };
        return new UserRouter(
                () -> view, new DirectoryClient(new MapLocator(() -> view), none, "c"), homes, Location.UNKNOWN);
    }

    @Test
    void aPrimaryWhoseAddressNobodyKnowsIsNoneYet() {
        assertThatThrownBy(() -> router().target(HOME)).isInstanceOfSatisfying(TintypeException.class, e -> {
            assertThat(e.reason()).isEqualTo(Reason.NO_PRIMARY);
            assertThat(e.retryAfter()).isPresent();
        });
        assertThat(router().primary(SHARD)).isEmpty();
    }

    @Test
    void whoeverKnowsWhereThePrimaryIsIsBelieved() {
        var router = router();
        var refusal = new TintypeException(
                Reason.NOT_PRIMARY,
                "elsewhere",
                Map.of(TintypeException.ADDRESS, "there:1", TintypeException.EPOCH, "1"));
        assertThat(router.learn(new Target(HOME, "other:1"), refusal)).isTrue();
        assertThat(router.target(HOME).address()).isEqualTo("there:1");
    }
}
