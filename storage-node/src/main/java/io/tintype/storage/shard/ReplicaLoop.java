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

    private final ProposalBook proposals;
    private final DiskQueue diskQueue;
    private final DiskActions disk;
    private final FollowerStreams followers;
    private final PrimaryStream primary;
    private final ConfigActions configs;
    private final HeadWatches heads;
    private final Applier applier;
    private final Installation installation;
    private final Board board;
    private final UploadRoom room;
    private final Standing standing;
    private final RecordActions records;
    private final RoleActions roles;
    private final Answers answers = new Answers();
    private final Restfulness restfulness = new Restfulness();
    private final WaitingReads waitingReads = new WaitingReads();

    private final Backlog backlog = new Backlog();
    private final ArrayDeque<ReplicaAction> todo = new ArrayDeque<>();
    private boolean suspended;
    private boolean closed;

    ReplicaLoop(ShardContext context, ShardIdentity identity, Member self, ShardStore store, RandomGenerator random) {
        this.context = context;
        this.identity = identity;
        this.random = random;
        this.core = new ReplicaCore(context.timing());
        this.inbox = new Inbox<>(context.threads().loop(identity.id()), this::handle);
        this.board = new Board(ShardStatus.booting(identity), !store.isInstalling());
        this.standing = new Standing(identity, core, context.clock(), board, context.metrics());
        this.room = new UploadRoom(identity, context.self(), context.disk().committer(), board);
        this.proposals = new ProposalBook(identity, room, context.budgets().proposals(), context.metrics());
        this.diskQueue = new DiskQueue(context.disk().committer(), context.threads(), this::evenAtRest, this::post);
        var tail = new Tail(context.budgets().tails());
        this.disk = new DiskActions(store, tail, diskQueue, context.clock());
        this.followers = new FollowerStreams(
                new Feeder.Source(store, tail, context.threads(), this::onLoop, context.snapshots()), inbox);
        this.primary = new PrimaryStream(ChunkGate.Source.of(store, context), inbox);
        this.configs = new ConfigActions(context.znodes(), identity, board, this::post);
        this.heads = new HeadWatches(identity, board, store.machine().applied().seq());
        this.applier = new Applier(
                store, context.threads().apply(), context.metrics(), new ApplyNews(identity.id(), heads, this::post));
        this.records = new RecordActions(disk, applier, proposals, standing, context.metrics());
        this.roles = new RoleActions(context, identity, proposals, standing, heads, this::post);
        this.installation =
                new Installation(context, new Installation.Target(self, store, disk, applier, board), inbox);
    }

    // ---- for other threads

    Board board() {
        return board;
    }

    UploadRoom room() {
        return room;
    }

    ProposalBook proposals() {
        return proposals;
    }

    HeadWatches heads() {
        return heads;
    }

    FollowerStreams followers() {
        return followers;
    }

    ConfigActions configs() {
        return configs;
    }

    /** See {@link Applier#behind}. */
    void behind(long seq, Runnable reached) {
        applier.behind(seq, reached);
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
        onLoop(() -> task.accept(core, waitingReads));
    }

    // ---- for tasks on the loop

    /** Asks the core something whose answer somebody waits for. */
    void ask(Function<Answers, ReplicaEvent> question) {
        step(question.apply(answers));
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
        proposals.close();
        followers.close();
        primary.close();
        var unused = installation.close();
        waitingReads.failAll(Refusals.closing(identity.id()));
        standing.ended();
        heads.end(Refusals.closing(identity.id()));
        disk.close();
    }

    /** Completes, once closed, when nothing that was begun writes any more. */
    CompletableFuture<Void> quiet() {
        return CompletableFuture.allOf(diskQueue.close(), applier.drained(), installation.close());
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
                    var handles = proposals.offer(backlog.takeOffers(), board.emptied);
                    if (!handles.isEmpty()) {
                        step(new ReplicaEvent.Propose(handles));
                    }
                } else {
                    break;
                }
            }
            standing.publish(followers.behind());
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
                followers.acked(acked.stream(), ack);
                step(new ReplicaEvent.AckReceived(acked.stream(), ack));
            }
        } else if (input instanceof Input.Task task) {
            task.work().run();
        } else if (input instanceof Input.Received received) {
            records.received(received.batch());
            step(new ReplicaEvent.AppendReceived(
                    received.stream(), received.batch().append()));
        } else if (input instanceof Input.Beaten beaten) {
            step(new ReplicaEvent.BeatReceived(
                    beaten.from(), answers.beat(beaten.answer()), beaten.beat(), beaten.sentAfterNanos()));
        }
    }

    private void step(ReplicaEvent event) {
        var actions = core.step(event, context.clock().now(), random);
        if (restfulness.took(event, actions.size(), core.status().state())) {
            context.threads().ticker().stirred();
        }
        standing.stepped();
        todo.addAll(actions);
        if (event instanceof ReplicaEvent.BeatReceived beat) {
            boolean answered = actions.stream().anyMatch(ReplicaAction.AnswerBeat.class::isInstance);
            if (!answered) {
                answers.answerBeat(beat.ticket(), Optional.empty());
            }
        } else if (event instanceof ReplicaEvent.AppendReceived) {
            boolean accepted = actions.stream().anyMatch(ReplicaAction.AcceptAppend.class::isInstance);
            if (!accepted) {
                records.taken();
            }
        } else if (event instanceof ReplicaEvent.Tick) {
            roles.ticked();
        } else if (event instanceof ReplicaEvent.Applied applied) {
            standing.applied(applied.seq());
            waitingReads.check(core);
        }
    }

    // ---- actions

    private void execute(ReplicaAction action) {
        boolean done = records.execute(action)
                || followers.execute(action)
                || primary.execute(action)
                || configs.execute(action)
                || installation.execute(action)
                || answers.execute(action)
                || roles.execute(action);
        if (action instanceof ReplicaAction.Truncate truncate) {
            suspendToTruncate(truncate);
        } else if (action instanceof ReplicaAction.Fail fail) {
            failed(fail.cause());
        } else if (!done) {
            throw new IllegalStateException("an action that nobody carries out: " + action);
        }
    }

    /** The loop rests meanwhile, because cutting the log reads the disk. */
    private void suspendToTruncate(ReplicaAction.Truncate truncate) {
        suspended = true;
        var write = new Write();
        var unused = diskQueue
                .drained()
                .whenComplete((drained, e) -> context.threads()
                        .io(() -> disk.truncate(write, truncate.last()), problem -> resume(write, problem)));
    }

    private void resume(Write write, @Nullable Throwable problem) {
        evenAtRest(() -> {
            suspended = false;
            if (problem == null) {
                diskQueue.submit(write, true, null);
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
        log.error("shard {}: this replica fails", identity.id(), e);
        todo.clear();
        if (!standing.hasFailed()) {
            todo.addAll(core.step(
                    new ReplicaEvent.PersistFailed(String.valueOf(e.getMessage())),
                    context.clock().now(),
                    random));
            failed(String.valueOf(e.getMessage()));
        }
        context.threads().loop(identity.id()).execute(this::run);
    }

    private void failed(String cause) {
        if (standing.failed(cause)) {
            context.metrics().replicaFailed();
            log.error("shard {}: the replica here has failed: {}", identity.id(), cause);
        }
        proposals.close();
        var unused = installation.close();
        waitingReads.failAll(Refusals.notLeading(standing.status()));
        heads.end(Refusals.notLeading(standing.status()));
    }
}
