// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.RefuseReason;
import io.tintype.storage.peer.Gatekeeper.Refused;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Refusals that are answered as a status, and what the other side makes of them. */
final class GatekeeperTest {
    private final Gatekeeper gatekeeper = new Gatekeeper("cluster", new PeerMetrics(new SimpleMeterRegistry()));

    @Test
    void thatThereIsNoRoomIsUnderstood() {
        var told = gatekeeper.status(new Refused(RefuseReason.REFUSE_REASON_OVERLOADED, "two are sent already"));
        assertThat(Gatekeeper.understood(told))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OVERLOADED))
                .hasMessageContaining("two are sent already");
    }

    @ParameterizedTest
    @EnumSource(
            value = RefuseReason.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"REFUSE_REASON_OVERLOADED", "UNRECOGNIZED"})
    void everyOtherRefusalStaysWhatItIs(RefuseReason reason) {
        var told = gatekeeper.status(new Refused(reason, "no"));
        assertThat(Gatekeeper.understood(told)).isSameAs(told);
    }

    @Test
    void whatIsNoRefusalStaysWhatItIs() {
        for (var failure : new Throwable[] {
            Status.UNAVAILABLE.withDescription("REFUSE_REASON_OVERLOADED").asRuntimeException(),
            Status.FAILED_PRECONDITION.asRuntimeException(),
            new IllegalStateException("REFUSE_REASON_OVERLOADED")
        }) {
            assertThat(Gatekeeper.understood(failure)).isSameAs(failure);
        }
    }
}
