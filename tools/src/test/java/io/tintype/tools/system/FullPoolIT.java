// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.client.AlreadyExistsException;
import io.tintype.client.PoolEdit;
import io.tintype.client.PoolInfo;
import io.tintype.client.StorageFullException;
import io.tintype.client.TintypeClient;
import io.tintype.client.UserNotFoundException;
import io.tintype.coordinator.control.BalanceSettings;
import io.tintype.coordinator.control.ControlSettings;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The default pool is full, and the controller may not give it more shards: one story, told in order, of who comes then by
 * which way, what he is told, and that what he is told helps.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class FullPoolIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final PoolId FULL = PoolId.parse("eu.standard");
    private static final PoolId OTHER = PoolId.parse("eu.paid");
    private static final String REMEDY =
            "No shard of pool eu.standard has room for another user. The controller adds shards while region eu has nodes for"
                    + " them: try again in a minute. Else raise --users-per-shard or --bytes-per-shard by 'tintype pool"
                    + " change', or register the user in another pool.";
    /** One node, one shard, one user on it, and no other shards for want of room. */
    private static final ControlSettings CONTROL = new ControlSettings(1, 1, 1, 1, 0, 0, BalanceSettings.DEFAULTS);

    private static Regions cluster;
    private static TintypeClient client;

    @BeforeAll
    static void start() throws Exception {
        cluster = Regions.start("full-pool", CONTROL, "eu/a");
        client = cluster.client();
        Awaitility.await()
                .atMost(PATIENCE)
                .ignoreException(TintypeException.class)
                .until(() -> client.users().register("tenant").user().pool().equals(FULL));
        client.admin().createPool(new PoolInfo(OTHER, 1, 1, 100, 1));
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> client.admin().shards(OTHER).stream()
                        .anyMatch(shard -> shard.primary().isPresent()));
    }

    @AfterAll
    static void stop() {
        client.close();
        cluster.close();
    }

    @Test
    @Order(1)
    void whoeverComesIsToldTheRemedyAndStaysUnregistered() throws Exception {
        assertUsers(1); // from now on the coordinator has heard so
        for (int size : new int[] {1, 3 << 20}) {
            assertTurnedAway("by-sdk", () -> client.put("by-sdk", "cat", new byte[size]));
        }
        try (var grpc = new Grpc(cluster.server())) {
            assertThatThrownBy(() -> grpc.put("by-grpc", "cat", "", new byte[] {1}))
                    .isInstanceOfSatisfying(
                            TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.POOL_FULL))
                    .hasMessage(REMEDY);
        }
        var answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(cluster.http() + "/v1/users/by-http/blobs/cat"))
                                .PUT(BodyPublishers.ofByteArray(new byte[] {1}))
                                .build(),
                        BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(507);
        assertThat(JSON.readTree(answer.body()))
                .isEqualTo(JSON.createObjectNode().put("reason", "POOL_FULL").put("message", REMEDY));
        assertTurnedAway("by-name", () -> client.users().register("by-name"));

        for (var user : new String[] {"by-sdk", "by-grpc", "by-http", "by-name"}) {
            assertThatThrownBy(() -> client.users().lookup(user)).as(user).isInstanceOf(UserNotFoundException.class);
            assertThatThrownBy(() -> client.get(user, "cat")).as(user).isInstanceOf(UserNotFoundException.class);
        }
        assertUsers(1);
        client.put("tenant", "cat", new byte[] {1});
    }

    /** Of two who come for one place at once, one may be entered before he is turned away: he has no home, but can get one. */
    @Test
    @Order(2)
    void whatTheyAreToldHelps() {
        assertThat(client.users().register("by-name", OTHER).user().pool()).isEqualTo(OTHER);

        client.admin().changePool(PoolEdit.of(FULL).usersPerShard(2));
        Awaitility.await()
                .atMost(PATIENCE)
                .ignoreException(StorageFullException.class)
                .until(() -> client.put("by-sdk", "cat", new byte[] {2}) != null);
        // What the coordinator has heard of the shard is from before, so he is entered, and then there is no room.
        assertTurnedAway("late", () -> client.put("late", "cat", new byte[] {3}));
        assertTurnedAway("late", () -> client.put("late", "cat", new byte[] {3}));
        assertTurnedAway("later", () -> client.put("later", "cat", new byte[] {4}));
        assertUsers(2);

        client.admin().changePool(PoolEdit.of(FULL).usersPerShard(3));
        Awaitility.await("who was turned away gets in by the same call")
                .atMost(PATIENCE)
                .ignoreException(StorageFullException.class)
                .until(() -> client.put("late", "cat", new byte[] {3}) != null);
        assertThat(client.users().lookup("late").pool()).isEqualTo(FULL);
        assertTurnedAway("last", () -> client.put("last", "cat", new byte[] {5}));
        assertUsers(3);

        for (var user : new String[] {"last", "later"}) {
            assertThat(client.users().register(user, OTHER).user().pool()).isEqualTo(OTHER);
            client.put(user, "cat", new byte[] {5});
            assertThat(client.get(user, "cat").bytes()).containsExactly(5);
            assertThatThrownBy(() -> client.users().register(user, FULL))
                    .isInstanceOf(AlreadyExistsException.class)
                    .hasMessage(
                            "User '" + user + "' is registered in pool eu.paid, not eu.standard. Leave region and tier"
                                    + " out to use him as he is.");
        }
        assertThat(client.get("late", "cat").bytes()).containsExactly(3);
        assertThat(client.get("by-sdk", "cat").bytes()).containsExactly(2);
        assertUsers(3);
    }

    private static void assertTurnedAway(String user, Runnable call) {
        assertThatThrownBy(call::run)
                .as(user)
                .isInstanceOfSatisfying(
                        StorageFullException.class, e -> assertThat(e.reason()).isEqualTo(Reason.POOL_FULL))
                .hasMessage(REMEDY);
    }

    private static void assertUsers(int users) {
        assertThat(client.admin().pool(FULL).shards())
                .singleElement()
                .satisfies(shard -> assertThat(shard.users()).isEqualTo(users));
    }
}
