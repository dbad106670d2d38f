// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Replicas are measured without anybody waiting for it, each for itself. */
@Timeout(180)
final class SamplesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    @Test
    void oneThatCannotBeMeasuredKeepsNoOtherFromIt() throws Exception {
        try (var node = new OneNode(folder)) {
            var broken = OneNode.shard(3);
            var others = Set.of(OneNode.shard(1), OneNode.shard(2), OneNode.shard(4), OneNode.shard(5));
            node.open(broken);
            for (var shard : others) {
                node.open(shard);
            }
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            var samples = new Samples(node.context, node.registry, shard -> {
                threads.add(Thread.currentThread());
                if (shard.id().equals(broken.id())) {
                    throw new TintypeException(Reason.CORRUPT_DATA, "cannot be read");
                }
                return 1_000L + shard.id().value();
            });

            samples.round();

            for (var shard : others) {
                await("a sample of " + shard.id()).atMost(PATIENCE).until(() -> samples.of(shard.id()) != null);
                assertThat(samples.of(shard.id()))
                        .extracting(ReplicaSample::bytes)
                        .isEqualTo(1_000L + shard.id().value());
            }
            assertThat(samples.of(broken.id())).isNull();
            assertThat(threads)
                    .as("who reads the disk")
                    .allMatch(thread -> thread.getName().contains("shard-io"));
        }
    }
}
