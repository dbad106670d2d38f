// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A load that fails, however it does, stands in nobody's way. */
final class FlightsTest {
    private static final int LENGTH = 1_000;

    private final Flights flights = new Flights(2);

    private enum Broken implements Supplier<CompletableFuture<Piece>> {
        FAILS {
            @Override
            public CompletableFuture<Piece> get() {
                return CompletableFuture.failedFuture(new AssertionError("on purpose"));
            }
        },
        THROWS {
            @Override
            public CompletableFuture<Piece> get() {
                throw new AssertionError("on purpose");
            }
        },
        CANNOT_BE_WAITED_FOR {
            @Override
            public CompletableFuture<Piece> get() {
                return new CompletableFuture<>() {
                    @Override
                    public CompletableFuture<Piece> whenComplete(BiConsumer<? super Piece, ? super Throwable> action) {
                        throw new AssertionError("on purpose");
                    }
                };
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Broken.class)
    void whoWaitsIsToldAndTheNextOneLoadsAnew(Broken load) {
        for (int i = 0; i < 5; i++) {
            var failure = flights.join(Pieces.key(1), load).handle((piece, thrown) -> thrown);
            assertThat(failure.join()).isInstanceOf(AssertionError.class);
            assertThat(flights.waiting()).isZero();
            assertThat(flights.loads()).isZero();
        }
        var piece = Pieces.piece(1, LENGTH);
        assertThat(flights.join(Pieces.key(1), () -> CompletableFuture.completedFuture(piece)))
                .isCompletedWithValue(piece);
    }

    @Test
    @SuppressWarnings("NullAway") // a key that cannot be looked up stands for whatever nobody expects
    void whoCannotWaitTakesNoRoom() {
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> flights.join(null, CompletableFuture::new))
                    .isInstanceOf(NullPointerException.class);
        }
        assertThat(flights.waiting()).isZero();
    }
}
