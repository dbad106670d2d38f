// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RetrierTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    /** Of an operation: the attempts before the last one take none of it to speak of. */
    private static final Duration TIME = Duration.ofSeconds(2);

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Retrier retrier =
            new Retrier(new ClientSettings.Retry(5, Duration.ofMillis(1), Duration.ofMillis(2)), timer, new UnderWay());

    @AfterEach
    void stop() {
        timer.shutdownNow();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatAServerSaidIsToldRatherThanThatTimeRanOutDuringTheNextAttempt(boolean sent) {
        var op = new Op("Head", TIME, PATIENCE);

        assertThat(failureOf(op, List.of(RetrierTest::overloaded, () -> missedDeadline(op, sent))))
                .isEqualTo(Reason.OVERLOADED);
        assertThat(op.attempts()).isEqualTo(2);
    }

    @Test
    void thatTimeRanOutIsToldWhereNoServerSaidAnything() {
        var op = new Op("Head", TIME, PATIENCE);

        assertThat(failureOf(op, List.of(() -> missedDeadline(op, true)))).isEqualTo(Reason.UNAVAILABLE);
    }

    @Test
    void anAttemptThatBreaksWhileThereIsTimeIsTold() {
        var op = new Op("Head", PATIENCE, PATIENCE);
        Supplier<CallFailure> broken = () -> CallFailure.of(Status.UNAVAILABLE.asRuntimeException(), true);

        assertThat(failureOf(op, List.of(RetrierTest::overloaded, broken, broken, broken, broken)))
                .isEqualTo(Reason.UNAVAILABLE);
    }

    /** Which runs on the timer's thread. */
    @Test
    void whatTheSecondAttemptThrowsIsTold() {
        var attempts = new ArrayDeque<Supplier<CompletableFuture<String>>>(
                List.of(() -> CompletableFuture.failedFuture(overloaded()), () -> {
                    throw new NoClassDefFoundError("on purpose");
                }));
        var run = retrier.run(
                new Op("Head", PATIENCE, PATIENCE), () -> attempts.remove().get());
        assertThat(run)
                .failsWithin(PATIENCE)
                .withThrowableThat()
                .havingRootCause()
                .isInstanceOf(NoClassDefFoundError.class);
    }

    private static CallFailure overloaded() {
        return CallFailure.of(Errors.toWire(new TintypeException(Reason.OVERLOADED, "too much at once")));
    }

    private static CallFailure missedDeadline(Op op, boolean sent) {
        while (op.remainingNanos() > 0) {
            LockSupport.parkNanos(op.remainingNanos());
        }
        return CallFailure.of(Status.DEADLINE_EXCEEDED.asRuntimeException(), sent);
    }

    /** What a run of these attempts ends with. */
    private Reason failureOf(Op op, List<Supplier<CallFailure>> attempts) {
        var left = new ArrayDeque<>(attempts);
        var run = retrier.<Void>run(
                op, () -> CompletableFuture.failedFuture(left.removeFirst().get()));
        var failure = run.handle((none, thrown) -> thrown)
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
        assertThat(left).isEmpty();
        return ((CallFailure) Retrier.unwrap(failure)).reason();
    }
}
