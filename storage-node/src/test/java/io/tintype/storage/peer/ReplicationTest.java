// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.storage.blob.Outcome;
import io.tintype.storage.shard.Committed;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class ReplicationTest {
    @TempDir
    Path directory;

    @Test
    void whatThePrimaryCommitsIsOnEveryReplica() throws Exception {
        try (var cluster = new TestCluster(directory, 3)) {
            cluster.assign(2);
            var primary = cluster.primary();
            cluster.awaitInSync(3);
            Images.claim(primary);

            var puts = new ArrayList<CompletableFuture<Committed>>();
            for (int i = 0; i < 200; i++) {
                puts.add(Images.put(primary, "image-" + i, Images.bytes(1 + i * 97, i)));
            }

            for (var put : puts) {
                assertThat(put.join().outcome()).isInstanceOf(Outcome.Written.class);
                assertThat(put.join().replicas()).hasSize(3);
            }
            cluster.awaitEqual();
            assertThat(cluster.replicas()).hasSize(3).allSatisfy(replica -> {
                for (int i = 0; i < 200; i++) {
                    assertThat(Images.get(replica, "image-" + i)).contains(Images.bytes(1 + i * 97, i));
                }
                assertThat(replica.reader().stats()).isEqualTo(primary.reader().stats());
            });
        }
    }
}
