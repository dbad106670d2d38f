// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.client.TintypeClient;
import io.tintype.tools.balance.Fleet;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@code tintype verify} against real replicas: whole ones, one that is down, and one whose disk turned bits over. */
@Tag("beside-another")
final class VerifyIT {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final long SEED = 20_261_128;

    @Test
    void whatIsWholeIsProvedAndWhatIsNotIsNamed() throws Exception {
        try (var fleet = Fleet.start("verify", Map.of())) {
            for (var node : new String[] {"n1", "n2", "n3"}) {
                fleet.node(node);
            }
            fleet.coordinator("c1");
            try (var client = fleet.client("c1")) {
                var random = new Random(SEED);
                for (int i = 0; i < 40; i++) {
                    var bytes = new byte[100_000];
                    random.nextBytes(bytes);
                    client.put("alice", "image-" + i, bytes);
                }
                awaitSafe(client);
                int shard = client.users().lookup("alice").shard().value();

                var all = verify(fleet, 0);
                assertThat(all.findValuesAsText("ok")).isNotEmpty().containsOnly("true");
                var whole = verify(fleet, 0, Integer.toString(shard), "--bytes").get(0);
                assertThat(whole.get("replicas")).hasSize(3);
                assertThat(whole.findValues("digest").stream().distinct()).hasSize(1);
                for (var replica : whole.get("replicas")) {
                    assertThat(replica.get("bytesRead").asLong())
                            .as("%s", replica)
                            .isGreaterThanOrEqualTo(4_000_000);
                }
                verify(fleet, 3, "999999");

                fleet.kill("n3");
                Awaitility.await("n3 is missed")
                        .atMost(LONG)
                        .until(() -> client.admin().nodes().stream()
                                .anyMatch(node -> !node.node().live()));
                assertThat(verify(fleet, 5, Integer.toString(shard)).findValuesAsText("notSeen"))
                        .containsOnlyOnce("is down");

                // At a start what is in RocksDB's log becomes files.
                fleet.node("n3");
                fleet.kill("n3");
                flip(fleet.folder().resolve("n3"));
                fleet.node("n3");
                awaitSafe(client);
                var damaged =
                        verify(fleet, 7, Integer.toString(shard), "--bytes").get(0);
                assertThat(damaged.get("damaged").asBoolean()).isTrue();
                for (var replica : damaged.get("replicas")) {
                    assertThat(replica.get("badChunks").asLong() > 0)
                            .as("%s", replica)
                            .isEqualTo(replica.get("node").asText().equals("n3"));
                }
            }
        }
    }

    private static JsonNode verify(Fleet fleet, int exitCode, String... more) throws Exception {
        var words = new ArrayList<>(List.of("verify", "--json"));
        words.addAll(List.of(more));
        var run = Command.run(fleet.address("c1"), words.toArray(String[]::new));
        assertThat(run.code()).as("%s", run).isEqualTo(exitCode);
        return new ObjectMapper().readTree(run.out());
    }

    private static void awaitSafe(TintypeClient client) {
        Awaitility.await("all replicas are in sync")
                .atMost(LONG)
                .until(() -> client.balancing().status().getSafe());
    }

    /** Turns one bit over, in the middle of the largest file in which a store keeps bytes of images. */
    private static void flip(Path data) throws IOException {
        try (var tree = Files.walk(data)) {
            var file = tree.filter(path -> path.toString().endsWith(".blob"))
                    .max(Comparator.comparingLong(VerifyIT::size))
                    .orElseThrow();
            try (var bytes = new RandomAccessFile(file.toFile(), "rw")) {
                long at = bytes.length() / 2;
                bytes.seek(at);
                int value = bytes.read();
                bytes.seek(at);
                bytes.write(value ^ 1);
            }
        }
    }

    private static long size(Path path) {
        return path.toFile().length();
    }
}
