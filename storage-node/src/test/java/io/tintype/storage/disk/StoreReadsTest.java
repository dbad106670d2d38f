// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDB;

final class StoreReadsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** As one for want of memory would: whoever closes the disk waits for all who read. */
    @Test
    void aReadThatEndsInAnErrorDoesNotKeepTheDiskOpen(@TempDir Path folder) throws Exception {
        RocksDB.loadLibrary();
        var gate = new Gate();
        try (var db = RocksDB.open(folder.toString());
                var reads = new StoreReads(
                        folder,
                        db,
                        family -> {
                            throw new OutOfMemoryError("for a test");
                        },
                        gate)) {
            byte[] key = {1};
            assertThatThrownBy(() -> reads.scan(Family.HEAD, key, key)).isInstanceOf(OutOfMemoryError.class);
            try (var moment = reads.moment()) {
                assertThatThrownBy(() -> moment.scan(Family.HEAD, key, key)).isInstanceOf(OutOfMemoryError.class);
            }
            assertThat(CompletableFuture.runAsync(gate::close)).succeedsWithin(PATIENCE);
        }
    }
}
