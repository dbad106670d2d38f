// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.cluster.directory.DirectoryLocator;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.AbortMoveRequest;
import io.tintype.proto.internal.v1.AbortMoveResponse;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryGrpc;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.FreezeUser;
import io.tintype.proto.internal.v1.GetEntryRequest;
import io.tintype.proto.internal.v1.GetEntryResponse;
import io.tintype.proto.internal.v1.ImportUser;
import io.tintype.proto.internal.v1.MoveEnd;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.ReplicaState;
import io.tintype.storage.shard.Committed;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.ShardRules;
import io.tintype.storage.shard.ShardStatus;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A source gives a move up once its user has been frozen for too long, and not before. */
@Timeout(120)
final class UserMoverTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    private static final ShardId SHARD = new ShardId(7);
    private static final ShardId TARGET = new ShardId(9);
    private static final UserId ALICE = UserId.of("alice");
    private static final long MOVE = 2;
    private static final long HOUR_MS = Duration.ofHours(1).toMillis();

    @TempDir
    private Path folder;

    private final AtomicLong nanos = new AtomicLong();
    private final List<MoveEnd> givenUp = Collections.synchronizedList(new ArrayList<>());
    private final Pulls pulls = pulls();
    private Disk disk;
    private ShardStore store;
    private Server server;
    private ManagedChannel channel;
    private UserMover mover;

    @BeforeEach
    @SuppressWarnings("NullAway") // nobody is told
    void open() throws Exception {
        disk = Disk.open(DiskConfig.of(folder.resolve("disk"), CLUSTER)
                .withMemory(8 << 20, 16 << 20)
                .withReserve(0));
        store = ShardStore.open(disk, SHARD, 1 << 20);
        server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(directory())
                .build()
                .start();
        channel = Grpc.newChannelBuilder("localhost:" + server.getPort(), InsecureChannelCredentials.create())
                .build();
        DirectoryLocator locator = (user, afresh) ->
                CompletableFuture.completedFuture(new DirectoryLocator.Place(new ShardId(1), "directory:1"));
        mover = new UserMover(
                new DirectoryClient(locator, address -> channel, CLUSTER),
                pulls,
                null,
                Runnable::run,
                new FrozenTimes(nanos::get));
    }

    /** Nobody has anything to copy. */
    @SuppressWarnings("NullAway") // nobody is asked
    private static Pulls pulls() {
        return new Pulls(null, null, shard -> CompletableFuture.completedFuture(List.of()), MoveSettings.DEFAULT);
    }

    @AfterEach
    void close() {
        pulls.close();
        channel.shutdownNow();
        server.shutdownNow();
        disk.close();
    }

    /** The user is on his way until somebody gives it up. */
    private DirectoryGrpc.DirectoryImplBase directory() {
        return new DirectoryGrpc.DirectoryImplBase() {
            @Override
            public void getEntry(GetEntryRequest request, StreamObserver<GetEntryResponse> out) {
                out.onNext(GetEntryResponse.newBuilder().setEntry(entry()).build());
                out.onCompleted();
            }

            @Override
            public void abortMove(AbortMoveRequest request, StreamObserver<AbortMoveResponse> out) {
                givenUp.add(request.getWhy());
                out.onNext(AbortMoveResponse.newBuilder().setEntry(entry()).build());
                out.onCompleted();
            }
        };
    }

    private DirectoryEntry entry() {
        var entry = DirectoryEntry.newBuilder().setHome(SHARD.value()).setPool("local.standard");
        return givenUp.isEmpty()
                ? entry.setState(DirectoryState.DIRECTORY_STATE_MOVING)
                        .setGeneration(1)
                        .setMove(MOVE)
                        .setTo(TARGET.value())
                        .build()
                : entry.setState(DirectoryState.DIRECTORY_STATE_ACTIVE)
                        .setGeneration(MOVE + 1)
                        .build();
    }

    /** He is frozen, and the log's clock says it was then. */
    private void freeze(long logTimeMs) {
        apply(
                logTimeMs,
                RecordType.USER_CLAIM,
                ClaimUser.newBuilder().setGeneration(1).setUsersLimit(10).build());
        apply(
                logTimeMs,
                RecordType.USER_FREEZE,
                FreezeUser.newBuilder()
                        .setGeneration(1)
                        .setMove(MOVE)
                        .setTo(TARGET.value())
                        .build());
    }

    private void apply(long logTimeMs, RecordType type, MessageLite payload) {
        var unused = apply(logTimeMs, Proposal.of(type, ALICE, payload.toByteString()));
    }

    private Committed apply(long logTimeMs, Proposal proposal) {
        var record = new LogRecord(
                1,
                store.machine().applied().seq() + 1,
                1,
                logTimeMs,
                proposal.type(),
                proposal.user(),
                null,
                proposal.payload());
        var applied = store.machine().apply(List.of(record)).get(0);
        return new Committed(applied.at(), applied.outcome(), List.of());
    }

    private ShardReplica shard() {
        return (ShardReplica) Proxy.newProxyInstance(
                ShardReplica.class.getClassLoader(),
                new Class<?>[] {ShardReplica.class},
                (self, method, args) -> switch (method.getName()) {
                    case "id" -> SHARD;
                    case "reader" -> store.reader();
                    case "status" -> status();
                    case "propose" ->
                        CompletableFuture.completedFuture(apply(store.machine().logTimeMs(), (Proposal) args[0]));
                    default -> throw new AssertionError("a move called " + method);
                });
    }

    private static ShardStatus status() {
        return new ShardStatus(
                SHARD,
                false,
                new PoolId("local", "standard"),
                new ShardRules(10, 0, 0, false),
                ReplicaState.PRIMARY,
                true,
                1,
                Optional.empty(),
                List.of(),
                1,
                0,
                0,
                0,
                Optional.empty());
    }

    private OwnershipState settled() throws Exception {
        return mover.settle(shard(), ALICE).get(60, TimeUnit.SECONDS).getState();
    }

    private void staysFrozenForTwoSecondsAndNoLonger() throws Exception {
        assertThat(settled()).isEqualTo(OwnershipState.OWNERSHIP_STATE_FROZEN);
        nanos.addAndGet(MoveStep.FROZEN_LIMIT.toNanos());
        assertThat(settled()).as("at the limit").isEqualTo(OwnershipState.OWNERSHIP_STATE_FROZEN);
        assertThat(givenUp).isEmpty();
        nanos.addAndGet(Duration.ofMillis(1).toNanos());
        assertThat(settled()).as("behind the limit").isEqualTo(OwnershipState.OWNERSHIP_STATE_ACTIVE);
        assertThat(givenUp).containsExactly(MoveEnd.MOVE_END_FROZEN_TOO_LONG);
    }

    @Test
    void aLogWhoseClockIsBehindDoesNotEndMovesAtOnce() throws Exception {
        freeze(System.currentTimeMillis() - HOUR_MS);
        staysFrozenForTwoSecondsAndNoLonger();
    }

    @Test
    void aLogWhoseClockIsAheadKeepsNobodyFrozen() throws Exception {
        freeze(System.currentTimeMillis() + HOUR_MS);
        staysFrozenForTwoSecondsAndNoLonger();
    }

    /** A mover had taken him half in, died, and left a chunk. */
    private UploadId chunkLeftBehind(long generation, long move) {
        long nowMs = System.currentTimeMillis();
        apply(
                nowMs,
                RecordType.USER_IMPORT,
                ImportUser.newBuilder()
                        .setGeneration(generation)
                        .setMove(move)
                        .setFrom(TARGET.value())
                        .setUsersLimit(10)
                        .build());
        var left = new UploadId(nowMs, 5);
        var write = new Write();
        var data = ByteString.copyFromUtf8("a chunk");
        store.chunks().stage(write, new ChunkKey(ALICE, left, 0), new Chunk(data, Crc32c.of(data)));
        disk.committer().commit(write).join();
        assertThat(store.reader().openUploads(ALICE, 10)).containsExactly(left);
        return left;
    }

    @Test
    void whatADeadMoverLeftIsGivenUpWithItsMove() throws Exception {
        var left = chunkLeftBehind(0, 1);
        assertThat(settled())
                .as("the directory is at a later move")
                .isEqualTo(OwnershipState.OWNERSHIP_STATE_IMPORTING);
        givenUp.add(MoveEnd.MOVE_END_CANCELLED);
        assertThat(settled()).isEqualTo(OwnershipState.OWNERSHIP_STATE_GONE);
        assertThat(store.chunks().closed(ALICE, left)).isTrue();
    }

    @Test
    void whatADeadMoverLeftIsGivenUpByTheNextOne() {
        var left = chunkLeftBehind(1, MOVE);
        pulls.start(shard(), ALICE, new MoveStep.Pull(1, MOVE, TARGET.value()), () -> {
            throw new AssertionError("nothing can be copied");
        });
        await().atMost(Duration.ofSeconds(60)).until(() -> pulls.brokenOff() == 1);
        assertThat(store.chunks().closed(ALICE, left)).isTrue();
    }
}
