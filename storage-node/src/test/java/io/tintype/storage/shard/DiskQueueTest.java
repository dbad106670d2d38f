// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Write;
import io.tintype.storage.replica.ReplicaEvent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a shard's writes that the disk does not take. */
final class DiskQueueTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";

    @TempDir
    private Path folder;

    private final List<ReplicaEvent> told = new ArrayList<>();

    @Test
    void nobodyWaitsForADiskThatTakesNothingAnyMore() throws Exception {
        var disk = Disk.open(
                DiskConfig.of(folder, CLUSTER).withMemory(8 << 20, 16 << 20).withReserve(0));
        var committer = disk.committer();
        disk.close();
        try (var threads = new ShardThreads(1, 1, 1)) {
            var queue = new DiskQueue(committer, threads, Runnable::run, told::add);

            queue.submit(new Write(), true, null);

            assertThat(told).hasSize(1).hasOnlyElementsOfType(ReplicaEvent.PersistFailed.class);
            assertThat(queue.drained()).isCompletedExceptionally();
        }
    }
}
