// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.tintype.proto.internal.v1.RefuseReason;
import java.util.Locale;

/** What traffic between nodes tells monitoring. Thread-safe. */
final class PeerMetrics {
    private static final String PREFIX = "REFUSE_REASON_";

    private final MeterRegistry registry;

    PeerMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    /** A message of another node was not taken. */
    void refused(RefuseReason reason) {
        refused(name(reason));
    }

    /** What another node sent is longer than any message may be. */
    void tooLarge() {
        refused("too_large");
    }

    /** What another node sent is no message, perhaps one cut short. */
    void unreadable() {
        refused("unreadable");
    }

    private void refused(String reason) {
        Counter.builder("tintype.peer.refused")
                .description("Messages of other nodes that were refused here, by reason")
                .tag("reason", reason)
                .register(registry)
                .increment();
    }

    /** Another node did not take a message of ours, for a reason that somebody should look into. */
    void refusedByPeer(RefuseReason reason) {
        Counter.builder("tintype.peer.refused.by.others")
                .description("Messages of this node that others refused, by reason")
                .tag("reason", name(reason))
                .register(registry)
                .increment();
    }

    private static String name(RefuseReason reason) {
        var name = reason.name();
        return (name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name).toLowerCase(Locale.ROOT);
    }
}
