// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.storage.blob.Applied;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.replica.Ballot;
import io.tintype.storage.replica.BallotAnswer;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaCore;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.Restfulness;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loop of one shard: hands the core one event after the other, publishes what it then says of itself, and carries out
 * its actions in order.
 *
 * <p>Everything here is confined to the loop; other threads post to {@link #inbox}. An exception that nobody expected
 * fails the replica, because what it then is cannot be known.
 */
final class ReplicaLoop {
    private static final Logger log = LoggerFactory.getLogger(ReplicaLoop.class);
    private static final long SUSPEND_RETRY_MS = 20;

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
    private final Standing standing;
    private final Answers answers = new Answers();
    private final Restfulness restfulness = new Restfulness();
    private final WaitingReads waitingReads = new WaitingReads();

    private final ArrayDeque<Input> waiting = new ArrayDeque<>();
    private final ArrayDeque<ReplicaAction> todo = new ArrayDeque<>();
    private final List<OpenProposal> offers = new ArrayList<>();
    private @Nullable ReceivedBatch received;
    private boolean suspended;
    private boolean closed;

    ReplicaLoop(ShardContext context, ShardIdentity identity, Member self, ShardStore store, RandomGenerator random) {
        this.context = context;
        this.identity = identity;
        this.random = random;
        this.core = new ReplicaCore(context.timing());
        this.inbox = new Inbox<>(context.threads().loop(identity.id()), this::handle);
        this.board = new Board(ShardStatus.booting(identity), !store.isInstalling());
        this.standing = new Standing(identity, core, context.clock(), board);
        this.proposals = new ProposalBook(
                identity,
                new UploadRoom(identity, context, board),
                context.budgets().proposals(),
                context.metrics());
        this.diskQueue = new DiskQueue(
                context.disk().committer(), context.threads(), task -> inbox.post(new Input.Task(task)), this::post);
        var tail = new Tail(context.budgets().tails());
        this.disk = new DiskActions(store, tail, diskQueue, context.clock());
        this.followers = new FollowerStreams(
                new Feeder.Source(store, tail, context.threads(), task -> inbox.post(new Input.Task(task))), inbox);
        this.primary = new PrimaryStream(
                new ChunkGate.Source(
                        store,
                        context.disk().committer(),
                        context.peers(),
                        context.threads().io(),
                        context.metrics()),
                inbox);
        this.configs = new ConfigActions(context.znodes(), identity, board, this::post);
        this.heads = new HeadWatches(identity, board, store.machine().applied().seq());
        this.applier = new Applier(store, context.threads().apply(), context.metrics(), new Applier.Listener() {
            @Override
            public void applied(long seq) {
                post(new ReplicaEvent.Applied(seq));
            }

            @Override
            public void tookEffect(List<LogRecord> records, List<Applied> results) {
                heads.applied(records, results);
            }

            @Override
            public void applyFailed(Throwable cause) {
                log.error("shard {}: records cannot be applied", identity.id(), cause);
                post(new ReplicaEvent.PersistFailed("applying failed: " + cause.getMessage()));
            }
        });
        this.installation =
                new Installation(context, new Installation.Target(self, store, disk, applier, board), inbox);
    }

    // ---- for other threads

    Board board() {
        return board;
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

    Restfulness restfulness() {
        return restfulness;
    }

    void post(ReplicaEvent event) {
        inbox.post(new Input.Event(event));
    }

    void post(Input input) {
        inbox.post(input);
    }

    // ---- for tasks on the loop

    ReplicaCore core() {
        return core;
    }

    WaitingReads waitingReads() {
        return waitingReads;
    }

    void ballot(Ballot ballot, CompletableFuture<BallotAnswer> answer) {
        step(new ReplicaEvent.BallotReceived(answers.ballot(answer), ballot));
    }

    void transfer(@Nullable NodeId to, CompletableFuture<PeerInbox.OrderResult> answer) {
        step(new ReplicaEvent.TransferAsked(answers.order(answer), to));
    }

    void force(CompletableFuture<PeerInbox.OrderResult> answer) {
        step(new ReplicaEvent.ForceAsked(answers.order(answer)));
    }

    /** Ends streams, fails what is open; the core is not asked any more. */
    void close() {
        closed = true;
        proposals.close();
        offers.forEach(offer -> offer.result.completeExceptionally(Refusals.closing(identity.id())));
        offers.clear();
        followers.close();
        primary.close();
        var unused = installation.close();
        waitingReads.failAll(Refusals.closing(identity.id()));
        standing.ended();
        heads.end(Refusals.closing(identity.id()));
    }

    /** Completes, once closed, when nothing that was begun writes any more. */
    CompletableFuture<Void> quiet() {
        return CompletableFuture.allOf(diskQueue.close(), applier.drained(), installation.close());
    }

    // ---- the loop

    private void handle(List<Input> batch) {
        waiting.addAll(batch);
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
                var input = waiting.poll();
                if (input != null) {
                    accept(input);
                } else if (!offers.isEmpty()) {
                    propose();
                } else {
                    break;
                }
            }
            standing.publish(followers.behind());
        } catch (RuntimeException e) {
            failUnexpectedly(e);
        }
        if (closed) {
            refuseWhatWaits();
        }
    }

    private void accept(Input input) {
        if (input instanceof Input.Event event) {
            step(event.event());
        } else if (input instanceof Input.Proposed proposed) {
            offers.add(proposed.proposal());
        } else if (input instanceof Input.Acked acked) {
            var ack = acked.newest().getAndSet(null);
            if (ack != null) {
                followers.acked(acked.stream(), ack);
                step(new ReplicaEvent.AckReceived(acked.stream(), ack));
            }
        } else if (input instanceof Input.Task task) {
            task.work().run();
        } else if (input instanceof Input.Received records) {
            received = records.batch();
            step(new ReplicaEvent.AppendReceived(
                    records.stream(), records.batch().append()));
        } else if (input instanceof Input.Beaten beaten) {
            step(new ReplicaEvent.BeatReceived(
                    beaten.from(), answers.beat(beaten.answer()), beaten.beat(), beaten.sentAfterNanos()));
        }
    }

    private void propose() {
        var handles = proposals.offer(offers);
        offers.clear();
        step(new ReplicaEvent.Propose(handles));
    }

    private void step(ReplicaEvent event) {
        var actions = core.step(event, context.clock().now(), random);
        restfulness.took(event, actions.size(), core.status().state());
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
                taken();
            }
        } else if (event instanceof ReplicaEvent.Applied applied) {
            standing.applied(applied.seq());
            waitingReads.check(core);
        }
    }

    // ---- actions

    private void execute(ReplicaAction action) {
        boolean done = executeOnDisk(action)
                || followers.execute(action)
                || primary.execute(action)
                || configs.execute(action)
                || installation.execute(action)
                || answers.execute(action)
                || executeForOthers(action);
        if (!done) {
            throw new IllegalStateException("an action that nobody carries out: " + action);
        }
    }

    private boolean executeOnDisk(ReplicaAction action) {
        if (action instanceof ReplicaAction.AppendProposals append) {
            disk.append(append, proposals.append(append));
        } else if (action instanceof ReplicaAction.AcceptAppend) {
            var batch = received;
            if (batch == null) {
                throw new IllegalStateException("records are to be accepted, and none came");
            }
            disk.append(batch);
            taken();
        } else if (action instanceof ReplicaAction.ApplyUpTo apply) {
            var cached = disk.cached(applier.submitted() + 1, apply.seq());
            applier.submit(new Applier.Committable(
                    apply.seq(), cached, proposals.takeCommitted(apply.seq()), standing.inSync()));
        } else if (action instanceof ReplicaAction.PersistPromise promise) {
            disk.promise(promise.epoch());
        } else if (action instanceof ReplicaAction.AppendEpochStart start) {
            standing.opens(start.at().seq());
            disk.append(start);
        } else if (action instanceof ReplicaAction.Truncate truncate) {
            suspendToTruncate(truncate);
        } else if (action instanceof ReplicaAction.TrimLog trim) {
            context.metrics().trimmed(disk.trim(trim));
        } else {
            return false;
        }
        return true;
    }

    private boolean executeForOthers(ReplicaAction action) {
        if (action instanceof ReplicaAction.FailProposals fail) {
            proposals.fail(fail, standing.status());
        } else if (action instanceof ReplicaAction.FailOpenProposals) {
            proposals.failOpen();
        } else if (action instanceof ReplicaAction.BecamePrimary became) {
            log.info("shard {}: this replica leads in epoch {}", identity.id(), became.epoch());
            context.metrics().becamePrimary();
            standing.leads(became.epoch());
        } else if (action instanceof ReplicaAction.SteppedDown down) {
            log.info("shard {}: this replica leads no longer; its epoch was {}", identity.id(), down.epoch());
            standing.leadsNoLonger();
            heads.end(Refusals.notLeading(board.status));
        } else if (action instanceof ReplicaAction.AskBallot ask) {
            var unused = context.peers()
                    .askBallot(identity.id(), ask.to(), ask.ballot())
                    .whenComplete((given, e) -> post(
                            given != null
                                    ? new ReplicaEvent.BallotAnswered(ask.to(), given)
                                    : new ReplicaEvent.BallotFailed(
                                            ask.to(), ask.ballot().round())));
        } else if (action instanceof ReplicaAction.SendHandover handover) {
            context.peers().handOver(identity.id(), handover.to(), handover.epoch());
        } else if (action instanceof ReplicaAction.Fail fail) {
            failed(fail.cause());
        } else {
            return false;
        }
        return true;
    }

    private void taken() {
        var batch = received;
        received = null;
        if (batch != null) {
            batch.taken().run();
        }
    }

    /** The loop rests meanwhile, because cutting the log reads the disk. */
    private void suspendToTruncate(ReplicaAction.Truncate truncate) {
        suspended = true;
        var unused = diskQueue.drained().whenComplete((drained, e) -> truncateOnIo(truncate));
    }

    private void truncateOnIo(ReplicaAction.Truncate truncate) {
        try {
            context.threads().io().execute(() -> {
                RuntimeException problem = null;
                try {
                    disk.truncate(truncate.last());
                } catch (RuntimeException e) {
                    problem = e;
                }
                resume(problem);
            });
        } catch (RejectedExecutionException e) {
            context.threads().later(SUSPEND_RETRY_MS, () -> truncateOnIo(truncate));
        }
    }

    private void resume(@Nullable RuntimeException problem) {
        context.threads().loop(identity.id()).execute(() -> {
            suspended = false;
            if (problem != null) {
                failUnexpectedly(problem);
            }
            run();
        });
    }

    // ---- failure

    private void failUnexpectedly(RuntimeException e) {
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

    private void refuseWhatWaits() {
        Input input;
        while ((input = waiting.poll()) != null) {
            if (input instanceof Input.Proposed proposed) {
                proposed.proposal().result.completeExceptionally(Refusals.closing(identity.id()));
            } else if (input instanceof Input.Beaten beaten) {
                beaten.answer().complete(Optional.empty());
            }
        }
    }
}
