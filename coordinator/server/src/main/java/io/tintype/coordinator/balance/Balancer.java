// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.control.Term;
import io.tintype.cluster.log.RecurringFailures;
import io.tintype.cluster.map.ClusterView;
import io.tintype.cluster.map.ShardMapWatcher;
import io.tintype.cluster.plan.PlanSteps;
import io.tintype.cluster.plan.PlanZnodes;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.coordinator.control.ShardOrders;
import io.tintype.proto.internal.v1.PlanStepPhase;
import io.tintype.proto.v1.GetPlanResponse;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries plans out while this coordinator is the controller, and begins repairs by itself when a node has been away for
 * too long. All of it on one thread of its own, which looks twice a second, and when an
 * order was carried out.
 */
public final class Balancer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Balancer.class);

    /** The phases that a step can be in, in order. */
    public static final List<PlanStepPhase> STEP_PHASES = Stream.of(PlanStepPhase.values())
            .filter(phase -> phase != PlanStepPhase.UNRECOGNIZED && phase != PlanStepPhase.PLAN_STEP_PHASE_UNSPECIFIED)
            .toList();

    private static final long LOOK_MS = 500;
    private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final RecurringFailures failures = new RecurringFailures(log, System::nanoTime);
    private final ShardMapWatcher watcher;
    private final NodePolls polls;
    private final Absences absences = new Absences(System::nanoTime);
    private final Pacing pacing;
    private final PlanRunner runner;
    private final SelfPlanning unasked;
    private final Journal journal;
    private final BalancingService service;
    private final VerificationService verification;
    private final ScheduledThreadPoolExecutor loop;
    private final ZkSession.Registration connection;
    /** The term of office that this coordinator won last, until it turns out to be over. */
    private final AtomicReference<@Nullable Term> term = new AtomicReference<>();

    /** What the last look found; written by the loop. */
    private volatile List<StoredPlan> running = List.of();
    /** What another controller carries out, looked at now and then; written by the loop. */
    private volatile List<StoredPlan> watched = List.of();
    /** The term that was paced for last. Confined to the loop. */
    private @Nullable Term paced;
    /** Confined to the loop. */
    private long watchedAt = System.nanoTime() - WATCH_NANOS;

    private Balancer(
            ZkSession session,
            ShardMapWatcher watcher,
            ChannelSource channels,
            String clusterId,
            BalanceSettings settings) {
        this.loop = new ScheduledThreadPoolExecutor(1, task -> {
            var thread = new Thread(task, "balancer");
            thread.setDaemon(true);
            return thread;
        });
        this.watcher = watcher;
        this.polls = new NodePolls(channels, clusterId);
        this.pacing = new Pacing(polls, settings.bytesPerSecond(), System::nanoTime);
        this.journal = new Journal(session);
        var plans = new PlanZnodes(session);
        var history = new PaceHistory(plans, System::nanoTime);
        var planning =
                new Planning(watcher::view, polls, absences, settings, plans, history, System::currentTimeMillis);
        this.unasked = new SelfPlanning(polls, absences, settings, planning, System::nanoTime);
        var verifier = new Verifier(watcher::view, channels, clusterId);
        this.verification = new VerificationService(watcher::known, verifier);
        var maker = new StepMaker(
                journal,
                absences,
                verifier,
                new LeadOrders(new ShardOrders(watcher::view, channels, clusterId), this::lookSoon),
                new CopyWatch(polls, pacing::allowed, System::currentTimeMillis),
                settings.replaceAfter(),
                System::currentTimeMillis);
        this.runner = new PlanRunner(journal, maker, polls, settings, System::currentTimeMillis);
        this.service =
                new BalancingService(session, watcher::known, polls, absences, settings, planning, plans, history);
        this.connection = session.addListener(state -> absences.connected(state == ZkSession.State.CONNECTED));
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

    /** Bytes a second that a node may move now; 0 where another coordinator says it. */
    public long rateLimit() {
        return isInOffice() ? pacing.rate() : 0;
    }

    /** A phase as people are told. */
    public static String name(PlanStepPhase phase) {
        return phase.name().replace("PLAN_STEP_PHASE_", "").toLowerCase(Locale.ROOT);
    }

    /** There is something to hear: of one of few orders, so few looks come of it. */
    private void lookSoon() {
        try {
            loop.execute(this::lookSafely);
        } catch (RejectedExecutionException e) {
            log.debug("nothing is looked at any more", e);
        }
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
                runner.deposed();
            } else if (e.unreadable() != null) {
                failures.error("plans rest until what cannot be understood is mended", e);
            } else {
                failures.info("plans rest for a moment", e);
                log.debug("why plans rest", e);
            }
        } catch (RuntimeException e) {
            failures.error("the balancer failed; it goes on with the next look", e);
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
            service.throttled(0); // what was told in an earlier term says nothing any more
            watch(view);
            return;
        }
        if (!office.equals(paced)) {
            pacing.inOffice(office.epoch());
            runner.deposed(); // of a term before this one, after which somebody else may have been in office
            paced = office;
        }
        var plans = active(office, view);
        pace(view, plans);
        var now = watcher.view(); // asking nodes may have taken seconds, in which one of them died
        running = runner.look(office, now, plans, pacing.quietMicros());
        unasked.look(office, now, running);
    }

    /** What is to be carried out; where that cannot be read, what goes on by itself keeps its pace. */
    private List<StoredPlan> active(Term office, ClusterView view) throws Journal.Interrupted {
        try {
            return journal.active(office);
        } catch (Journal.Interrupted e) {
            if (!e.deposed) {
                pace(view, running);
            }
            throw e;
        }
    }

    private void pace(ClusterView view, List<StoredPlan> plans) {
        pacing.look(view, plans);
        service.throttled(pacing.rate());
    }

    /** Looks at what the controller does, for people who ask here. */
    private void watch(ClusterView view) throws Journal.Interrupted {
        long now = System.nanoTime();
        if (now - watchedAt >= WATCH_NANOS) {
            watchedAt = now;
            watched = journal.active();
            if (!watched.isEmpty()) {
                var unused = polls.round(view);
            }
        }
    }

    /** Stops; what is under way goes on with the next controller. */
    @Override
    public void close() {
        connection.close();
        loop.shutdownNow();
        service.close();
    }
}
