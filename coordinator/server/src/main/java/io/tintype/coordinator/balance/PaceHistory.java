// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.placement.plan.CopyPaces;
import io.tintype.cluster.plan.PlanZnodes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What plans that are over measured, read from ZooKeeper at most every {@link #FRESH} where somebody watches, and anew for
 * each plan that is made. Thread-safe; never blocks.
 */
final class PaceHistory {
    static final Duration FRESH = Duration.ofSeconds(30);

    private static final Logger log = LoggerFactory.getLogger(PaceHistory.class);

    private final PlanZnodes plans;
    private final LongSupplier nanoTime;
    private final AtomicReference<@Nullable Read> last = new AtomicReference<>();

    private record Read(CopyPaces paces, long atNanos) {}

    PaceHistory(PlanZnodes plans, LongSupplier nanoTime) {
        this.plans = plans;
        this.nanoTime = nanoTime;
    }

    /** As it is in ZooKeeper now; what was known before, where that does not answer. */
    CompletableFuture<CopyPaces> now() {
        return plans.list().handle((all, failure) -> {
            if (failure != null) {
                log.debug("what plans measured could not be read", failure);
                return lately();
            }
            var paces = Measured.of(all);
            last.set(new Read(paces, nanoTime.getAsLong()));
            return paces;
        });
    }

    /** As it was lately. */
    CompletableFuture<CopyPaces> fresh() {
        var read = last.get();
        return read != null && nanoTime.getAsLong() - read.atNanos() < FRESH.toNanos()
                ? CompletableFuture.completedFuture(read.paces())
                : now();
    }

    /** As it was lately, without waiting; what is too old is read anew for the next who asks. */
    CopyPaces known() {
        var unused = fresh();
        return lately();
    }

    private CopyPaces lately() {
        var read = last.get();
        return read == null ? CopyPaces.NONE : read.paces();
    }
}
