// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.ErrorReason;
import java.net.ConnectException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorsTest {
    @Test
    void protoAndJavaNameTheSameReasons() {
        var proto = Arrays.stream(ErrorReason.values())
                .filter(reason -> reason != ErrorReason.UNRECOGNIZED && reason != ErrorReason.ERROR_REASON_UNSPECIFIED)
                .map(reason -> reason.name().substring("ERROR_REASON_".length()));
        assertThat(Arrays.stream(Reason.values()).map(Reason::name)).containsExactlyElementsOf(proto.toList());
    }

    @ParameterizedTest
    @EnumSource(Reason.class)
    void everyReasonArrivesWhole(Reason reason) {
        var sent = new TintypeException(
                reason,
                "what happened",
                Map.of("shard", "7"),
                Duration.ofMillis(50),
                new IllegalStateException("secret"));
        var status = Errors.toWire(new CompletionException(sent));
        assertThat(status.getStatus().getCode()).isEqualTo(reason.statusCode());
        var received = Errors.fromWire(status);
        assertThat(received.reason()).isEqualTo(reason);
        assertThat(received).hasMessage("what happened");
        assertThat(received.details()).containsExactly(Map.entry("shard", "7"));
        assertThat(received.retryAfter()).contains(Duration.ofMillis(50));
        assertThat(Errors.toWire(status)).as("passed on by a proxy").isSameAs(status);
    }

    @Test
    void aBugTellsItsCallerNothingButThatItIsOne() {
        var bug = new IllegalStateException("/var/lib/secret");
        assertThat(Errors.isBug(bug)).isTrue();
        var received = Errors.fromWire(Errors.toWire(bug));
        assertThat(received.reason()).isEqualTo(Reason.INTERNAL);
        assertThat(received.getMessage()).doesNotContain("secret");
    }

    @Test
    void whatTheTransportSaysIsMappedByItsCode() {
        assertThat(reasonOf(Status.UNAVAILABLE)).isEqualTo(Reason.UNAVAILABLE);
        assertThat(reasonOf(Status.DEADLINE_EXCEEDED)).isEqualTo(Reason.UNAVAILABLE);
        assertThat(reasonOf(Status.RESOURCE_EXHAUSTED.withDescription("gRPC message exceeds maximum size 5: 6")))
                .isEqualTo(Reason.MESSAGE_TOO_LARGE);
        assertThat(reasonOf(Status.RESOURCE_EXHAUSTED)).isEqualTo(Reason.OVERLOADED);
        assertThat(reasonOf(Status.UNIMPLEMENTED)).isEqualTo(Reason.NOT_SERVED_HERE);
        assertThat(reasonOf(Status.UNKNOWN)).isEqualTo(Reason.INTERNAL);
    }

    /** As a node leaves it that is killed while a call is written to it. */
    @Test
    void aConnectionThatIsClosedUnderACallIsNobodysMistake() {
        var closed = Status.UNKNOWN.withDescription("channel closed").withCause(new ClosedChannelException());
        assertThat(reasonOf(closed)).isEqualTo(Reason.UNAVAILABLE);
        assertThat(reasonOf(Status.UNKNOWN.withCause(new IllegalStateException("a bug"))))
                .isEqualTo(Reason.INTERNAL);
    }

    @Test
    void whatTheNetworkSaysIsNotLost() {
        var refused = Status.UNAVAILABLE
                .withDescription("io exception")
                .withCause(new ConnectException("Connection refused: localhost/127.0.0.1:7400"));
        assertThat(Errors.fromWire(refused.asRuntimeException()))
                .hasMessage("UNAVAILABLE: io exception (Connection refused: localhost/127.0.0.1:7400)");
        var bug = Status.UNAVAILABLE.withDescription("gone").withCause(new IllegalStateException("secret"));
        assertThat(Errors.fromWire(bug.asRuntimeException())).hasMessage("UNAVAILABLE: gone");
    }

    private static Reason reasonOf(Status status) {
        return Errors.fromWire(status.asRuntimeException()).reason();
    }
}
