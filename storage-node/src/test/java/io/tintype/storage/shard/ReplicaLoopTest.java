// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.Attach;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.ReplicaRole;
import io.tintype.storage.replica.ShardConfig;
import io.tintype.storage.replica.ShardLifecycle;
import io.tintype.storage.replica.VersionedConfig;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One replica's loop on a real disk, with a primary that only the test speaks for. */
@Timeout(180)
final class ReplicaLoopTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long EPOCH = 3;
    private static final long RECORDS = 3;
    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final Member AT_A = new Member(A, 1);
    private static final Member AT_B = new Member(B, 1);
    private static final ShardIdentity SHARD = OneNode.shard(7);
    private static final ShardConfig LED_BY_B = new ShardConfig(
            1,
            EPOCH,
            B,
            Set.of(AT_A, AT_B),
            Set.of(),
            Map.of(A, ReplicaRole.VOTER, B, ReplicaRole.VOTER),
            1,
            ShardLifecycle.ACTIVE,
            0,
            B,
            0);

    @TempDir
    private Path folder;

    private final CompletableFuture<PrimaryLink.Events> followed = new CompletableFuture<>();
    private final CompletableFuture<Void> asked = new CompletableFuture<>();
    private final CompletableFuture<Optional<Peers.Found>> described = new CompletableFuture<>();
    private final CompletableFuture<Void> released = new CompletableFuture<>();
    private OneNode node;
    private ShardContext context;
    private ShardStore store;

    @BeforeEach
    void open() throws Exception {
        node = new OneNode(folder, peers());
        context = node.context;
        store = ShardStore.open(node.disk, SHARD.id(), 1 << 20);
        var write = new Write();
        for (long seq = 1; seq <= RECORDS; seq++) {
            store.log().append(write, LogCodec.encode(record(seq)));
        }
        node.disk.committer().commitEssential(write).join();
    }

    @AfterEach
    void close() {
        released.complete(null);
        node.close();
    }

    private static LogRecord record(long seq) {
        return new LogRecord(
                EPOCH, seq, seq == 1 ? 0 : EPOCH, 1_000 + seq, RecordType.EPOCH_START, null, null, ByteString.EMPTY);
    }

    /** Nothing is asked of others but to be followed, and to tell of themselves. */
    private Peers peers() {
        var link = (PrimaryLink) Proxy.newProxyInstance(
                PrimaryLink.class.getClassLoader(), new Class<?>[] {PrimaryLink.class}, (it, method, args) -> null);
        return (Peers) Proxy.newProxyInstance(
                Peers.class.getClassLoader(), new Class<?>[] {Peers.class}, (it, method, args) -> {
                    if (method.getName().equals("describe")) {
                        asked.complete(null);
                        return described;
                    }
                    if (!method.getName().equals("follow")) {
                        throw new AssertionError("a follower called " + method);
                    }
                    followed.complete((PrimaryLink.Events) args[args.length - 1]);
                    return link;
                });
    }

    @Test
    void aLogIsCutOnceTheDiskTakesWhatItRefusedBefore() throws Exception {
        var loop = new ReplicaLoop(context, SHARD, AT_A, store, new SplittableRandom(1));
        node.holdTheDisk();
        loop.post(new ReplicaEvent.Booted(AT_A, 0, Shapes.of(store.log()), 0, false));
        loop.post(new ReplicaEvent.ConfigSeen(new VersionedConfig(LED_BY_B, 1)));
        var primary = followed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        // The promise of its epoch is refused by the disk, and the log is to be cut behind it.
        primary.attached(new Attach(EPOCH, 1, new LogPosition(EPOCH, 1), false, false));
        var looked = new CompletableFuture<Long>();
        loop.look((core, reads) -> looked.complete(core.status().lastSeq()));
        await("the loop at rest while the disk takes nothing")
                .during(Duration.ofMillis(200))
                .atMost(PATIENCE)
                .until(() -> !looked.isDone());

        node.releaseTheDisk();

        assertThat(looked.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(store.log().last().seq()).isEqualTo(1);
        await("both on the disk").atMost(PATIENCE).until(() -> {
            var log = ShardStore.open(node.disk, SHARD.id(), 0).log();
            return log.last().seq() == 1 && log.promisedEpoch() == EPOCH;
        });
    }

    @Test
    void whatWasReadWhileTheStateWasTakenAwayProvesNothing() throws Exception {
        var write = new Write();
        store.log().incarnate(write, 1);
        node.disk.committer().commitEssential(write).join();
        var shard = new ShardRuntime(context, SHARD, store, new SplittableRandom(1));
        var before = shard.begin(new ReadDemand.AnyState()).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(shard.confirm(before)).succeedsWithin(PATIENCE);

        shard.close().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        assertThat(shard.confirm(before))
                .failsWithin(PATIENCE)
                .withThrowableThat()
                .havingCause()
                .satisfies(failure ->
                        assertThat(((TintypeException) failure).reason()).isEqualTo(Reason.FRESHNESS_UNPROVEN));
    }

    @Test
    void anErrorFailsTheReplicaInsteadOfLeavingItHalfwayThrough() throws Exception {
        var loop = new ReplicaLoop(context, SHARD, AT_A, store, new SplittableRandom(1));
        loop.onLoop(() -> {
            throw new StackOverflowError("in the midst of it");
        });
        await().atMost(PATIENCE).until(() -> loop.board().status.failure().isPresent());
    }

    @Test
    void norDoesOneThatCannotEvenBeToldOf() throws Exception {
        var loop = new ReplicaLoop(context, SHARD, AT_A, store, new SplittableRandom(1));
        loop.onLoop(() -> {
            throw new IllegalStateException() {
                @Override
                public String getMessage() {
                    throw new StackOverflowError("in the midst of that");
                }
            };
        });
        await().atMost(PATIENCE).until(() -> loop.board().status.failure().isPresent());

        loop.post(new ReplicaEvent.Booted(AT_A, 0, Shapes.of(store.log()), 0, false));
        loop.post(new ReplicaEvent.ConfigSeen(new VersionedConfig(LED_BY_B, 1)));
        var looked = new CompletableFuture<Void>();
        loop.onLoop(() -> looked.complete(null));

        assertThat(looked).succeedsWithin(PATIENCE);
        assertThat(followed).as("whoever it was to follow").isNotDone();
    }

    /** As where thousands of replicas are opened at once: all of them are there long before the loops come to each. */
    @Test
    void noShardIsBegunOverALogThatItsLoopHasNotLookedAtYet() throws Exception {
        var write = new Write();
        store.log().incarnate(write, 1);
        node.disk.committer().commitEssential(write).join();
        node.threads.loop(SHARD.id()).execute(released::join);
        var shard = new ShardRuntime(context, SHARD, store, new SplittableRandom(1));
        var znodes = context.znodes();
        var wanted = ShardAssignment.newBuilder().setMinInsync(1);
        for (var node : List.of(A, B)) {
            wanted.addReplicas(Placement.newBuilder()
                    .setNode(node.value())
                    .setRole(io.tintype.proto.internal.v1.ReplicaRole.REPLICA_ROLE_VOTER));
        }
        var tried = new Bootstrap(A, znodes, context.peers()).attempt(shard, wanted.build(), 7);
        asked.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        released.complete(null);
        described.complete(Optional.of(new Peers.Found(AT_B, 0, 0, false)));

        assertThat(tried).failsWithin(PATIENCE);
        assertThat(znodes.read(SHARD.id()).get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .isEmpty();
    }

    @Test
    void whoeverHasAReplicaRetiredAgainIsToldOfTheSameEnd() throws Exception {
        var write = new Write();
        store.log().incarnate(write, 1);
        node.disk.committer().commitEssential(write).join();
        var shard = new ShardRuntime(context, SHARD, store, new SplittableRandom(1));

        shard.retire().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        assertThat(shard.retire()).succeedsWithin(PATIENCE);
        assertThat(shard.close()).succeedsWithin(PATIENCE);
    }

    @Test
    void aReplicaThatWasClosedComesToRestWhenItIsRetired() throws Exception {
        var write = new Write();
        store.log().incarnate(write, 1);
        node.disk.committer().commitEssential(write).join();
        var shard = new ShardRuntime(context, SHARD, store, new SplittableRandom(1));

        shard.close().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

        assertThat(shard.retire()).succeedsWithin(Duration.ofSeconds(10));
        assertThat(shard.close()).succeedsWithin(PATIENCE);
    }
}
