// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.grpc.MethodDescriptor;
import io.tintype.client.internal.ClientCore;
import io.tintype.model.ShardId;
import io.tintype.proto.v1.ApplyPlanRequest;
import io.tintype.proto.v1.BalancingGrpc;
import io.tintype.proto.v1.GetClusterStatusRequest;
import io.tintype.proto.v1.GetClusterStatusResponse;
import io.tintype.proto.v1.GetPlanRequest;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.ListPlansRequest;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.NodeIntentView;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanOrder;
import io.tintype.proto.v1.RemoveNodeRequest;
import io.tintype.proto.v1.SetNodeIntentRequest;
import io.tintype.proto.v1.SteerPlanRequest;
import io.tintype.proto.v1.VerificationGrpc;
import io.tintype.proto.v1.VerifyShardRequest;
import io.tintype.proto.v1.VerifyShardResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Where replicas lie, and moving them: the service {@code tintype.v1.Balancing}, whose messages say what each field means.
 * Served by coordinators of role control. Thread-safe; every method blocks until it is answered.
 */
public final class BalancingClient {
    private final ClientCore core;

    BalancingClient(ClientCore core) {
        this.core = core;
    }

    /** Makes a plan, to be applied by its id. Changes nothing. */
    public MakePlanResponse makePlan(MakePlanRequest request) {
        return Futures.await(call(BalancingGrpc.getMakePlanMethod(), request));
    }

    /**
     * Has a plan carried out.
     *
     * @throws WrongStateException where the cluster is no longer as the plan found it, or the plan was applied before
     */
    public Plan apply(String id) {
        return Futures.awaitChange(Futures.map(
                core.change(
                        BalancingGrpc.getApplyPlanMethod(),
                        ApplyPlanRequest.newBuilder().setId(id).build()),
                answer -> answer.getPlan()));
    }

    /**
     * A plan and how it goes.
     *
     * @param id its id; empty: what is being carried out, else what was last
     * @param maxSteps most steps to tell
     */
    public GetPlanResponse plan(String id, int maxSteps) {
        return plan(GetPlanRequest.newBuilder().setId(id).setMaxSteps(maxSteps));
    }

    /**
     * The same with steps of one shard only, as far as the coordinator is not an older one, which tells all.
     *
     * @param maxSteps most steps to tell
     */
    public GetPlanResponse plan(String id, int maxSteps, ShardId shard) {
        return plan(GetPlanRequest.newBuilder().setId(id).setMaxSteps(maxSteps).setShard(shard.value()));
    }

    private GetPlanResponse plan(GetPlanRequest.Builder request) {
        return Futures.await(call(BalancingGrpc.getGetPlanMethod(), request.build()));
    }

    /** Plans, the newest first. */
    public List<Plan> plans() {
        return Futures.await(Futures.map(
                core.call(BalancingGrpc.getListPlansMethod(), ListPlansRequest.getDefaultInstance()),
                answer -> answer.getPlansList()));
    }

    /**
     * Pauses, resumes or cancels a plan.
     *
     * @param id its id; empty: the one that is being carried out
     */
    public Plan steer(String id, PlanOrder order) {
        return Futures.awaitChange(Futures.map(
                core.change(
                        BalancingGrpc.getSteerPlanMethod(),
                        SteerPlanRequest.newBuilder().setId(id).setOrder(order).build()),
                answer -> answer.getPlan()));
    }

    /** Says what is wanted of a node; what is not set stays as it is. */
    public NodeIntentView want(SetNodeIntentRequest request) {
        return Futures.awaitChange(Futures.map(
                core.change(BalancingGrpc.getSetNodeIntentMethod(), request), answer -> answer.getIntent()));
    }

    /**
     * Forgets a node.
     *
     * @throws WrongStateException where it is live or holds something
     */
    public void removeNode(String node) {
        var unused = Futures.awaitChange(Futures.map(
                core.change(
                        BalancingGrpc.getRemoveNodeMethod(),
                        RemoveNodeRequest.newBuilder().setNode(node).build()),
                answer -> answer));
    }

    /** How things stand. */
    public GetClusterStatusResponse status() {
        return status(0);
    }

    /**
     * The same.
     *
     * @param mostEndangered endangered shards to tell, up to 10,000; 0: 100
     */
    public GetClusterStatusResponse status(int mostEndangered) {
        return Futures.await(call(
                BalancingGrpc.getGetClusterStatusMethod(),
                GetClusterStatusRequest.newBuilder()
                        .setMaxEndangered(mostEndangered)
                        .build()));
    }

    /**
     * Compares the replicas of a shard: the service {@code tintype.v1.Verification}. Changes nothing.
     *
     * @param readChunks whether every replica is to read and verify all bytes too
     * @param timeout gives up then; all of the shard is read, so give it time
     * @throws NotFoundException SHARD_NOT_FOUND
     * @throws UnavailableException where it has no primary, or its replicas could not be looked at at one record
     */
    public VerifyShardResponse verify(ShardId shard, boolean readChunks, Duration timeout) {
        return Futures.await(Futures.map(
                core.callSlow(
                        VerificationGrpc.getVerifyShardMethod(),
                        VerifyShardRequest.newBuilder()
                                .setShard(shard.value())
                                .setReadChunks(readChunks)
                                .build(),
                        timeout),
                answer -> answer));
    }

    /** Failures are of a type of their own for each reason, as everywhere in this library. */
    private <Q, R> CompletableFuture<R> call(MethodDescriptor<Q, R> method, Q request) {
        return Futures.map(core.call(method, request), answer -> answer);
    }
}
