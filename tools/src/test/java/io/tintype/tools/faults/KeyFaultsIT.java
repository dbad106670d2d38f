// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.client.BlobNotFoundException;
import io.tintype.client.Erasure;
import io.tintype.client.PoolInfo;
import io.tintype.client.TintypeClient;
import io.tintype.client.UserErasedException;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.keys.KeySourceProvider;
import io.tintype.tools.balance.Fleet;
import io.tintype.tools.system.LiveFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * What keeps users' keys fails: its disk is full, or takes no changes, or the node that destroys a key dies of it. Nobody's bytes
 * are stored without a key, nobody is said to be erased whose key is there, and nobody else notices.
 */
@Tag("beside-another")
@Timeout(value = 8, unit = TimeUnit.MINUTES)
final class KeyFaultsIT {
    private static final Path FOLDER = Path.of("target", "key-faults").toAbsolutePath();
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final PoolId SEALED = PoolId.parse("local.sealed");
    private static final List<String> NODES = List.of("n1", "n2", "n3");
    private static final String MARK = "a picture that nobody shall see ";
    private static final byte[] IMAGE = MARK.repeat(5_000).getBytes(StandardCharsets.UTF_8);

    private @Nullable Fleet fleet;
    private @Nullable TintypeClient client;

    @AfterEach
    void stop() {
        if (client != null) {
            client.close();
        }
        if (fleet != null) {
            fleet.close();
        }
    }

    /** Takes a minute, most of which clients wait for what does not come. */
    @Test
    @EnabledIfSystemProperty(named = "keys.faults", matches = "all")
    void aDiskOfKeysThatIsFullOrTakesNoChanges() throws Exception {
        Files.createDirectories(FOLDER);
        LoopDisk.releaseLeftovers(FOLDER);
        Machine.look(FOLDER).lacks(Need.DISKS).ifPresent(what -> {
            System.out.println("SKIPPED: no disk of keys was filled: " + what);
            Assumptions.abort(what);
        });
        try (var disk = LoopDisk.create(Files.createTempDirectory(FOLDER, "disk-"), "keys")) {
            var keys = Files.createDirectories(disk.data());
            start("key-disk", "file:" + keys + "?master=" + master(), List.of());
            var users = client();
            var hasty = fleet().builder("c1").maxAttempts(2).build();
            for (var user : List.of("bob", "carol")) {
                users.users().register(user, SEALED);
                users.put(user, "cat", IMAGE);
            }
            users.users().register("alice", SEALED);

            disk.fillToTheLastBlock();
            // Whoever sent everything and heard "unavailable" cannot know that it was refused before anything was
            // written.
            assertRefused(
                    Reason.OUTCOME_UNKNOWN,
                    () -> hasty.put("alice", "cat", IMAGE),
                    "the key of user 'alice'",
                    "cannot be made",
                    "No space left");
            assertThatThrownBy(() -> users.get("alice", "cat")).isInstanceOf(BlobNotFoundException.class);
            assertThat(users.users().usage("alice").blobs()).isZero();
            assertThat(LiveFiles.keys(keys))
                    .as("keys of others, and no half of one")
                    .hasSize(2);
            // Nobody else notices.
            users.put("bob", "dog", IMAGE);
            assertThat(users.get("bob", "dog").bytes()).isEqualTo(IMAGE);
            assertThat(users.get("bob", "cat").bytes()).isEqualTo(IMAGE);
            users.put("open", "cat", IMAGE);
            assertThat(users.get("open", "cat").bytes()).isEqualTo(IMAGE);
            // Destroying takes no room.
            var carol = erased("carol");
            assertThat(carol.keyGone()).isTrue();
            assertThat(LiveFiles.keys(keys)).hasSize(1);

            disk.free();
            users.put("alice", "cat", IMAGE);
            assertThat(users.get("alice", "cat").bytes()).isEqualTo(IMAGE);
            assertThat(LiveFiles.keys(keys)).hasSize(2);

            disk.makeReadOnly();
            assertRefused(
                    Reason.UNAVAILABLE,
                    () -> hasty.users().erase("alice", 0),
                    "the key of user 'alice'",
                    "cannot be destroyed",
                    "Read-only");
            assertRefused(Reason.UNAVAILABLE, () -> hasty.users().erase("alice", 0), "cannot be destroyed");
            assertThatThrownBy(() -> users.get("alice", "cat"))
                    .as("he is being erased nevertheless")
                    .isInstanceOf(UserErasedException.class);
            assertThat(LiveFiles.keys(keys)).as("the key is there").hasSize(2);
            users.put("bob", "cow", IMAGE);
            assertThat(users.get("bob", "cow").bytes()).isEqualTo(IMAGE);

            disk.makeWritable();
            assertThat(erased("alice").keyGone()).isTrue();
            assertThat(LiveFiles.keys(keys)).hasSize(1);
            assertThat(users.get("bob", "cat").bytes()).isEqualTo(IMAGE);
            hasty.close();
        }
    }

    @Test
    void aNodeThatDiesWhenTheKeyIsDestroyedAndTheEndIsNotNoted() throws Exception {
        Files.createDirectories(FOLDER);
        var folder = Files.createTempDirectory(FOLDER, "dying-");
        var keys = Files.createDirectories(folder.resolve("keys"));
        var by = folder.resolve("by");
        var services = Files.createDirectories(folder.resolve("classes").resolve("META-INF/services"));
        Files.writeString(services.resolve(KeySourceProvider.class.getName()), DyingKeys.class.getName());
        var classPath = String.join(
                ":",
                Fleet.classPath(),
                folder.resolve("classes").toString(),
                Path.of("target", "test-classes").toAbsolutePath().toString());
        start("dying-keys", "dying:" + keys + "?master=" + master() + "#" + by, List.of("-cp", classPath));
        var users = client();
        for (var user : List.of("alice", "bob")) {
            users.users().register(user, SEALED);
            users.put(user, "cat", IMAGE);
        }
        assertThat(LiveFiles.keys(keys)).hasSize(2);

        // Who was to note the end is dead before he can; who is asked next does it.
        assertThat(erased("alice").keyGone()).isTrue();
        var dead = Awaitility.await("the node that destroyed his key says so")
                .atMost(PATIENCE)
                .until(() -> whoDied(by), Optional::isPresent)
                .orElseThrow();
        fleet().kill(dead); // it is dead; this waits for it
        assertThat(LiveFiles.keys(keys)).as("his key is gone").hasSize(1);
        assertThat(withText(MARK)).as("bytes of his, as they were").isEmpty();
        assertThatThrownBy(() -> users.get("alice", "cat")).isInstanceOf(UserErasedException.class);
        assertThat(users.get("bob", "cat").bytes()).isEqualTo(IMAGE);
        fleet().node(dead, Map.of("TINTYPE_CONFIG_KEYS_SOURCE", "file:" + keys + "?master=" + master()));
        assertThat(erased("alice").keyGone()).isTrue();
        assertThat(LiveFiles.keys(keys)).as("nobody made another one").hasSize(1);
        assertThat(withText(MARK)).isEmpty();
        assertThat(users.get("bob", "cat").bytes()).isEqualTo(IMAGE);
    }

    private Optional<String> whoDied(Path by) throws IOException {
        if (!Files.exists(by)) {
            return Optional.empty();
        }
        var process = Files.readString(by);
        return NODES.stream()
                .filter(node -> Long.toString(fleet().pid(node)).equals(process))
                .findFirst();
    }

    private void start(String name, String source, List<String> java) throws Exception {
        fleet = Fleet.start(name, Map.of());
        for (var node : NODES) {
            fleet().node(node, Map.of("TINTYPE_CONFIG_KEYS_SOURCE", source), java);
        }
        fleet().coordinator("c1");
        client = fleet().builder("c1").requestTimeout(Duration.ofSeconds(20)).build();
        Awaitility.await("somebody is registered")
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(TintypeException.class)
                .until(() -> client().users().register("open").user().pool(), pool -> true);
        var pool = new PoolInfo(SEALED, 3, 2, 1_000, 1, 0, 0, 0, false, false, List.of(), "", "", Set.of(), true);
        assertThat(client().admin().createPool(pool).sealed()).isTrue();
        Awaitility.await("all replicas are in sync")
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(TintypeException.class)
                .until(() -> client().admin().shards(SEALED).stream()
                                .anyMatch(shard -> shard.primary().isPresent())
                        && client().admin().shards().stream()
                                .allMatch(shard -> shard.inSync().size() == NODES.size()));
    }

    private Fleet fleet() {
        return Objects.requireNonNull(fleet);
    }

    private TintypeClient client() {
        return Objects.requireNonNull(client);
    }

    private Erasure erased(String user) {
        return Awaitility.await(user + " is erased")
                .atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(TintypeException.class) // while somebody is elected
                .until(
                        () -> client().users().erase(user, 0),
                        now -> now.erased().isPresent());
    }

    private static void assertRefused(Reason reason, ThrowingCallable call, String... words) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        TintypeException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(reason))
                .hasMessageContainingAll(words);
    }

    /** Files of nodes that have a text in them. */
    private List<Path> withText(String text) throws IOException {
        var found = new ArrayList<Path>();
        for (var node : NODES) {
            found.addAll(LiveFiles.with(fleet().folder().resolve(node), text.getBytes(StandardCharsets.UTF_8)));
        }
        return found;
    }

    private static Path master() throws IOException {
        return Files.writeString(FOLDER.resolve("master"), "5a".repeat(32));
    }
}
