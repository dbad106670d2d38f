// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.IntSupplier;

/**
 * Tells how much waits in a queue: for all those that have no figure of their own. docs/metrics.md lists both kinds, and a test
 * that none is missing.
 */
public final class Queues {
    private Queues() {}

    /**
     * Tells of a queue from now on.
     *
     * @param queue what it is called in figures: one word, or some with hyphens between them
     * @param limit how much may wait
     * @param waiting how much does; called on any thread, must not block
     */
    public static void bind(MeterRegistry registry, String queue, int limit, IntSupplier waiting) {
        bind(registry, queue, waiting);
        Gauge.builder("tintype.queue.limit", () -> limit)
                .description("How much may wait in the queue; more is refused, or is done in another way.")
                .tag("queue", queue)
                .register(registry);
    }

    /** The same for a queue that has no limit of its own, because whoever fills it has one. */
    public static void bind(MeterRegistry registry, String queue, IntSupplier waiting) {
        Gauge.builder("tintype.queue.waiting", waiting::getAsInt)
                .description("What waits in a queue that has no figure of its own.")
                .tag("queue", queue)
                .register(registry);
    }
}
