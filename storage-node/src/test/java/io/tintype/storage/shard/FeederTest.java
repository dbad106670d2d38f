// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogEntry;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.Attach;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.Refusal;
import io.tintype.storage.replica.ReplicaAction.SendAppend;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a follower is sent, and when. */
final class FeederTest {
    private static final long EPOCH = 3;
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";

    @TempDir
    private Path directory;

    private final List<String> sent = new ArrayList<>();
    private final Tail tail = new Tail(new ByteBudget(1 << 20));
    private Disk disk;
    private ShardThreads threads;
    /** One byte a second: nobody who was told to rest is seen again. */
    private final SnapshotTraffic traffic = new SnapshotTraffic(1, () -> 0);

    private Feeder feeder;
    private boolean ready = true;
    private int lingered;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private ShardStore store;

    private final class Link implements FollowerLink {
        @Override
        public NodeId follower() {
            return new NodeId("b");
        }

        @Override
        public void attach(Attach attach) {
            assertThat(attach.cfg()).isEqualTo(1);
        }

        @Override
        public void append(long epoch, long cfg, LogPosition previous, List<Outgoing> records, long committed) {
            sent.add("behind " + previous.seq() + ": "
                    + records.stream().map(Outgoing::seq).toList() + ", committed " + committed);
        }

        @Override
        public void refuse(Refusal refusal) {
            throw new AssertionError("refused by the core, not by the feeder");
        }

        @Override
        public void close() {
            closed.complete(null);
        }

        @Override
        public boolean isReady() {
            return ready;
        }
    }

    @BeforeEach
    void open() throws Exception {
        disk = Disk.open(
                DiskConfig.of(directory, CLUSTER).withMemory(8 << 20, 16 << 20).withReserve(0));
        threads = new ShardThreads(1, 1, 1);
        store = ShardStore.open(disk, new ShardId(7), 1 << 20);
        var source = new Feeder.Source(store, tail, threads, threads.loop(new ShardId(7)), traffic);
        feeder = new Feeder(source, new Link(), () -> lingered++);
    }

    @AfterEach
    void close() {
        threads.close();
        disk.close();
    }

    @Test
    void theCommitMarkRidesOnTheRecordsThatFollow() {
        written(1, 2);
        feeder.send(upTo(2, 0));
        feeder.send(upTo(2, 2));
        assertThat(sent).containsExactly("behind 0: [1, 2], committed 0");
        written(3, 3);
        feeder.send(upTo(3, 2));
        feeder.tellCommitted();
        assertThat(sent).containsExactly("behind 0: [1, 2], committed 0", "behind 2: [3], committed 2");
    }

    @Test
    void theCommitMarkTravelsAloneWhereNoRecordsFollow() {
        written(1, 1);
        feeder.send(upTo(1, 0));
        assertThat(lingered).as("nothing to tell").isZero();
        feeder.send(upTo(1, 1));
        assertThat(lingered).isPositive();
        feeder.tellCommitted();
        feeder.tellCommitted();
        assertThat(sent).containsExactly("behind 0: [1], committed 0", "behind 1: [], committed 1");
    }

    @Test
    void whatACongestedFollowerIsNotToldItIsToldWhenItIsReady() {
        written(1, 1);
        feeder.send(upTo(1, 0));
        ready = false;
        feeder.send(upTo(1, 1));
        feeder.tellCommitted();
        assertThat(sent).hasSize(1);
        ready = true;
        lingered = 0;
        feeder.pump();
        assertThat(lingered).isPositive();
        feeder.tellCommitted();
        assertThat(sent).containsExactly("behind 0: [1], committed 0", "behind 1: [], committed 1");
    }

    @Test
    void aBacklogGoesNoFasterThanCopiesMay() {
        feeder.attach(new Attach(EPOCH, 1, LogPosition.NONE, false, false, 3));
        written(1, 2);
        feeder.send(upTo(2, 2));
        written(3, 4);
        feeder.send(upTo(4, 2));
        feeder.acked(2);
        assertThat(sent).containsExactly("behind 0: [1, 2], committed 2");
        assertThat(traffic.sent(1)).as("those who send snapshots rest as well").isGreaterThan(60_000_000_000L);
    }

    @Test
    void whatIsBehindTheBacklogGoesAtOnce() {
        feeder.attach(new Attach(EPOCH, 1, LogPosition.NONE, false, false, 0));
        written(1, 2);
        feeder.send(upTo(2, 2));
        written(3, 3);
        feeder.send(upTo(3, 2));
        assertThat(sent).containsExactly("behind 0: [1, 2], committed 2", "behind 2: [3], committed 2");
        assertThat(traffic.sent(0)).as("none of it was a copy").isZero();
    }

    @Test
    void theStreamOfAFollowerEndsOnceTheLogIsCutInFrontOfWhatItNeeds() throws Exception {
        var write = new Write();
        for (long seq = 1; seq <= 5; seq++) {
            store.log().append(write, entry(seq, seq == 1 ? 0 : EPOCH));
        }
        store.log().trimTo(write, 3);
        disk.committer().commitEssential(write).join();

        feeder.send(upTo(5, 5));

        closed.get(60, TimeUnit.SECONDS);
        assertThat(sent).as("nothing that does not follow what it has").isEmpty();
    }

    @Test
    void whatCannotBeReadIsTriedLessAndLessOften() {
        assertThat(Feeder.pauseMs(0)).isEqualTo(10);
        assertThat(Feeder.pauseMs(3)).isEqualTo(80);
        assertThat(Feeder.pauseMs(1_000)).isBetween(1_000L, 2_000L);
    }

    private void written(long from, long to) {
        for (long seq = from; seq <= to; seq++) {
            tail.add(new Tail.Item(entry(seq, EPOCH), null, true));
        }
    }

    private static LogEntry entry(long seq, long prevEpoch) {
        return LogCodec.encode(new LogRecord(
                EPOCH, seq, prevEpoch, 1_000 + seq, RecordType.EPOCH_START, null, null, ByteString.EMPTY));
    }

    private static SendAppend upTo(long last, long committed) {
        return new SendAppend(1, EPOCH, 1, LogPosition.NONE, last, committed);
    }
}
