// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Status;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How the bytes of incomplete messages are counted; that calls end so is shown by tests of the servers. */
class InboundGuardTest {
    private static final int MAX_MESSAGE = 100_000;
    private static final int LIMIT = 300_000;
    private static final int SMALL = 3_900;

    private final InboundGuard guard = new InboundGuard(MAX_MESSAGE, LIMIT);
    private final List<TintypeException> refused = new ArrayList<>();

    @Test
    void piecesCountFromTheFirstOnUntilTheMessageIsWhole() {
        var message = message();
        message.inboundWireSize(SMALL);
        assertThat(guard.used()).as("a small message is free").isZero();

        message.inboundWireSize(10_000);
        assertThat(guard.used()).isEqualTo(InboundGuard.held(SMALL) + InboundGuard.held(10_000));

        message.inboundMessageRead(0, 0, 0);
        assertThat(guard.used()).isZero();
        assertThat(refused).isEmpty();
    }

    @Test
    void manyTinyPiecesCountForWhatTheyHold() {
        var message = message();
        for (int i = 0; i < 100; i++) {
            message.inboundWireSize(1);
        }
        assertThat(guard.used()).isEqualTo(100 * InboundGuard.held(1));
    }

    @Test
    void theCallForWhichNoRoomIsLeftIsRefusedOnceAndTheOthersGoOn() {
        var first = message();
        first.inboundWireSize(90_000);
        var second = message();
        second.inboundWireSize(90_000);
        second.inboundWireSize(1);

        assertThat(refused).extracting(TintypeException::reason).containsExactly(Reason.OVERLOADED);
        assertThat(refused.get(0).retryAfter()).isPresent();
        assertThat(guard.used()).isEqualTo(InboundGuard.held(90_000));
        message().inboundWireSize(1_000); // a request to read
        assertThat(refused).hasSize(1);

        first.inboundMessageRead(0, 0, 0);
        message().inboundWireSize(90_000);
        assertThat(refused).as("there is room again").hasSize(1);
    }

    @Test
    void aMessageOverTheLimitIsRefusedWithItsReason() {
        var message = message();
        message.inboundWireSize(MAX_MESSAGE);
        assertThat(refused).isEmpty();
        message.inboundWireSize(1);
        assertThat(refused).extracting(TintypeException::reason).containsExactly(Reason.MESSAGE_TOO_LARGE);
        message.streamClosed(Status.CANCELLED);
        assertThat(guard.used()).isZero();
    }

    @Test
    void limitsHoldForEachMessageOfAStreamByItself() {
        var message = message();
        for (int i = 0; i < 10; i++) {
            message.inboundWireSize(MAX_MESSAGE);
            message.inboundMessageRead(i, 0, 0);
        }
        assertThat(refused).isEmpty();
        assertThat(guard.used()).isZero();
    }

    @Test
    void whatComesAfterTheEndIsNotCounted() {
        var message = message();
        message.inboundWireSize(50_000);
        message.streamClosed(Status.CANCELLED);
        message.inboundWireSize(50_000);
        assertThat(guard.used()).isZero();
    }

    @Test
    void whoAsksLateIsToldAtOnce() {
        var message = (InboundMessage) guard.newServerStreamTracer("a/b", new Metadata());
        message.inboundWireSize(MAX_MESSAGE + 1);
        message.onRefusal(refused::add);
        assertThat(refused).hasSize(1);
    }

    private InboundMessage message() {
        var message = (InboundMessage) guard.newServerStreamTracer("a/b", new Metadata());
        message.onRefusal(refused::add);
        return message;
    }
}
