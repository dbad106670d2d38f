// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.Member;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** States that are pinned while the node stops are given up, and whoever waits for one is told. */
@Timeout(120)
final class StatePinsTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Member SELF = new Member(new NodeId("self"), 1);
    private static final StatePins.Behind AT_ONCE = (sequence, reached) -> reached.run();
    private static final StatePins.Behind NEVER = (sequence, reached) -> {};

    @TempDir
    private Path folder;

    private Disk disk;
    private ShardThreads threads;
    private ShardStore store;
    private StatePins pins;

    @BeforeEach
    void open() throws Exception {
        disk = Disk.open(
                DiskConfig.of(folder, CLUSTER).withMemory(8 << 20, 16 << 20).withReserve(0));
        threads = new ShardThreads(1, 1, 1);
        store = ShardStore.open(disk, new ShardId(7), 1 << 20);
        store.machine()
                .apply(List.of(new LogRecord(1, 1, 0, 1_000, RecordType.EPOCH_START, null, null, ByteString.EMPTY)));
        pins = new StatePins(threads);
    }

    @AfterEach
    void close() {
        threads.close();
    }

    /** A state that is kept keeps the disk open. */
    private void assertThatTheDiskCloses() {
        assertThat(CompletableFuture.runAsync(disk::close))
                .as("the disk closing, for which nothing may be kept")
                .succeedsWithin(PATIENCE);
    }

    private static void assertRefused(CompletableFuture<HostReports.Pinned> asked, Reason reason) {
        assertThat(asked)
                .failsWithin(PATIENCE)
                .withThrowableThat()
                .havingCause()
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }

    @Test
    void aStateThatIsBeingPinnedWhileTheNodeStopsIsGivenUp() {
        var pinned = pins.pin(SELF, 0, AT_ONCE, () -> {
            var state = store.pin();
            pins.close();
            return state;
        });

        assertRefused(pinned, Reason.UNAVAILABLE);
        assertThatTheDiskCloses();
    }

    @Test
    void whoWaitsForARecordWhenTheNodeStopsIsTold() {
        var waits = pins.pin(SELF, 5, NEVER, store::pin);
        assertThat(waits).isNotDone();
        threads.close();
        pins.close();

        assertRefused(waits, Reason.UNAVAILABLE);
        assertRefused(pins.pin(SELF, 0, AT_ONCE, store::pin), Reason.UNAVAILABLE);
        assertThatTheDiskCloses();
    }

    @Test
    void noMoreArePinnedThanAreAllowedAndThoseThatAreDroppedMakeRoom() {
        var all = new ArrayList<HostReports.Pinned>();
        for (int i = 0; i < HostReports.PINS; i++) {
            all.add(pins.pin(SELF, 0, AT_ONCE, store::pin).join());
        }
        assertRefused(pins.pin(SELF, 0, AT_ONCE, store::pin), Reason.OVERLOADED);

        pins.drop(all.get(0).pin());
        assertThat(pins.pin(SELF, 0, AT_ONCE, () -> {
                    throw new NoClassDefFoundError("io/tintype/Missing");
                }))
                .as("one that takes no room, as it came to nothing")
                .failsWithin(PATIENCE);
        assertThat(pins.pin(SELF, 0, AT_ONCE, store::pin)).succeedsWithin(PATIENCE);
        pins.close();
        assertThatTheDiskCloses();
    }
}
