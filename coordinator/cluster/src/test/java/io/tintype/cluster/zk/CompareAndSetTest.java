// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.zk.FaultyZnodes.Fault;
import io.tintype.proto.internal.v1.ShardRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a real ZooKeeper, over a connection that loses what the test says. */
final class CompareAndSetTest {
    private static final String PATH = Paths.shard(7);
    private static final List<Fault> FAULTS = List.of(Fault.NONE, Fault.ANSWER_LOST, Fault.REQUEST_LOST);

    @TempDir
    Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;
    private FaultyZnodes znodes;
    private CompareAndSet<ShardRecord> cas;

    @BeforeEach
    void start() {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        znodes = new FaultyZnodes(session.znodes());
        cas = over(znodes);
    }

    @AfterEach
    void stop() {
        session.close();
        zooKeeper.close();
    }

    @Test
    void aFirstRecordIsCreatedOnceAndTheSecondCallerLearnsOfIt() throws Exception {
        var first = record("a", 1, 1);
        assertThat(await(cas.create(PATH, first))).isEqualTo(new CasOutcome.Won<>(new Versioned<>(first, 0)));
        assertThat(await(cas.create(PATH, record("b", 2, 1))))
                .isEqualTo(new CasOutcome.Lost<>(new Versioned<>(first, 0)));
    }

    @Test
    void aRecordIsReplacedOnlyAtTheExpectedVersion() throws Exception {
        await(cas.create(PATH, record("a", 1, 1)));
        var second = record("a", 2, 2);
        assertThat(await(cas.set(PATH, 0, second))).isEqualTo(new CasOutcome.Won<>(new Versioned<>(second, 1)));
        assertThat(await(cas.set(PATH, 0, record("b", 3, 3))))
                .isEqualTo(new CasOutcome.Lost<>(new Versioned<>(second, 1)));
        assertThat(await(cas.read(PATH))).contains(new Versioned<>(second, 1));
    }

    @Test
    void replacingWhatIsNotThereSaysSo() throws Exception {
        assertThat(await(cas.set(PATH, 0, record("a", 1, 1)))).isEqualTo(new CasOutcome.Missing<>());
    }

    @Test
    void aWriteWhoseAnswerWasLostIsFoundToHaveWon() throws Exception {
        await(cas.create(PATH, record("a", 1, 1)));
        znodes.next(Fault.ANSWER_LOST);
        znodes.failReads(2);
        var second = record("a", 2, 2);
        assertThat(await(cas.set(PATH, 0, second))).isEqualTo(new CasOutcome.Won<>(new Versioned<>(second, 1)));
        assertThat(znodes.writes()).as("sent no second time").isEqualTo(2);
    }

    @Test
    void aCreateWhoseAnswerWasLostIsFoundToHaveWon() throws Exception {
        znodes.next(Fault.ANSWER_LOST);
        var first = record("a", 1, 1);
        assertThat(await(cas.create(PATH, first))).isEqualTo(new CasOutcome.Won<>(new Versioned<>(first, 0)));
    }

    @Test
    void aWriteThatNeverLeftIsSentAgain() throws Exception {
        await(cas.create(PATH, record("a", 1, 1)));
        znodes.next(Fault.REQUEST_LOST, Fault.REQUEST_LOST);
        var second = record("a", 2, 2);
        assertThat(await(cas.set(PATH, 0, second))).isEqualTo(new CasOutcome.Won<>(new Versioned<>(second, 1)));
    }

    @Test
    void aLostRequestThatSomebodyElseOvertookHasLost() throws Exception {
        await(cas.create(PATH, record("a", 1, 1)));
        var theirs = record("b", 9, 2);
        await(over(session.znodes()).set(PATH, 0, theirs));
        znodes.next(Fault.REQUEST_LOST);
        assertThat(await(cas.set(PATH, 0, record("a", 2, 2))))
                .isEqualTo(new CasOutcome.Lost<>(new Versioned<>(theirs, 1)));
    }

    @Test
    void ofManyWritersOverABadConnectionExactlyOneWinsEachVersion() throws Exception {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        await(cas.create(PATH, record("a", 1, 0)));
        for (int round = 0; round < 20; round++) {
            var attempts = new ArrayList<CompletableFuture<CasOutcome<ShardRecord>>>();
            for (int writer = 0; writer < 4; writer++) {
                var bad = new FaultyZnodes(session.znodes());
                bad.next(FAULTS.get(random.nextInt(FAULTS.size())), FAULTS.get(random.nextInt(FAULTS.size())));
                attempts.add(over(bad).set(PATH, round, record("w" + writer, random.nextLong(), round + 1)));
            }
            var winners = new ArrayList<CasOutcome<ShardRecord>>();
            for (var attempt : attempts) {
                var outcome = await(attempt);
                if (outcome instanceof CasOutcome.Won) {
                    winners.add(outcome);
                }
            }
            var there = await(cas.read(PATH)).orElseThrow();
            assertThat(winners).as("seed %d, round %d", seed, round).isEqualTo(List.of(new CasOutcome.Won<>(there)));
        }
    }

    @Test
    void anAttemptStaysOpenWhileZooKeeperIsAwayAndIsSettledWhenItIsBack() throws Exception {
        await(cas.create(PATH, record("a", 1, 1)));
        int port = zooKeeper.port();
        zooKeeper.close();
        var second = record("a", 2, 2);
        var attempt = over(session.znodes()).set(PATH, 0, second);
        assertThatThrownBy(() -> attempt.get(1, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class);
        zooKeeper = EmbeddedZooKeeper.start(folder, port);
        assertThat(await(attempt)).isEqualTo(new CasOutcome.Won<>(new Versioned<>(second, 1)));
    }

    @Test
    void aRecordOverItsLimitIsRefusedBeforeItIsSent() {
        var long20 = "n".repeat(20);
        var tooLarge = record("a", 1, 1).toBuilder();
        for (int i = 0; i < 200; i++) {
            tooLarge.addReplicasBuilder().setNode(long20 + i);
        }
        var attempt = cas.create(PATH, tooLarge.build());
        assertThatThrownBy(() -> await(attempt))
                .hasRootCauseInstanceOf(ZnodeFormatException.class)
                .hasMessageContaining("the limit is 4096")
                .hasMessageContaining(PATH);
        assertThat(znodes.writes()).isZero();
    }

    @Test
    void aRecordOfANewerFormatIsRefused() throws Exception {
        var newer = record("a", 1, 1).toBuilder().setFormat(2).build();
        session.znodes().create(PATH, newer.toByteArray()).get(10, TimeUnit.SECONDS);
        assertThatThrownBy(() -> await(cas.read(PATH)))
                .hasRootCauseInstanceOf(ZnodeFormatException.class)
                .hasMessageContaining("Upgrade this process");
    }

    @Test
    void closingTheSessionFailsWhatWaits() {
        zooKeeper.close();
        var attempt = cas.set(PATH, 0, record("a", 1, 1));
        session.close();
        assertThatThrownBy(() -> await(attempt)).isInstanceOf(ExecutionException.class);
    }

    private static CompareAndSet<ShardRecord> over(Znodes znodes) {
        return new CompareAndSet<>(
                znodes,
                ZnodeCodec.SHARD,
                (a, b) -> a.getWriter().equals(b.getWriter()) && a.getWriterNonce() == b.getWriterNonce());
    }

    private static ShardRecord record(String writer, long nonce, long configVersion) {
        return ShardRecord.newBuilder()
                .setFormat(1)
                .setShard(7)
                .setWriter(writer)
                .setWriterNonce(nonce)
                .setConfigVersion(configVersion)
                .build();
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }
}
