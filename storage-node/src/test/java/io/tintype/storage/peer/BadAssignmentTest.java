// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.storage.shard.ShardReplica;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An assignment that nobody can read keeps a replica closed only until it is mended. */
@Timeout(180)
final class BadAssignmentTest {
    @TempDir
    private Path folder;

    private static void put(ShardReplica primary, String name) {
        Images.put(primary, name, Images.bytes(1_000, 1)).join();
    }

    @Test
    void aReplicaOpensOnceItsAssignmentCanBeReadAgain() throws Exception {
        try (var cluster = new TestCluster(folder, 2)) {
            cluster.assign(1);
            cluster.awaitInSync(2);
            Images.claim(cluster.primary());
            put(cluster.primary(), "before");

            byte[] good = cluster.rewriteAssignment(new byte[] {(byte) 0xFF});
            put(cluster.primary(), "those who run go on");
            var second = cluster.node(2).id();
            cluster.stop(second);
            cluster.start(second);
            put(cluster.primary(), "while one cannot be opened");
            assertThat(cluster.node(2).replica()).isEmpty();

            cluster.rewriteAssignment(good);
            cluster.awaitInSync(2);
            cluster.awaitEqual();
            put(cluster.primary(), "behind");
        }
    }
}
