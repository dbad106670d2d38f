// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.client.memory.Content;
import io.tintype.client.memory.Faults;
import io.tintype.client.memory.InMemoryTintype;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No wrong byte is ever handed out. */
final class IntegrityTest {
    private static final byte[] BYTES = Clusters.bytes(1_500_000, 8);

    private final InMemoryTintype cluster = new InMemoryTintype();
    private final TintypeClient client = Clusters.client(cluster).build();

    @TempDir
    private Path folder;

    @BeforeEach
    void store() {
        Clusters.warmUp(client, cluster, "alice");
        client.put("alice", "b", BYTES);
    }

    @AfterEach
    void close() {
        client.close();
        cluster.close();
    }

    private void breakNextGets(int times, Faults.Kind kind) {
        cluster.faults.next(times, kind, call -> call.endsWith(" Get"));
    }

    @ParameterizedTest
    @EnumSource(
            value = Faults.Kind.class,
            names = {"CORRUPT_FRAME", "CORRUPT_WHOLE", "BREAK"})
    void oneBadAnswerIsMadeGoodElsewhere(Faults.Kind kind) {
        breakNextGets(1, kind);
        assertThat(client.get("alice", "b").bytes()).isEqualTo(BYTES);

        breakNextGets(1, kind);
        client.getTo("alice", "b", folder.resolve("out"));
        assertThat(folder.resolve("out")).hasBinaryContent(BYTES);
        if (kind != Faults.Kind.BREAK) {
            assertThat(cluster.faults.calls("Get")).contains("c0 Get");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1000, 1_500_000})
    void twoBadAnswersAreAFailureAndNeverBytes(int size) {
        client.put("alice", "c", Arrays.copyOf(BYTES, size));
        breakNextGets(2, Faults.Kind.CORRUPT_FRAME);
        assertThatThrownBy(() -> client.get("alice", "c")).isInstanceOf(CorruptDataException.class);

        breakNextGets(2, Faults.Kind.CORRUPT_WHOLE);
        assertThatThrownBy(() -> client.getTo("alice", "c", folder.resolve("out")))
                .isInstanceOf(CorruptDataException.class)
                .hasMessageContaining("checksum");
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest
    @EnumSource(
            value = Faults.Kind.class,
            names = {"CORRUPT_FRAME", "BREAK"})
    void aStreamGoesOnWhereItBroke(Faults.Kind kind) throws IOException {
        breakNextGets(1, kind);

        try (var in = client.open("alice", "b")) {
            assertThat(in.readAllBytes()).isEqualTo(BYTES);
        }
        assertThat(cluster.faults.calls("Get")).hasSize(2);
    }

    @Test
    @Timeout(60)
    void aStreamThatBeginsAnewBeforeAnythingWasTakenIsReadToItsEnd() throws IOException {
        breakNextGets(1, Faults.Kind.BREAK_LATER);
        breakNextGets(1, Faults.Kind.CONFLICT);

        try (var in = client.open("alice", "b")) {
            awaitThirdGet();
            assertThat(in.readAllBytes()).isEqualTo(BYTES);
        }
        assertThat(cluster.faults.calls("Get")).hasSize(3);
    }

    @Test
    @Timeout(60)
    void aPublisherThatBeginsAnewBeforeAnythingWasTakenIsReadToItsEnd() throws Exception {
        breakNextGets(1, Faults.Kind.BREAK_LATER);
        breakNextGets(1, Faults.Kind.CONFLICT);

        var opening = client.async().openPublisher("alice", "b", GetOptions.DEFAULT);
        try (var publisher = opening.get(20, TimeUnit.SECONDS)) {
            awaitThirdGet();
            assertThat(Collector.collect(publisher)).isEqualTo(BYTES);
        }
        assertThat(cluster.faults.calls("Get")).hasSize(3);
    }

    /** After three frames the stream broke, its version was said to be gone, and it is opened from its beginning. */
    private void awaitThirdGet() {
        Awaitility.await()
                .atMost(Clusters.SOON)
                .until(() -> cluster.faults.calls("Get").size() >= 3);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1000, 1_500_000})
    void nobodyWaitsForAnEndOnceAllBytesAreThereAndAnEndThatNeverComesIsGivenUp(int size) {
        try (var other =
                Clusters.client(cluster).requestTimeout(Duration.ofMillis(500)).build()) {
            other.put("alice", "c", Arrays.copyOf(BYTES, size));
            long cancelled = cluster.cancelled.get();
            breakNextGets(1, Faults.Kind.NO_END);

            assertThat(other.get("alice", "c").bytes()).isEqualTo(Arrays.copyOf(BYTES, size));

            assertThat(cluster.faults.calls("Get")).hasSize(1);
            Awaitility.await().atMost(Clusters.SOON).until(() -> cluster.cancelled.get() > cancelled);
        }
    }

    @Test
    void streamsThatNeverBringAByteAreNotOpenedForEver() {
        breakNextGets(5, Faults.Kind.HEAD_ONLY);
        assertThat(client.get("alice", "b").bytes()).isEqualTo(BYTES);

        breakNextGets(1000, Faults.Kind.HEAD_ONLY);
        int before = cluster.faults.calls("Get").size();
        assertThatThrownBy(() -> client.get("alice", "b")).isInstanceOf(UnavailableException.class);
        assertThat(cluster.faults.calls("Get")).hasSizeLessThan(before + 20);
    }

    @Test
    void anEmptyBlobWithAnotherChecksumIsAskedForOnceMoreAndNeverHandedOut() {
        client.put("alice", "empty", new byte[0]);

        breakNextGets(1, Faults.Kind.CORRUPT_WHOLE);
        assertThat(client.get("alice", "empty").length()).isZero();

        breakNextGets(2, Faults.Kind.CORRUPT_WHOLE);
        assertThatThrownBy(() -> client.get("alice", "empty"))
                .isInstanceOf(CorruptDataException.class)
                .hasMessageContaining("came empty");
    }

    @Test
    void aStreamWhoseWholeIsWrongFailsBeforeItsEnd() throws IOException {
        breakNextGets(9, Faults.Kind.CORRUPT_WHOLE);
        var out = new ByteArrayOutputStream();

        try (var in = client.open("alice", "b")) {
            assertThatThrownBy(() -> in.transferTo(out))
                    .isInstanceOf(IOException.class)
                    .hasCauseInstanceOf(CorruptDataException.class);
        }
        assertThat(out.size()).isLessThan(BYTES.length);
    }

    @Test
    void aBlobReplacedWhileItIsReadIsNeverMixed() throws IOException {
        cluster.plant("alice", "huge", Content.repeated(32 << 20));
        byte[] first = new byte[1 << 20];
        try (var in = client.open("alice", "huge")) {
            assertThat(in.readNBytes(first, 0, first.length)).isEqualTo(first.length);
            client.put("alice", "huge", new byte[10]);
            cluster.stop("n0");

            assertThatThrownBy(in::readAllBytes)
                    .isInstanceOf(IOException.class)
                    .hasCauseInstanceOf(VersionGoneException.class);
        }
        assertThat(client.get("alice", "huge").length()).isEqualTo(10);
    }

    @Test
    void bytesChangedWhileTheyAreSentAreRefused() {
        // The server compares what arrives with what the client computed, so this test changes what it stores instead:
        // an answer that names other bytes than were sent is no success.
        cluster.plant("alice", "c", Content.forgotten(10, 1));
        assertThatThrownBy(() -> client.put(
                        "alice",
                        "c",
                        BlobSource.of(new byte[10]),
                        PutOptions.DEFAULT.withRequestId(cluster.lastPlanted())))
                .isInstanceOf(CorruptDataException.class)
                .hasMessageContaining("other bytes");
    }
}
