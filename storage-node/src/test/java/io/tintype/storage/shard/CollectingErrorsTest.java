// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.cumulative.CumulativeCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A round that ends in an error, as one for want of memory would, is not the last one of its shard. */
@Timeout(120)
final class CollectingErrorsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ShardIdentity SHARD = OneNode.shard(7);

    @TempDir
    private Path folder;

    private final AtomicInteger rounds = new AtomicInteger();
    private OneNode node;
    private Collecting collecting;

    @BeforeEach
    void start() throws Exception {
        node = new OneNode(folder);
        node.open(SHARD);
        var context = node.context;
        collecting = new Collecting(new ShardContext(
                context.self(),
                context.disk(),
                context.znodes(),
                context.peers(),
                context.threads(),
                context.timing(),
                context.clock(),
                new ShardMetrics(new Failing()),
                context.budgets(),
                context.snapshots()));
    }

    @AfterEach
    void close() {
        node.close();
    }

    /** What a round counts ends it. */
    private final class Failing extends SimpleMeterRegistry {
        @Override
        protected Counter newCounter(Meter.Id id) {
            return id.getName().equals("tintype.chunks.collected")
                    ? new CumulativeCounter(id) {
                        @Override
                        public void increment(double amount) {
                            rounds.incrementAndGet();
                            throw new LinkageError("for a test");
                        }
                    }
                    : super.newCounter(id);
        }
    }

    @Test
    void aRoundThatEndsInAnErrorIsFollowedByAnother() {
        var shard = node.registry.runtime(SHARD.id()).orElseThrow();
        collecting.round(List.of(shard));
        await("a round").atMost(PATIENCE).until(() -> rounds.get() == 1);

        await("another one").atMost(PATIENCE).until(() -> {
            collecting.round(List.of(shard));
            return rounds.get() > 1;
        });
    }
}
