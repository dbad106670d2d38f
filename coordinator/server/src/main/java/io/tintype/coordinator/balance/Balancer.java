// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.placement.plan.PlanNode;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.coordinator.control.ShardOrders;
import io.tintype.model.NodeInfo;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanPurpose;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.internal.v1.ReportNodeResponse;
import io.tintype.proto.v1.GetPlanResponse;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries plans out while this coordinator is the controller, and begins repairs by itself when a node has been away for
 * too long. All of it on one thread of its own, which looks twice a second.
 */
public final class Balancer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Balancer.class);

    /** The phases that a step can be in, in order. */
    public static final List<PlanStepPhase> STEP_PHASES = Stream.of(PlanStepPhase.values())
            .filter(phase -> phase != PlanStepPhase.UNRECOGNIZED && phase != PlanStepPhase.PLAN_STEP_PHASE_UNSPECIFIED)
            .toList();

    private static final long LOOK_MS = 500;
    private static final long POLL_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long IDLE_POLL_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long POLL_WAIT_S = 3;
    private static final long SELF_PLAN_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final ShardMapWatcher watcher;
    private final BalanceSettings settings;
    private final NodePolls polls;
    private final Absences absences = new Absences(System::nanoTime);
    private final Planning planning;
    private final PlanRunner runner;
    private final Journal journal;
    private final Throttle throttle;
    private final BalancingService service;
    private final VerificationService verification;
    private final ScheduledThreadPoolExecutor loop;
    /** The term of office that this coordinator won last, until it turns out to be over. */
    private final AtomicReference<@Nullable Term> term = new AtomicReference<>();

    /** What the last look found; written by the loop. */
    private volatile List<StoredPlan> running = List.of();
    /** What another controller carries out, looked at now and then; written by the loop. */
    private volatile List<StoredPlan> watched = List.of();
    /** What the last round told nodes; written by the loop. */
    private volatile long rate;

    // Confined to the loop:
    private long polledAt = System.nanoTime() - IDLE_POLL_NANOS;
    private long plannedAt = System.nanoTime();
    private long watchedAt = System.nanoTime() - WATCH_NANOS;
    private boolean sawPlans;

    private Balancer(
            ZkSession session,
            ShardMapWatcher watcher,
            ChannelSource channels,
            String clusterId,
            BalanceSettings settings) {
        this.watcher = watcher;
        this.settings = settings;
        this.polls = new NodePolls(channels, clusterId);
        this.throttle = new Throttle(settings.bytesPerSecond());
        this.rate = settings.bytesPerSecond();
        this.journal = new Journal(session);
        var plans = new PlanZnodes(session);
        var history = new PaceHistory(plans, System::nanoTime);
        this.planning =
                new Planning(watcher::view, polls, absences, settings, plans, history, System::currentTimeMillis);
        var verifier = new Verifier(watcher::view, channels, clusterId);
        this.verification = new VerificationService(watcher::view, verifier);
        var maker = new StepMaker(
                journal,
                polls,
                absences,
                verifier,
                new ShardOrders(watcher::view, channels, clusterId),
                settings.replaceAfter(),
                System::currentTimeMillis);
        this.runner = new PlanRunner(journal, maker, polls, settings, System::currentTimeMillis);
        this.service =
                new BalancingService(session, watcher::view, polls, absences, settings, planning, plans, history);
        this.loop = new ScheduledThreadPoolExecutor(1, task -> {
            var thread = new Thread(task, "balancer");
            thread.setDaemon(true);
            return thread;
        });
        var unused = loop.scheduleWithFixedDelay(this::lookSafely, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
    }

    /** Starts; it acts only once it {@link #inOffice}. */
    public static Balancer start(
            ZkSession session,
            ShardMapWatcher watcher,
            ChannelSource channels,
            String clusterId,
            BalanceSettings settings) {
        return new Balancer(session, watcher, channels, clusterId, settings);
    }

    /** This coordinator is the controller from now on, until another one is. */
    public void inOffice(Term won) {
        term.set(won);
    }

    /** What operators call. */
    public BalancingService service() {
        return service;
    }

    /** What proves replicas against each other for operators. */
    public VerificationService verification() {
        return verification;
    }

    /** Whether this coordinator is the controller, as far as it knows. */
    public boolean isInOffice() {
        return term.get() != null;
    }

    /** How all plans go that are being carried out, at most some seconds ago; empty where no controller is known. */
    public List<GetPlanResponse> progress() {
        return (isInOffice() ? running : watched).stream().map(service::tell).toList();
    }

    /** Plans being carried out. */
    public int plans() {
        return running.size();
    }

    /** Steps of those that are in a phase. */
    public long steps(PlanStepPhase phase) {
        return running.stream()
                .flatMap(plan -> plan.steps().stream())
                .filter(step -> step.getPhase() == phase)
                .count();
    }

    /** Bytes of steps that are not over, as planned, without those that have come. */
    public long bytesLeft() {
        return running.stream()
                .flatMap(plan -> plan.steps().stream())
                .filter(step -> !PlanSteps.isOver(step))
                .mapToLong(step -> Math.max(0, step.getBytes() - step.getMovedBytes()))
                .sum();
    }

    /** Bytes a second that a node may move now. */
    public long rateLimit() {
        return rate;
    }

    /** A phase as people are told. */
    public static String name(PlanStepPhase phase) {
        return phase.name().replace("PLAN_STEP_PHASE_", "").toLowerCase(Locale.ROOT);
    }

    private void lookSafely() {
        var office = term.get();
        try {
            look(office);
        } catch (Journal.Interrupted e) {
            if (e.deposed) {
                log.info("a term of office is over; whoever is controller now goes on with the plans");
                // Not the next term, which this coordinator may have won meanwhile.
                term.compareAndSet(office, null);
            } else {
                log.info("plans rest for a moment: {}", e.getMessage());
                log.debug("why plans rest", e);
            }
        } catch (RuntimeException e) {
            log.error("the balancer failed; it goes on with the next look", e);
        }
    }

    private void look(@Nullable Term office) throws Journal.Interrupted {
        if (!watcher.ready().isDone()) {
            return;
        }
        var view = watcher.view();
        absences.look(view);
        if (office == null) {
            running = List.of();
            watch(view);
            return;
        }
        poll(view);
        running = runner.look(office, view);
        sawPlans = true;
        repairIfNeeded(view);
    }

    /** Looks at what the controller does, for people who ask here. */
    private void watch(ClusterView view) throws Journal.Interrupted {
        long now = System.nanoTime();
        if (now - watchedAt >= WATCH_NANOS) {
            watchedAt = now;
            watched = journal.active();
            if (!watched.isEmpty()) {
                var unused = polls.round(view, 0);
            }
        }
    }

    /** Asks nodes how they fare, and tells them how fast they may move. */
    private void poll(ClusterView view) {
        boolean moving = running.stream()
                .anyMatch(plan -> plan.record().value().getPhase() == PlanPhase.PLAN_PHASE_RUNNING
                        || plan.record().value().getPhase() == PlanPhase.PLAN_PHASE_CANCELLING);
        long now = System.nanoTime();
        if (now - polledAt < (moving ? POLL_NANOS : IDLE_POLL_NANOS)) {
            return;
        }
        polledAt = now;
        running.stream()
                .map(plan -> plan.record().value())
                .mapToLong(PlanRecord::getBytesPerSecond)
                .filter(rate -> rate > 0)
                .min()
                .ifPresent(throttle::limit);
        try {
            polls.round(view, moving ? throttle.rate() : 0).get(POLL_WAIT_S, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) { // whoever did not answer is not heard
            log.debug("not all nodes reported", e);
        }
        throttle.felt(
                moving,
                view.map()
                        .nodes()
                        .map(NodeInfo::id)
                        .map(polls::report)
                        .flatMap(Optional::stream)
                        .mapToLong(ReportNodeResponse::getReadP99Micros)
                        .max()
                        .orElse(0));
        rate = throttle.rate();
        service.throttled(rate);
    }

    /** Makes anew what a node had that is gone for good; with the setting for it, gives new nodes their share. */
    private void repairIfNeeded(ClusterView view) throws Journal.Interrupted {
        long now = System.nanoTime();
        if (now - plannedAt < SELF_PLAN_NANOS || !sawPlans) {
            return;
        }
        plannedAt = now;
        boolean gone = view.map()
                .nodes()
                .anyMatch(node ->
                        PlanInputs.part(view, absences, settings, node, true, Optional.empty()) == PlanNode.Part.DEAD
                                && holds(view, node));
        if (gone) {
            begin(PlanPurpose.PLAN_PURPOSE_REPAIR, true, "make anew what nodes had that are gone");
        } else if (settings.join() && view.map().nodes().anyMatch(node -> isNew(view, node))) {
            begin(PlanPurpose.PLAN_PURPOSE_BALANCE, false, "give new nodes their share");
        }
    }

    /** Has nothing, and is there to be given something: not drained, not in maintenance. */
    private boolean isNew(ClusterView view, NodeInfo node) {
        boolean reports = polls.report(node.id()).isPresent();
        return !holds(view, node)
                && PlanInputs.part(view, absences, settings, node, reports, Optional.empty()) == PlanNode.Part.ACTIVE;
    }

    private static boolean holds(ClusterView view, NodeInfo node) {
        return view.assignments().values().stream().flatMap(PlanInputs::voters).anyMatch(node.id()::equals);
    }

    private void begin(PlanPurpose purpose, boolean onlyWhatMust, String title) throws Journal.Interrupted {
        if (running.stream().anyMatch(plan -> plan.record().value().getPurpose() == purpose)) {
            return;
        }
        var wish = planning.wish(onlyWhatMust, Optional.empty(), 0, 0);
        var made = planning.make(wish, purpose, title, Journal.await(planning.paces()));
        if (made.plan().steps().isEmpty()) {
            return;
        }
        String id = Journal.await(planning.keep(made));
        log.info(
                "applying plan {}: {}, {} steps", id, title, made.plan().steps().size());
        var unused = Journal.await(planning.apply(id));
    }

    /** Stops; what is under way goes on with the next controller. */
    @Override
    public void close() {
        loop.shutdownNow();
        service.close();
    }
}
