// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.grpc.stub.StreamObserver;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.placement.plan.CopyPaces;
import io.tintype.cluster.plan.DamagedPlans;
import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.ZkErrors;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.coordinator.route.Answers;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.v1.ApplyPlanRequest;
import io.tintype.proto.v1.ApplyPlanResponse;
import io.tintype.proto.v1.BalancingGrpc;
import io.tintype.proto.v1.GetClusterStatusRequest;
import io.tintype.proto.v1.GetClusterStatusResponse;
import io.tintype.proto.v1.GetPlanRequest;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.ListPlansRequest;
import io.tintype.proto.v1.ListPlansResponse;
import io.tintype.proto.v1.MakePlanRequest;
import io.tintype.proto.v1.MakePlanResponse;
import io.tintype.proto.v1.PlanOrder;
import io.tintype.proto.v1.RemoveNodeRequest;
import io.tintype.proto.v1.RemoveNodeResponse;
import io.tintype.proto.v1.SetNodeIntentRequest;
import io.tintype.proto.v1.SetNodeIntentResponse;
import io.tintype.proto.v1.SteerPlanRequest;
import io.tintype.proto.v1.SteerPlanResponse;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What operators ask of plans and nodes. Never blocks the transport's threads: planning has a thread of its own. */
public final class BalancingService extends BalancingGrpc.BalancingImplBase implements AutoCloseable {
    /** Plans that may wait to be made. */
    public static final int PLANS_WAITING = 4;

    /** Whoever asks how things stand is told without plans where ZooKeeper does not answer in time. */
    private static final long PLANS_WAIT_S = 4;

    private final ZkSession session;
    private final Supplier<ClusterView> view;
    private final NodePolls polls;
    private final Planning planning;
    private final PlanZnodes plans;
    private final PaceHistory history;
    private final Progress progress;
    private final PlanSteering steering;
    private final PlanMeant meant;
    private final DamagedPlans damaged;
    private final DamagedSteering damagedSteering;
    private final NodeIntents intents;
    private final ClusterHealth health;
    private final ThreadPoolExecutor planner =
            new ThreadPoolExecutor(1, 1, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(PLANS_WAITING), task -> {
                var thread = new Thread(task, "planner");
                thread.setDaemon(true);
                return thread;
            });

    BalancingService(
            ZkSession session,
            Supplier<ClusterView> view,
            NodePolls polls,
            Absences absences,
            BalanceSettings settings,
            Planning planning,
            PlanZnodes plans,
            PaceHistory history) {
        this.session = session;
        this.view = view;
        this.polls = polls;
        this.planning = planning;
        this.plans = plans;
        this.history = history;
        this.progress = new Progress(view, polls, settings, System::currentTimeMillis);
        this.steering = new PlanSteering(plans);
        this.meant = new PlanMeant(plans);
        this.damaged = new DamagedPlans(session, plans);
        this.damagedSteering = new DamagedSteering(damaged);
        this.intents = new NodeIntents(session, view);
        this.health = new ClusterHealth(view, polls, absences, settings);
    }

    /** How fast nodes may move replicas now, where this coordinator is the one to say. */
    void throttled(long bytesPerSecond) {
        progress.throttled(bytesPerSecond);
    }

    /** How a plan goes, by what is known here. Never blocks. */
    GetPlanResponse tell(StoredPlan plan) {
        return progress.tell(plan, 0, 0, history.known());
    }

    @Override
    public void makePlan(MakePlanRequest request, StreamObserver<MakePlanResponse> out) {
        Answers.change(out, session, () -> {
            var drain =
                    request.getDrain().isEmpty() ? Optional.<NodeId>empty() : Optional.of(known(request.getDrain()));
            drain.ifPresent(planning::requireThere);
            boolean must = request.getOnlyWhatMust() || drain.isPresent();
            var wish = planning.wish(must, drain, request.getMovesAtOnce(), request.getBytesPerSecond());
            String title =
                    drain.map(node -> "drain " + node).orElse(must ? "move what must move" : "even out the cluster");
            return polls.round(view.get())
                    .thenCompose(asked -> planning.paces())
                    .thenCompose(paces -> plan(wish, title, paces))
                    .thenCompose(made -> (made.plan().steps().isEmpty()
                                            || made.plan().isBlocked()
                                    ? CompletableFuture.completedFuture("")
                                    : planning.keep(made))
                            .thenApply(id -> Messages.made(made, id)
                                    .setReadCopies((int) drain.map(node -> PlanInputs.readCopies(view.get(), node))
                                            .orElse(0L)
                                            .longValue())
                                    .build()));
        });
    }

    private CompletableFuture<Planning.Made> plan(Planning.Wish wish, String title, CopyPaces paces) {
        try {
            return CompletableFuture.supplyAsync(
                    () -> planning.make(wish, PlanPurpose.PLAN_PURPOSE_BALANCE, title, paces), planner);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(new TintypeException(
                    Reason.OVERLOADED, "this coordinator makes enough plans already; ask again later"));
        }
    }

    @Override
    public void applyPlan(ApplyPlanRequest request, StreamObserver<ApplyPlanResponse> out) {
        Answers.change(
                out,
                session,
                () -> planning.starts()
                        .apply(checked(request.getId()))
                        .thenApply(plan -> ApplyPlanResponse.newBuilder()
                                .setPlan(Messages.plan(plan))
                                .build()));
    }

    @Override
    public void getPlan(GetPlanRequest request, StreamObserver<GetPlanResponse> out) {
        Answers.send(
                out,
                () -> (request.getId().isEmpty()
                                ? meant.told()
                                : CompletableFuture.completedFuture(checked(request.getId())))
                        .thenCompose(id -> told(id, request.getMaxSteps(), request.getShard())));
    }

    private CompletableFuture<GetPlanResponse> told(String id, int maxSteps, int shard) {
        return polls.round(view.get())
                .thenCompose(asked -> planning.starts().read(id))
                .thenCombine(
                        history.fresh(),
                        (found, paces) -> progress.tell(
                                found.orElseThrow(() -> Planning.refused(
                                        "There is no plan " + id + ". See which there are: tintype rebalance history")),
                                Messages.stepsTold(maxSteps),
                                shard,
                                paces));
    }

    @Override
    public void listPlans(ListPlansRequest request, StreamObserver<ListPlansResponse> out) {
        Answers.send(
                out,
                () -> plans.list().thenApply(all -> {
                    var answer = ListPlansResponse.newBuilder();
                    all.stream().limit(2L * PlanZnodes.KEPT).map(Messages::plan).forEach(answer::addPlans);
                    return answer.build();
                }));
    }

    @Override
    public void steerPlan(SteerPlanRequest request, StreamObserver<SteerPlanResponse> out) {
        Answers.change(
                out,
                session,
                () -> (request.getId().isEmpty()
                                ? meant.steered()
                                : CompletableFuture.completedFuture(checked(request.getId())))
                        .thenCompose(id -> steer(id, request.getOrder()))
                        .thenApply(plan -> SteerPlanResponse.newBuilder()
                                .setPlan(Messages.plan(plan))
                                .build()));
    }

    private CompletableFuture<PlanRecord> steer(String id, PlanOrder order) {
        return damagedSteering
                .steer(id, order)
                .thenCompose(forgotten ->
                        forgotten.map(CompletableFuture::completedFuture).orElseGet(() -> steering.steer(id, order)));
    }

    @Override
    public void setNodeIntent(SetNodeIntentRequest request, StreamObserver<SetNodeIntentResponse> out) {
        Answers.change(out, session, () -> {
            var node = known(request.getNode());
            return intents.change(node, request)
                    .thenApply(intent -> SetNodeIntentResponse.newBuilder()
                            .setIntent(Messages.intent(node, intent))
                            .build());
        });
    }

    @Override
    public void removeNode(RemoveNodeRequest request, StreamObserver<RemoveNodeResponse> out) {
        Answers.change(
                out,
                session,
                () -> intents.remove(known(request.getNode()))
                        .thenApply(gone -> RemoveNodeResponse.getDefaultInstance()));
    }

    @Override
    public void getClusterStatus(GetClusterStatusRequest request, StreamObserver<GetClusterStatusResponse> out) {
        Answers.send(
                out,
                () -> polls.round(view.get())
                        .thenCompose(asked -> running()
                                .thenCombine(damaged.active(), Carried::new)
                                .orTimeout(PLANS_WAIT_S, TimeUnit.SECONDS)
                                .thenApply(Optional::of)
                                .exceptionally(unread -> Optional.empty()))
                        .thenApply(running -> health.tell(
                                running.map(Carried::plans).orElse(List.of()),
                                running.map(Carried::damaged).orElse(List.of()),
                                running.isPresent(),
                                request.getMaxEndangered())));
    }

    /** What is to be carried out: plans, and ids of those that cannot be understood. */
    private record Carried(List<GetPlanResponse> plans, List<String> damaged) {}

    /** The plans that are being carried out; one that cannot be understood says nothing of ZooKeeper, and is left out. */
    private CompletableFuture<List<GetPlanResponse>> running() {
        return plans.running().thenCompose(running -> {
            var reads = running.stream()
                    .map(plan -> told(plan.getId(), 0, 0)
                            .thenApply(Optional::of)
                            .exceptionallyCompose(failure -> ZkErrors.isUnanswered(failure)
                                    ? CompletableFuture.failedFuture(failure)
                                    : CompletableFuture.completedFuture(Optional.empty())))
                    .toList();
            return CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new))
                    .thenApply(all -> reads.stream()
                            .map(CompletableFuture::join)
                            .flatMap(Optional::stream)
                            .toList());
        });
    }

    private NodeId known(String id) {
        var node = view.get()
                .map()
                .nodes()
                .filter(there -> there.id().value().equals(id))
                .findFirst();
        if (node.isEmpty()) {
            throw new TintypeException(
                    Reason.NODE_NOT_FOUND, "There is no node '" + id + "'. See which there are: tintype node ls");
        }
        return node.get().id();
    }

    private static String checked(String id) {
        if (!id.matches("[0-9a-f]{12}(-[0-9]{1,4})?")) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, "'" + id + "' is no plan's id; rebalance plan prints it");
        }
        return id;
    }

    /** Plans that wait for others to be made. Any thread. */
    public int plansWaiting() {
        return planner.getQueue().size();
    }

    @Override
    public void close() {
        planner.shutdownNow();
    }
}
