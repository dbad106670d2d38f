// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Channel;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.CreateEntryRequest;
import io.tintype.proto.internal.v1.CreateEntryResponse;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryGrpc;
import io.tintype.proto.internal.v1.GetEntryRequest;
import io.tintype.proto.internal.v1.GetEntryResponse;
import io.tintype.wire.Errors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class DirectoryClientTest {
    private static final UserId ALICE = UserId.of("alice");
    private static final PoolId POOL = new PoolId("eu", "standard");

    /** Two nodes, of which one leads: the other refuses, as a storage node does. */
    private final class Node extends DirectoryGrpc.DirectoryImplBase {
        private final String name;

        Node(String name) {
            this.name = name;
        }

        @Override
        public void getEntry(GetEntryRequest request, StreamObserver<GetEntryResponse> out) {
            calls.incrementAndGet();
            if (name.equals(silent)) {
                return;
            }
            if (!name.equals(primary) && request.getLatest()) {
                out.onError(Errors.toWire(new TintypeException(Reason.NOT_PRIMARY, name + " does not lead")));
                return;
            }
            var entry = entries.get(request.getUser());
            if (entry == null) {
                out.onError(Errors.toWire(new TintypeException(Reason.USER_NOT_FOUND, "no such user")));
                return;
            }
            out.onNext(GetEntryResponse.newBuilder().setEntry(entry).build());
            out.onCompleted();
        }

        @Override
        public void createEntry(CreateEntryRequest request, StreamObserver<CreateEntryResponse> out) {
            var mine = DirectoryEntry.newBuilder()
                    .setGeneration(1)
                    .setHome(request.getHome())
                    .setPool(request.getPool())
                    .build();
            var there = entries.putIfAbsent(request.getUser(), mine);
            out.onNext(CreateEntryResponse.newBuilder()
                    .setEntry(there == null ? mine : there)
                    .setCreated(there == null)
                    .build());
            out.onCompleted();
        }
    }

    private final Map<String, DirectoryEntry> entries = new ConcurrentHashMap<>();
    private final Map<String, ManagedChannel> channels = new HashMap<>();
    private final Map<String, Server> servers = new HashMap<>();
    private final AtomicInteger calls = new AtomicInteger();
    private volatile String primary = "a";
    private volatile String silent = "";
    private volatile String believed = "a";
    private volatile List<String> known = List.of("a", "b");
    private final DirectoryLocator locator = new DirectoryLocator() {
        @Override
        public CompletableFuture<Place> locate(UserId user, boolean afresh) {
            if (afresh) {
                believed = primary;
            }
            return CompletableFuture.completedFuture(place(believed));
        }

        @Override
        public List<Place> replicas(UserId user) {
            return known.stream().map(this::place).toList();
        }

        private Place place(String name) {
            return new Place(new ShardId(1), name);
        }
    };
    private DirectoryClient client = new DirectoryClient(locator, this::channel, "c");

    @BeforeEach
    void start() throws Exception {
        for (var name : new String[] {"a", "b"}) {
            var server = InProcessServerBuilder.forName("dir-" + name)
                    .directExecutor()
                    .addService(new Node(name))
                    .build()
                    .start();
            servers.put(name, server);
            channels.put(
                    name,
                    InProcessChannelBuilder.forName("dir-" + name)
                            .directExecutor()
                            .build());
        }
        client = new DirectoryClient(locator, this::channel, "c");
    }

    @AfterEach
    void stop() {
        channels.values().forEach(ManagedChannel::shutdownNow);
        servers.values().forEach(Server::shutdownNow);
    }

    @Test
    void anAnswerIsRememberedUntilItTurnsOutWrong() throws Exception {
        entries.put("alice", entry(1, 5));
        assertThat(home()).isEqualTo(new UserHome(new ShardId(5), 1, POOL));
        assertThat(home()).isEqualTo(new UserHome(new ShardId(5), 1, POOL));
        assertThat(calls).hasValue(1);
        entries.put("alice", entry(2, 6));
        client.invalidate(ALICE, home());
        var newer = home();
        assertThat(newer).isEqualTo(new UserHome(new ShardId(6), 2, POOL));
        client.invalidate(ALICE, new UserHome(new ShardId(5), 1, POOL));
        home();
        assertThat(calls).as("old news do not drop a newer answer").hasValue(2);
    }

    @Test
    void aNewPrimaryIsFoundWithoutTheCallerNoticing() throws Exception {
        entries.put("alice", entry(1, 5));
        primary = "b";
        assertThat(home().shard()).isEqualTo(new ShardId(5));
    }

    @Test
    void aUserIsFoundByTheOtherReplicasWhileThePrimaryIsSilent() throws Exception {
        entries.put("alice", entry(1, 5));
        silent = "a";
        var deadline = Deadline.after(60, TimeUnit.SECONDS);
        var strict = client.lookupLatest(ALICE, deadline);
        assertThat(home().shard()).isEqualTo(new ShardId(5));
        assertThat(client.lookupHint(ALICE, deadline).get(5, TimeUnit.SECONDS).shard())
                .isEqualTo(new ShardId(5));
        assertThat(strict).as("what holds now only the primary can say").isNotDone();
    }

    @Test
    void aUserIsFoundByTheOnlyReplicaThatCanBeFound() throws Exception {
        entries.put("alice", entry(1, 5));
        silent = "a";
        known = List.of("b");
        assertThat(home().shard()).isEqualTo(new ShardId(5));
    }

    @Test
    void thatAUserIsUnknownOnlyThePrimaryCanSay() throws Exception {
        silent = "a";
        var asked = client.lookupHint(ALICE, Deadline.after(60, TimeUnit.SECONDS));
        Awaitility.await().until(() -> calls.get() >= 3); // the primary, and then both
        entries.put("alice", entry(1, 5));
        silent = "";
        assertThat(asked.get(30, TimeUnit.SECONDS).shard()).isEqualTo(new ShardId(5));
    }

    @Test
    void anUnknownUserIsReportedAtOnceAndNotRemembered() throws Exception {
        assertThatThrownBy(this::home)
                .hasCauseInstanceOf(TintypeException.class)
                .cause()
                .extracting(e -> ((TintypeException) e).reason())
                .isEqualTo(Reason.USER_NOT_FOUND);
        entries.put("alice", entry(1, 5));
        assertThat(home().shard()).isEqualTo(new ShardId(5));
    }

    @Test
    void ofTwoWhoEnterAUserOneWinsAndBothLearnHisHome() throws Exception {
        var deadline = Deadline.after(5, TimeUnit.SECONDS);
        var first = client.create(ALICE, new ShardId(7), POOL, deadline).get(5, TimeUnit.SECONDS);
        var second = client.create(ALICE, new ShardId(8), POOL, deadline).get(5, TimeUnit.SECONDS);
        assertThat(first.created()).isTrue();
        assertThat(second.created()).isFalse();
        assertThat(second.home()).isEqualTo(first.home());
        home();
        assertThat(calls).as("entering is remembered too").hasValue(0);
    }

    /** However many ask after users, and however many there are. */
    @Test
    void soManyUsersAreRememberedAndNoMore() throws Exception {
        int users = RememberedHomes.MOST_USERS + 5_000;
        var deadline = Deadline.after(5, TimeUnit.MINUTES);
        for (int i = 0; i < users; i++) {
            assertThat(client.create(user(i), new ShardId(7), POOL, deadline)
                            .get(5, TimeUnit.SECONDS)
                            .created())
                    .isTrue();
        }
        Awaitility.await("the others are forgotten in the background")
                .untilAsserted(() -> assertThat(IntStream.range(0, users)
                                .filter(i -> client.remembered(user(i)).isPresent())
                                .count())
                        .isEqualTo(RememberedHomes.MOST_USERS));
        int forgotten = IntStream.range(0, users)
                .filter(i -> client.remembered(user(i)).isEmpty())
                .findFirst()
                .orElseThrow();
        assertThat(calls).hasValue(0);
        assertThat(client.lookup(user(forgotten)).get(5, TimeUnit.SECONDS).shard())
                .as("asked for anew")
                .isEqualTo(new ShardId(7));
        assertThat(calls).hasValue(1);
    }

    private static UserId user(int i) {
        return UserId.of("user-" + i);
    }

    @Test
    void withoutAPrimaryTheLastRefusalIsToldWhenTimeIsUp() {
        primary = "nobody";
        believed = "a";
        DirectoryLocator stuck =
                (user, afresh) -> CompletableFuture.completedFuture(new DirectoryLocator.Place(new ShardId(1), "a"));
        var impatient = new DirectoryClient(stuck, this::channel, "c");
        assertThatThrownBy(() -> impatient
                        .lookupLatest(ALICE, Deadline.after(2, TimeUnit.SECONDS))
                        .get(30, TimeUnit.SECONDS))
                .hasMessageContaining("a does not lead");
        assertThat(calls.get()).isBetween(2, 20);
    }

    private Channel channel(String name) {
        return Objects.requireNonNull(channels.get(name), name);
    }

    private UserHome home() throws Exception {
        return client.lookup(ALICE).get(5, TimeUnit.SECONDS);
    }

    private static DirectoryEntry entry(long generation, int home) {
        return DirectoryEntry.newBuilder()
                .setGeneration(generation)
                .setHome(home)
                .setPool("eu.standard")
                .build();
    }
}
