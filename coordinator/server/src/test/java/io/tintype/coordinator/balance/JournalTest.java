// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.zk.Paths;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.KeeperException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JournalTest {
    @TempDir
    private Path folder;

    @Test
    void whatCannotBeUnderstoodIsNotTakenForSilence() throws Exception {
        try (var offices = Offices.open(folder)) {
            offices.session().znodes().create(Paths.PLANS, new byte[] {1}).get(10, TimeUnit.SECONDS);
            assertThatThrownBy(() -> new Journal(offices.session()).active())
                    .isInstanceOf(Journal.Interrupted.class)
                    .hasMessage("Znode /plans does not hold a record of Tintype.");
        }
    }

    @Test
    void whyPlansRestIsSaid() {
        var refused = CompletableFuture.failedFuture(Planning.refused("Plan 1 was applied before."));
        assertThatThrownBy(() -> Journal.await(refused))
                .isInstanceOf(Journal.Interrupted.class)
                .hasMessage("Plan 1 was applied before.");
        var silent = CompletableFuture.failedFuture(new KeeperException.ConnectionLossException());
        assertThatThrownBy(() -> Journal.await(silent))
                .isInstanceOf(Journal.Interrupted.class)
                .hasMessage("ZooKeeper did not answer");
    }
}
