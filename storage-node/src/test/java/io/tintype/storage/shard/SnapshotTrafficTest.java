// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.ShardId;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What is told of snapshots on their way. */
final class SnapshotTrafficTest {
    private static final ShardId FIRST = new ShardId(1);
    private static final ShardId SECOND = new ShardId(2);

    private final SnapshotTraffic traffic = new SnapshotTraffic(1 << 30, () -> 0);

    @Test
    void aDigestDoesNotWaitForWhatIsSentMeanwhile() {
        var slow = new SnapshotTraffic(1 << 20, () -> 0);
        assertThat(slow.sent(8 << 20)).as("a part that was sent").isGreaterThan(TimeUnit.SECONDS.toNanos(7));

        long digested = 0;
        for (int i = 0; i < 16; i++) {
            digested = slow.digested(1 << 20);
        }

        assertThat(digested).isBetween(TimeUnit.SECONDS.toNanos(3), TimeUnit.SECONDS.toNanos(4));
        assertThat(slow.sent(1 << 20)).isLessThan(TimeUnit.SECONDS.toNanos(10));
    }

    @Test
    void aPartThatIsWrittenWhenItsInstallationWasGivenUpIsNotOnItsWayForEver() {
        traffic.expect(FIRST, 1_000);
        traffic.expect(SECOND, 500);
        var unused = traffic.installed(FIRST, 100);
        unused = traffic.installed(SECOND, 30);
        assertThat(traffic.installedBytes()).isEqualTo(130);
        assertThat(traffic.expectedBytes()).isEqualTo(1_500);

        traffic.forget(FIRST);
        unused = traffic.installed(FIRST, 100);

        assertThat(traffic.installedBytes()).isEqualTo(30);
        assertThat(traffic.expectedBytes()).isEqualTo(500);
        assertThat(traffic.arrival(FIRST).installed()).isZero();
        assertThat(traffic.takenBytes()).as("what came, whatever became of it").isEqualTo(230);
    }
}
