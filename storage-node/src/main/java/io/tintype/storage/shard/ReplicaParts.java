// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaCore;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one replica consists of besides its core: who carries out which of the core's actions, and what all of them end with.
 * Confined to the replica's loop, but for what the parts say of themselves.
 */
final class ReplicaParts {
    private static final Logger log = LoggerFactory.getLogger(ReplicaParts.class);

    final ProposalBook proposals;
    final DiskQueue diskQueue;
    final DiskActions disk;
    final FollowerStreams followers;
    final ConfigActions configs;
    final HeadWatches heads;
    final Applier applier;
    final Board board;
    final UploadRoom room;
    final Standing standing;
    final RecordActions records;
    final RoleActions roles;
    final Answers answers = new Answers();
    final WaitingReads waitingReads = new WaitingReads();

    private final ShardContext context;
    private final ShardIdentity identity;
    private final PrimaryStream primary;
    private final Installation installation;

    /** What a replica is made for: whose it is, and where its records are. */
    record Home(ShardIdentity identity, Member self, ShardStore store) {}

    /**
     * For one replica.
     *
     * @param inbox takes what the parts have to tell the loop
     * @param evenAtRest runs a task on the loop though that rests, because it rests for this
     */
    ReplicaParts(ShardContext context, Home home, ReplicaCore core, Inbox<Input> inbox, Consumer<Runnable> evenAtRest) {
        this.context = context;
        this.identity = home.identity();
        var store = home.store();
        Consumer<ReplicaEvent> post = event -> inbox.post(new Input.Event(event));
        Executor onLoop = task -> inbox.post(new Input.Task(task));
        this.board = new Board(ShardStatus.booting(identity), !store.isInstalling());
        this.standing = new Standing(identity, core, context.clock(), board, context.metrics());
        this.room = new UploadRoom(identity, context.self(), context.disk().committer(), board);
        this.proposals = new ProposalBook(identity, room, context.budgets().proposals(), context.metrics());
        this.diskQueue = new DiskQueue(context.disk().committer(), context.threads(), evenAtRest, post);
        var tail = new Tail(context.budgets().tails());
        this.disk = new DiskActions(store, tail, diskQueue, context.clock());
        this.followers = new FollowerStreams(
                new Feeder.Source(store, tail, context.threads(), onLoop, context.snapshots()), inbox);
        this.primary = new PrimaryStream(ChunkGate.Source.of(store, context), inbox);
        this.configs = new ConfigActions(context.znodes(), identity, board, post);
        this.heads = new HeadWatches(identity, board, store.machine().applied().seq());
        this.applier = new Applier(
                store, context.threads().apply(), context.metrics(), new ApplyNews(identity.id(), heads, post));
        this.records = new RecordActions(disk, applier, proposals, standing, context.metrics());
        this.roles = new RoleActions(context, identity, proposals, standing, heads, post);
        this.installation =
                new Installation(context, new Installation.Target(home.self(), store, disk, applier, board), inbox);
    }

    /** Has the one part that it concerns carry an action out; false: it concerns none. */
    boolean execute(ReplicaAction action) {
        return records.execute(action)
                || followers.execute(action)
                || primary.execute(action)
                || configs.execute(action)
                || installation.execute(action)
                || answers.execute(action)
                || roles.execute(action);
    }

    /** The replica has failed; whoever waits for it is told. */
    void failed(String cause) {
        if (standing.failed(cause)) {
            context.metrics().replicaFailed();
            log.error("shard {}: the replica here has failed: {}", identity.id(), cause);
        }
        proposals.close();
        var unused = installation.close();
        waitingReads.failAll(Refusals.notLeading(standing.status()));
        heads.end(Refusals.notLeading(standing.status()));
    }

    /** Ends streams, fails what is open. */
    void close() {
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
}
