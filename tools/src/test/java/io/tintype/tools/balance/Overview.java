// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.balance;

import io.tintype.client.TintypeClient;
import io.tintype.model.NodeId;
import io.tintype.model.ShardInfo;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.Plan;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/** What tests ask of a cluster that is being rebalanced, and wait for. Used by one thread. */
public final class Overview {
    private static final int STEPS = 1_000;

    /** Each look asks every node. */
    private static final Duration SELDOM = Duration.ofMillis(500);

    private final TintypeClient client;
    private final Duration patience;

    /** @param patience for how long to wait for what takes seconds on a quiet machine */
    public Overview(TintypeClient client, Duration patience) {
        this.client = client;
        this.patience = patience;
    }

    /** Waits until every shard has all its replicas. */
    public void awaitSafe() {
        Awaitility.await("all shards have all replicas")
                .atMost(patience)
                .ignoreExceptions()
                .until(() -> client.balancing().status(), status -> status.getSafe() && status.getShards() > 0);
    }

    /** Waits for a plan that is as wanted, as long as nodes have not reported yet. */
    public MakePlanResponse awaitPlan(String what, MakePlanRequest request, Predicate<MakePlanResponse> wanted) {
        return Awaitility.await(what)
                .atMost(patience)
                .ignoreExceptions()
                .until(() -> client.balancing().makePlan(request), wanted);
    }

    /** Waits until a plan is over, whatever came of it. */
    public Plan awaitOver(String id) {
        return Awaitility.await("plan " + id + " is over")
                .atMost(patience)
                .pollInterval(SELDOM)
                .ignoreExceptions()
                .until(() -> client.balancing().plan(id, 0).getPlan(), plan -> plan.getFinishedAtMs() != 0);
    }

    /** A plan with its steps. */
    public GetPlanResponse plan(String id) {
        return client.balancing().plan(id, STEPS);
    }

    /** The nodes that hold something. */
    public Set<String> holders() {
        return client.admin().shards().stream()
                .map(ShardInfo::replicas)
                .flatMap(List::stream)
                .map(NodeId::value)
                .collect(Collectors.toSet());
    }

    /** Waits until exactly these nodes hold everything. */
    public void awaitHolders(Set<String> nodes) {
        Awaitility.await("all is on " + nodes)
                .atMost(patience)
                .ignoreExceptions()
                .until(() ->
                        holders().equals(nodes) && client.balancing().status().getSafe());
    }

    /** Removes a node that holds nothing and was stopped, as soon as its session has ended. */
    public void forget(String node) {
        Awaitility.await(node + " is forgotten")
                .atMost(patience)
                .ignoreExceptions()
                .until(() -> {
                    client.balancing().removeNode(node);
                    return true;
                });
        Awaitility.await("every coordinator has heard of it")
                .atMost(patience)
                .until(() -> client.admin().nodes().stream()
                        .noneMatch(there -> there.node().id().value().equals(node)));
    }
}
