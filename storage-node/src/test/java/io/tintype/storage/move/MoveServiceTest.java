// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.ReadChangesRequest;
import io.tintype.proto.internal.v1.ReadHeadsRequest;
import io.tintype.proto.internal.v1.ReadOutcomesRequest;
import io.tintype.proto.internal.v1.UserMovesGrpc;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.replica.ReplicaState;
import io.tintype.storage.shard.ReadDemand;
import io.tintype.storage.shard.ReadPoint;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.storage.shard.ShardRules;
import io.tintype.storage.shard.ShardStatus;
import io.tintype.storage.shard.Shards;
import io.tintype.wire.Errors;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a copy reads of a source is never older than what it read of that source before. */
@Timeout(120)
final class MoveServiceTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    private static final ShardId SHARD = new ShardId(7);

    @TempDir
    private Path folder;

    private Disk disk;
    private ShardStore store;
    private Server server;
    private ManagedChannel channel;
    private UserMovesGrpc.UserMovesBlockingStub source;

    /** Whether the primary has applied all that was acknowledged before it led. */
    private volatile boolean serving;

    @BeforeEach
    @SuppressWarnings("NullAway") // nobody is moved, erased or copied
    void open() throws Exception {
        disk = Disk.open(DiskConfig.of(folder.resolve("disk"), CLUSTER)
                .withMemory(8 << 20, 16 << 20)
                .withReserve(0));
        store = ShardStore.open(disk, SHARD, 1 << 20);
        server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
                .addService(new MoveService(CLUSTER, shards(primary()), null, null, null, Runnable::run))
                .build()
                .start();
        channel = Grpc.newChannelBuilder("localhost:" + server.getPort(), InsecureChannelCredentials.create())
                .build();
        source = UserMovesGrpc.newBlockingStub(channel);
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        server.shutdownNow();
        disk.close();
    }

    @Test
    void aNewPrimaryTellsNothingBeforeItHasAppliedWhatTheOneBeforeMayHaveTold() {
        refused(() -> source.readHeads(heads()));
        refused(() -> source.readOutcomes(ReadOutcomesRequest.newBuilder()
                .setClusterId(CLUSTER)
                .setShard(SHARD.value())
                .setUser("alice")
                .build()));
        refused(() -> source.readChanges(ReadChangesRequest.newBuilder()
                .setClusterId(CLUSTER)
                .setShard(SHARD.value())
                .setUser("alice")
                .build()));
    }

    @Test
    void afterwardsItTellsWhatItHas() {
        serving = true;
        assertThat(source.readHeads(heads()).getMore()).isFalse();
    }

    private static ReadHeadsRequest heads() {
        return ReadHeadsRequest.newBuilder()
                .setClusterId(CLUSTER)
                .setShard(SHARD.value())
                .setUser("alice")
                .build();
    }

    private static void refused(ThrowingCallable call) {
        var failure = catchThrowable(call);
        assertThat(failure).as("it was answered").isNotNull();
        assertThat(Errors.fromWire(failure).reason()).isEqualTo(Reason.NO_PRIMARY);
    }

    private ShardReplica primary() {
        return (ShardReplica) Proxy.newProxyInstance(
                ShardReplica.class.getClassLoader(),
                new Class<?>[] {ShardReplica.class},
                (self, method, args) -> switch (method.getName()) {
                    case "id" -> SHARD;
                    case "status" -> status();
                    case "reader" -> store.reader();
                    case "begin" ->
                        serving
                                ? CompletableFuture.completedFuture(new ReadPoint((ReadDemand) args[0], 1, 0, 0, 0))
                                : CompletableFuture.failedFuture(
                                        new TintypeException(Reason.NO_PRIMARY, "it is about to begin"));
                    default -> throw new AssertionError("not expected: " + method);
                });
    }

    private static ShardStatus status() {
        return new ShardStatus(
                SHARD,
                false,
                new PoolId("r1", "standard"),
                new ShardRules(10, 0, 0, false),
                ReplicaState.PRIMARY,
                false,
                1,
                Optional.empty(),
                List.of(),
                1,
                0,
                0,
                0,
                Optional.empty());
    }

    private static Shards shards(ShardReplica only) {
        return new Shards() {
            @Override
            public Optional<ShardReplica> find(ShardId id) {
                return Optional.of(only);
            }

            @Override
            public Collection<ShardReplica> all() {
                return List.of(only);
            }
        };
    }
}
