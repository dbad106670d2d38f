// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tintype.client.memory.Faults;
import io.tintype.client.memory.InMemoryTintype;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the client repeats, what it does not, and what it then says. */
final class RetryTest {
    private final InMemoryTintype cluster = new InMemoryTintype();
    private final List<CallReport> reports = new CopyOnWriteArrayList<>();
    private final TintypeClient client =
            Clusters.client(cluster).listener(reports::add).build();

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        client.close();
        cluster.close();
    }

    @Test
    void aLostAnswerIsAskedForAgainAndTheWriteAppliedOnce() throws Exception {
        byte[] small = Clusters.bytes(1000, 1);
        byte[] large = Clusters.bytes(1_000_000, 2);
        Path file = Files.write(folder.resolve("in"), large);
        var sources = List.of(
                BlobSource.of(small),
                BlobSource.of(large),
                BlobSource.of(file),
                BlobSource.of(-1, () -> new ByteArrayInputStream(large)),
                BlobSource.of(new ByteArrayInputStream(small)));
        for (var source : sources) {
            int before = cluster.applied();
            cluster.faults.next(2, Faults.Kind.LOSE_ANSWER, call -> call.endsWith(" Put"));

            client.put("alice", "b", source, PutOptions.DEFAULT);

            assertThat(cluster.applied()).isEqualTo(before + 1);
        }
        cluster.faults.next(Faults.Kind.LOSE_ANSWER, "Delete");
        assertThat(client.delete("alice", "b").existed()).isTrue();
    }

    @Test
    void everyRepeatSaysHowOldItsFirstTryIs() {
        cluster.faults.next(1, Faults.Kind.LOSE_ANSWER, call -> call.endsWith(" Put"));
        cluster.faults.next(1, Faults.Kind.REFUSE, call -> call.endsWith(" Put"));

        client.put("alice", "b", new byte[1]);
        client.put(
                "alice",
                "b",
                BlobSource.of(new byte[1]),
                PutOptions.DEFAULT.repeating(new RequestId(1, 2), Duration.ofMinutes(2)));

        assertThat(cluster.ages).hasSize(4).isSorted().startsWith(0L).endsWith(120_000L);
        assertThat(cluster.ages.get(1)).isPositive();
        assertThat(cluster.ages.get(2)).isGreaterThanOrEqualTo(cluster.ages.get(1) + 20);
    }

    @Test
    void aLargeStreamCannotBeSentAgainAndItsOutcomeIsUnknown() {
        cluster.faults.next(Faults.Kind.LOSE_ANSWER, "Put");

        var failure = catchThrowableOfType(
                OutcomeUnknownException.class,
                () -> client.put(
                        "alice",
                        "b",
                        BlobSource.of(new ByteArrayInputStream(new byte[1_000_000])),
                        PutOptions.DEFAULT));

        assertThat(failure).hasMessageContaining("cannot be read again");
        assertThat(failure.requestId()).isPresent();
        var settled = client.put(
                "alice",
                "b",
                BlobSource.of(new byte[1_000_000]),
                PutOptions.DEFAULT.repeating(failure.requestId().orElseThrow(), Duration.ofSeconds(10)));
        assertThat(settled.info().size()).isEqualTo(1_000_000);
        assertThat(cluster.applied()).isOne();
    }

    @Test
    void aRefusalForGoodSaysNothingOfAnEarlierTry() {
        cluster.faults.next(Faults.Kind.LOSE_ANSWER, "Put");
        cluster.faults.next(Faults.Kind.DAMAGED, "Put");
        var put = catchThrowableOfType(OutcomeUnknownException.class, () -> client.put("alice", "b", new byte[] {7}));
        assertThat(put).hasMessageContaining("cannot be read");
        assertThat(put.requestId()).isPresent();
        assertThat(client.get("alice", "b").bytes()).containsExactly(7);

        cluster.faults.next(Faults.Kind.LOSE_ANSWER, "Delete");
        cluster.faults.next(Faults.Kind.DAMAGED, "Delete");
        assertThatThrownBy(() -> client.delete("alice", "b")).isInstanceOf(OutcomeUnknownException.class);
        assertThatThrownBy(() -> client.get("alice", "b")).isInstanceOf(BlobNotFoundException.class);
    }

    @Test
    void aConflictSettlesWhatEarlierTriesCameTo() {
        var current = client.put("alice", "b", new byte[1]).info().version();
        cluster.faults.next(Faults.Kind.HANG, "Put");
        try (var hasty =
                Clusters.client(cluster).attemptTimeout(Duration.ofMillis(200)).build()) {
            assertThatThrownBy(() -> hasty.put("alice", "b", BlobSource.of(new byte[2]), PutOptions.DEFAULT.ifAbsent()))
                    .isInstanceOfSatisfying(
                            VersionConflictException.class,
                            conflict -> assertThat(conflict.current()).contains(current));
        }
    }

    @Test
    void aRefusalWithoutAnEarlierTryIsOne() {
        client.put("alice", "b", new byte[1]);
        cluster.faults.next(2, Faults.Kind.DAMAGED, call -> call.endsWith(" Put"));

        assertThatThrownBy(() -> client.put("alice", "b", new byte[2])).isInstanceOf(CorruptDataException.class);
    }

    @Test
    void aRefusalIsTriedAgainAfterTheDelayItAsksFor() {
        cluster.faults.next(3, Faults.Kind.REFUSE, call -> call.endsWith(" Put"));

        client.put("alice", "b", new byte[1]);

        Awaitility.await().atMost(Clusters.SOON).until(() -> !reports.isEmpty());
        var report = reports.get(0);
        assertThat(report.operation()).isEqualTo("Put");
        assertThat(report.attempts()).isEqualTo(4);
        assertThat(report.failure()).isEmpty();
        assertThat(report.elapsed()).isGreaterThanOrEqualTo(Duration.ofMillis(60));
    }

    @Test
    void attemptsAreBounded() {
        try (var impatient = Clusters.client(cluster).maxAttempts(3).build()) {
            client.users().register("alice");
            cluster.faults.next(100, Faults.Kind.REFUSE, call -> call.endsWith(" Head"));

            assertThatThrownBy(() -> impatient.head("alice", "b"))
                    .isInstanceOf(OverloadedException.class)
                    .hasMessageContaining("tried 3 times");
            assertThat(cluster.faults.calls("Head")).hasSize(3);
        }
    }

    @Test
    void timeIsBounded() {
        client.users().register("alice");
        cluster.faults.next(10_000, Faults.Kind.REFUSE, call -> call.endsWith(" Head"));

        var began = System.nanoTime();
        assertThatThrownBy(() -> client.head("alice", "b", HeadOptions.DEFAULT.withTimeout(Duration.ofMillis(300))))
                .isInstanceOf(OverloadedException.class);

        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void whatFailsForGoodIsNotRepeated() {
        client.put("alice", "b", new byte[1]);

        assertThatThrownBy(() -> client.put("alice", "b", BlobSource.of(new byte[1]), PutOptions.DEFAULT.ifAbsent()))
                .isInstanceOf(VersionConflictException.class);
        assertThat(cluster.faults.calls("Put")).hasSize(2);
    }

    @Test
    void aServerThatHangsIsLeftForAnother() {
        try (var hasty =
                Clusters.client(cluster).attemptTimeout(Duration.ofSeconds(2)).build()) {
            Clusters.warmUp(hasty, cluster, "alice");
            for (var method : List.of("Put", "Get", "Head")) {
                cluster.faults.next(1, Faults.Kind.HANG, call -> call.equals("n0 " + method));
            }
            int before = cluster.applied();

            hasty.put("alice", "b", new byte[500_000]);
            assertThat(hasty.get("alice", "b").length()).isEqualTo(500_000);
            assertThat(hasty.head("alice", "b").size()).isEqualTo(500_000);

            assertThat(cluster.applied()).isEqualTo(before + 1);
            assertThat(cluster.faults.calls()).contains("c0 Put", "c0 Get", "c0 Head");
        }
    }

    @Test
    void aWriteThatNobodyAnswersIsUnknownAndSaysUnderWhichId() {
        cluster.faults.next(1000, Faults.Kind.HANG, call -> call.endsWith(" Put"));

        assertThatThrownBy(() -> client.put(
                        "alice",
                        "b",
                        BlobSource.of(new byte[1]),
                        PutOptions.DEFAULT.withTimeout(Duration.ofMillis(300))))
                .isInstanceOfSatisfying(
                        OutcomeUnknownException.class,
                        unknown -> assertThat(unknown.requestId()).isPresent());
        Awaitility.await().atMost(Clusters.SOON).until(() -> !reports.isEmpty());
        assertThat(reports.get(0).failure()).contains(Reason.OUTCOME_UNKNOWN);
    }

    /** Sending the same bytes again is no progress: without a timeout the client would try as often as it may. */
    @Test
    void aWriteThatFailsAgainAndAgainAtTheSamePlaceEndsWithPatience() {
        cluster.faults.next(1000, Faults.Kind.LOSE_ANSWER, call -> call.endsWith(" Put"));
        try (var hasty = Clusters.client(cluster)
                .requestTimeout(Duration.ofMillis(300))
                .backoff(Duration.ofMillis(100), Duration.ofMillis(100))
                .build()) {
            assertThatThrownBy(() -> hasty.put("alice", "b", new byte[500_000]))
                    .isInstanceOf(OutcomeUnknownException.class);
        }
        assertThat(cluster.faults.calls("Put")).hasSizeBetween(2, 50); // 20 rounds of five servers are allowed
    }

    @Test
    void aWriteThatReachedNobodyWasNotMade() {
        for (var server : List.of("n0", "n1", "n2", "c0", "c1")) {
            cluster.stop(server);
        }

        assertThatThrownBy(() -> client.put(
                        "alice",
                        "b",
                        BlobSource.of(new byte[1]),
                        PutOptions.DEFAULT.withTimeout(Duration.ofMillis(300))))
                .isInstanceOf(UnavailableException.class);
    }

    @Test
    void anUploadWhoseCompletionIsUnknownIsCompletedAgain() {
        try (var hasty = Clusters.client(cluster).maxAttempts(1).build()) {
            var upload = hasty.startUpload("alice", "b", PutOptions.DEFAULT);
            upload.putChunk(0, new byte[] {7});
            cluster.faults.next(100, Faults.Kind.LOSE_ANSWER, call -> call.endsWith(" CompleteUpload"));
            assertThatThrownBy(upload::complete).isInstanceOf(OutcomeUnknownException.class);
            assertThatThrownBy(upload::complete).isInstanceOf(OutcomeUnknownException.class);
            assertThat(cluster.applied()).isOne();
            cluster.faults.clear();
            cluster.faults.next(100, Faults.Kind.REFUSE, call -> call.endsWith(" CompleteUpload"));
            assertThatThrownBy(upload::complete).isInstanceOf(OverloadedException.class);
            cluster.faults.clear();

            var stored = upload.complete();

            assertThat(stored.info().size()).isOne();
            assertThat(upload.complete()).isEqualTo(stored);
            assertThat(cluster.applied()).isOne();
            assertThat(cluster.ages).as("how old the first try is").isSorted().startsWith(0L);
            assertThat(cluster.ages.get(cluster.ages.size() - 1)).isPositive();
        }
    }

    @Test
    void anUploadThatWasNotCompletedCanBeMended() {
        var upload = client.startUpload("alice", "b", PutOptions.DEFAULT);
        upload.putChunk(0, new byte[upload.chunkSize()]);
        cluster.faults.next(2, Faults.Kind.DAMAGED, call -> call.endsWith(" CompleteUpload"));
        assertThatThrownBy(upload::complete).isInstanceOf(CorruptDataException.class);
        upload.putChunk(1, new byte[] {7});

        assertThat(upload.complete().info().size()).isEqualTo(upload.chunkSize() + 1);
    }

    @Test
    void ofAChangeWithoutARequestIdWhoseAnswersAreLostTheOutcomeIsUnknown() {
        try (var hasty = Clusters.client(cluster)
                .maxAttempts(2)
                .attemptTimeout(Duration.ofMillis(200))
                .build()) {
            for (var fault : List.of(Faults.Kind.LOSE_ANSWER, Faults.Kind.HANG)) {
                var method = fault == Faults.Kind.HANG ? "CreatePool" : "RegisterUser";
                cluster.faults.next(1000, fault, call -> call.endsWith(" " + method));
            }
            assertThatThrownBy(() -> hasty.users().register("alice"))
                    .isInstanceOfSatisfying(
                            OutcomeUnknownException.class,
                            unknown -> assertThat(unknown.requestId()).isEmpty())
                    .hasMessageContaining("look before you repeat it");
            assertThat(client.users().lookup("alice").id()).isEqualTo("alice");
            var pool = client.admin().pools().get(0);
            assertThatThrownBy(() -> hasty.admin().createPool(pool)).isInstanceOf(OutcomeUnknownException.class);

            cluster.faults.next(1000, Faults.Kind.LOSE_ANSWER, call -> call.endsWith(" LookupUser"));
            assertThatThrownBy(() -> hasty.users().lookup("alice"))
                    .as("what changes nothing")
                    .isInstanceOf(UnavailableException.class);
        }
    }

    @Test
    void aRefusalOfAChangeWithoutARequestIdSaysNothingOfAnEarlierTry() {
        cluster.faults.next(2, Faults.Kind.LOSE_ANSWER, call -> call.endsWith(" RegisterUser"));
        cluster.faults.next(Faults.Kind.DAMAGED, "RegisterUser");

        assertThatThrownBy(() -> client.users().register("alice"))
                .isInstanceOf(OutcomeUnknownException.class)
                .hasMessageContaining("cannot be read");
    }

    @Test
    void aChangeWithoutARequestIdThatACoordinatorRefusesWasNotMade() {
        try (var hasty = Clusters.client(cluster).maxAttempts(2).build()) {
            cluster.faults.next(2, Faults.Kind.UNABLE, call -> call.endsWith(" RegisterUser"));
            assertThatThrownBy(() -> hasty.users().register("alice"))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("no room for users yet");
            cluster.faults.next(2, Faults.Kind.REFUSE, call -> call.endsWith(" RegisterUser"));
            assertThatThrownBy(() -> hasty.users().register("alice")).isInstanceOf(OverloadedException.class);
        }
        cluster.stop("c0");
        cluster.stop("c1");
        try (var late = Clusters.client(cluster).maxAttempts(2).build()) { // without connections that are just breaking
            assertThatThrownBy(() -> late.users().register("alice")).isInstanceOf(UnavailableException.class);
        }
    }

    @Test
    void aCancelledCallIsCancelledAtTheServer() {
        cluster.faults.next(Faults.Kind.HANG, "Put");
        var call = client.async().put("alice", "b", BlobSource.of(new byte[1]), PutOptions.DEFAULT);
        Awaitility.await()
                .atMost(Clusters.SOON)
                .until(() -> cluster.faults.calls("Put").size() == 1);

        call.cancel(true);

        Awaitility.await()
                .atMost(Clusters.SOON)
                .untilAsserted(() -> assertThat(cluster.faults.calls("Put")).hasSize(1));
        Awaitility.await().atMost(Clusters.SOON).until(() -> !reports.isEmpty());
        assertThat(reports.get(0).attempts()).isOne();
    }

    @Test
    void tooManyCallsAtOnceAreRefusedHere() {
        try (var narrow = Clusters.client(cluster).maxCallsInFlight(2).build()) {
            cluster.faults.next(2, Faults.Kind.HANG, call -> call.endsWith(" Head"));
            var first = narrow.async().head("alice", "a", HeadOptions.DEFAULT);
            var second = narrow.async().head("alice", "b", HeadOptions.DEFAULT);

            assertThatThrownBy(() -> narrow.head("alice", "c"))
                    .isInstanceOf(OverloadedException.class)
                    .hasMessageContaining("maxCallsInFlight");
            first.cancel(true);
            second.cancel(true);
            Awaitility.await()
                    .atMost(Clusters.SOON)
                    .untilAsserted(() ->
                            assertThatThrownBy(() -> narrow.head("alice", "c")).isInstanceOf(NotFoundException.class));
        }
    }

    @Test
    void aSlowReadIsHedgedWhereThatIsWanted() {
        try (var hedging =
                Clusters.client(cluster).hedgeReadsAfter(Duration.ofSeconds(2)).build()) {
            Clusters.warmUp(hedging, cluster, "alice");
            cluster.faults.next(1, Faults.Kind.HANG, call -> call.equals("n0 Get"));

            assertThat(hedging.get("alice", "warm").bytes()).containsExactly(1);

            assertThat(cluster.faults.calls("Get")).containsExactly("n0 Get", "c0 Get");
        }
    }
}
