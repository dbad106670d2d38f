// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Write;
import io.tintype.storage.replica.Beat;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaCore;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.Restfulness;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop of one shard: hands the core one event after the other, publishes what it then says of itself, and carries out
 * its actions in order.
 *
 * <p>Everything here is confined to the loop; other threads post to {@link #inbox}. An exception or Error that nobody
 * expected fails the replica, because what it then is cannot be known.
 */
final class ReplicaLoop {
    private static final Logger log = LoggerFactory.getLogger(ReplicaLoop.class);
    private static final ReplicaEvent TICK = new ReplicaEvent.Tick();

    private final ShardContext context;
    private final ShardIdentity identity;
    private final ReplicaCore core;
    private final RandomGenerator random;
    private final Inbox<Input> inbox;

    private final ReplicaParts parts;
    private final Restfulness restfulness = new Restfulness();
    private final Backlog backlog = new Backlog();
    private final ArrayDeque<ReplicaAction> todo = new ArrayDeque<>();
    private boolean suspended;
    private boolean closed;
    /** Not even how the core took its failure is known: it is not asked any more. */
    private boolean unaskable;

    ReplicaLoop(ShardContext context, ShardIdentity identity, Member self, ShardStore store, RandomGenerator random) {
        this.context = context;
        this.identity = identity;
        this.random = random;
        this.core = new ReplicaCore(context.timing());
        this.inbox = new Inbox<>(context.threads().loop(identity.id()), this::handle);
        this.parts =
                new ReplicaParts(context, new ReplicaParts.Home(identity, self, store), core, inbox, this::evenAtRest);
    }

    // ---- for other threads

    Board board() {
        return parts.board;
    }

    UploadRoom room() {
        return parts.room;
    }

    ProposalBook proposals() {
        return parts.proposals;
    }

    HeadWatches heads() {
        return parts.heads;
    }

    FollowerStreams followers() {
        return parts.followers;
    }

    ConfigActions configs() {
        return parts.configs;
    }

    /** See {@link Applier#behind}. */
    void behind(long seq, Runnable reached) {
        parts.applier.behind(seq, reached);
    }

    /** See {@link Ticker.Ticked}. */
    boolean tick(long tick) {
        if (restfulness.isDue(tick)) {
            post(TICK);
        }
        return !restfulness.isAtRest();
    }

    void post(ReplicaEvent event) {
        inbox.post(new Input.Event(event));
    }

    void post(Input input) {
        inbox.post(input);
    }

    /** Runs something on the loop. */
    void onLoop(Runnable task) {
        inbox.post(new Input.Task(task));
    }

    /** Looks at the core on the loop. */
    void look(BiConsumer<ReplicaCore, WaitingReads> task) {
        onLoop(() -> task.accept(core, parts.waitingReads));
    }

    // ---- for tasks on the loop

    /** Asks the core something whose answer somebody waits for. */
    void ask(Function<Answers, ReplicaEvent> question) {
        step(question.apply(parts.answers));
    }

    /** What to beat, if this replica leads. At rest it has a tick along with it, which saves its loop a visit for that alone. */
    Optional<Beat> beat() {
        if (restfulness.isAtRest()) {
            step(TICK);
            restfulness.tickedWithBeat();
        }
        return core.beat(context.clock().now());
    }

    /** Ends streams, fails what is open; the core is not asked any more. */
    void close() {
        closed = true;
        parts.close();
    }

    /** Completes, once closed, when nothing that was begun writes any more. */
    CompletableFuture<Void> quiet() {
        return parts.quiet();
    }

    // ---- the loop

    private void handle(List<Input> batch) {
        backlog.add(batch);
        run();
    }

    private void run() {
        try {
            while (!suspended && !closed) {
                var action = todo.poll();
                if (action != null) {
                    execute(action);
                    continue;
                }
                var input = backlog.poll();
                if (input != null) {
                    accept(input);
                } else if (backlog.hasOffers()) {
                    var handles = parts.proposals.offer(backlog.takeOffers(), parts.board.emptied);
                    if (!handles.isEmpty()) {
                        step(new ReplicaEvent.Propose(handles));
                    }
                } else {
                    break;
                }
            }
            parts.standing.publish(parts.followers.behind());
        } catch (RuntimeException | Error e) {
            failUnexpectedly(e);
        }
        if (closed) {
            backlog.refuse(identity.id());
        }
    }

    private void accept(Input input) {
        if (input instanceof Input.Event event) {
            step(event.event());
        } else if (input instanceof Input.Proposed proposed) {
            backlog.offer(proposed.proposal());
        } else if (input instanceof Input.Acked acked) {
            var ack = acked.newest().getAndSet(null);
            if (ack != null) {
                parts.followers.acked(acked.stream(), ack);
                step(new ReplicaEvent.AckReceived(acked.stream(), ack));
            }
        } else if (input instanceof Input.Task task) {
            task.work().run();
        } else if (input instanceof Input.Received received) {
            parts.records.received(received.batch());
            step(new ReplicaEvent.AppendReceived(
                    received.stream(), received.batch().append()));
        } else if (input instanceof Input.Beaten beaten) {
            step(new ReplicaEvent.BeatReceived(
                    beaten.from(), parts.answers.beat(beaten.answer()), beaten.beat(), beaten.sentAfter()));
        }
    }

    private void step(ReplicaEvent event) {
        if (unaskable) {
            return;
        }
        var actions = core.step(event, context.clock().now(), random);
        if (restfulness.took(event, actions.size(), core.status().state())) {
            context.threads().ticker().stirred();
        }
        parts.standing.stepped();
        todo.addAll(actions);
        if (event instanceof ReplicaEvent.BeatReceived beat) {
            boolean answered = actions.stream().anyMatch(ReplicaAction.AnswerBeat.class::isInstance);
            if (!answered) {
                parts.answers.answerBeat(beat.ticket(), Optional.empty());
            }
        } else if (event instanceof ReplicaEvent.AppendReceived) {
            boolean accepted = actions.stream().anyMatch(ReplicaAction.AcceptAppend.class::isInstance);
            if (!accepted) {
                parts.records.taken();
            }
        } else if (event instanceof ReplicaEvent.Tick) {
            parts.roles.ticked();
        } else if (event instanceof ReplicaEvent.Applied applied) {
            parts.standing.applied(applied.seq());
            parts.waitingReads.check(core);
        }
    }

    // ---- actions

    private void execute(ReplicaAction action) {
        if (action instanceof ReplicaAction.Truncate truncate) {
            suspendToTruncate(truncate);
        } else if (action instanceof ReplicaAction.Fail fail) {
            parts.failed(fail.cause());
        } else if (!parts.execute(action)) {
            throw new IllegalStateException("an action that nobody carries out: " + action);
        }
    }

    /** The loop rests meanwhile, because cutting the log reads the parts.disk. */
    private void suspendToTruncate(ReplicaAction.Truncate truncate) {
        suspended = true;
        var write = new Write();
        var unused = parts.diskQueue
                .drained()
                .whenComplete((drained, e) -> context.threads()
                        .io(() -> parts.disk.truncate(write, truncate.last()), problem -> resume(write, problem)));
    }

    private void resume(Write write, @Nullable Throwable problem) {
        evenAtRest(() -> {
            suspended = false;
            if (problem == null) {
                parts.diskQueue.submit(write, true, null);
            } else {
                failUnexpectedly(problem);
            }
            run();
        });
    }

    /**
     * Runs something on the loop, before all that waits for it, and while it rests as well: what it rests for must not
     * wait for its end. Dropped once the replica is closed.
     */
    private void evenAtRest(Runnable task) {
        context.threads().loop(identity.id()).execute(() -> {
            if (closed) {
                return;
            }
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                failUnexpectedly(e);
            }
        });
    }

    // ---- failure

    private void failUnexpectedly(Throwable e) {
        try {
            todo.clear();
            if (!parts.standing.hasFailed()) {
                var cause = String.valueOf(e.getMessage());
                todo.addAll(core.step(
                        new ReplicaEvent.PersistFailed(cause), context.clock().now(), random));
                parts.failed(cause);
            }
            log.error("shard {}: this replica fails", identity.id(), e);
        } catch (RuntimeException | Error worse) {
            unaskable = true;
            todo.clear();
            parts.failed("an unexpected failure, and another while that was dealt with: " + worse.getClass());
        }
        context.threads().loop(identity.id()).execute(this::run);
    }
}
