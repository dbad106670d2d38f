// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** The order of the caches, and that nothing wrong leaves them. */
final class PieceChainTest {
    private static final int LENGTH = 10_000;

    private final Map<PieceKey, CompletableFuture<Piece>> loads = new ConcurrentHashMap<>();
    private final List<PieceKey> loaded = new ArrayList<>();
    private final MemoryLayer memory = new MemoryLayer(Arena.SLAB_BYTES);
    private final MapLayer second = new MapLayer();
    private final PieceChain chain = new PieceChain(List.of(memory, second), spec -> {
        loaded.add(spec.key());
        return loads.computeIfAbsent(spec.key(), key -> new CompletableFuture<>());
    });

    /** Keeps what it is offered. */
    private static final class MapLayer implements PieceLayer {
        final Map<PieceKey, Piece> pieces = new HashMap<>();

        @Override
        public String name() {
            return "second";
        }

        @Override
        public CompletableFuture<Optional<Piece>> get(PieceSpec spec) {
            return CompletableFuture.completedFuture(Optional.ofNullable(pieces.get(spec.key())));
        }

        @Override
        public void offer(PieceKey key, Piece piece) {
            pieces.put(key, Piece.onHeap(ByteString.copyFrom(Pieces.read(piece)), piece.crc()));
        }

        @Override
        public void drop(PieceKey key) {
            pieces.remove(key);
        }
    }

    private void arrives(int number) {
        loads.computeIfAbsent(Pieces.key(number), key -> new CompletableFuture<>())
                .complete(Pieces.piece(number, LENGTH));
    }

    @Test
    void whatOneLayerHasIsOfferedToThoseBeforeIt() {
        arrives(1);
        chain.get(Pieces.spec(1, LENGTH)).join().release();
        assertThat(second.pieces).containsKey(Pieces.key(1));
        memory.drop(Pieces.key(1));
        var again = chain.get(Pieces.spec(1, LENGTH)).join();
        assertThat(Pieces.read(again)).isEqualTo(Pieces.bytes(1, LENGTH));
        assertThat(memory.contains(Pieces.key(1))).isTrue();
        assertThat(loaded).hasSize(1);
        var figures = chain.figures();
        assertThat(figures.stream().map(LayerFigures::name)).containsExactly("memory", "second", "origin");
        assertThat(figures.get(1).hits()).isEqualTo(1);
        assertThat(figures.get(1).bytes()).isEqualTo(LENGTH);
        assertThat(figures.get(2).hits()).isEqualTo(1);
        chain.get(Pieces.spec(1, LENGTH)).join().release();
        assertThat(figures.get(0).hits()).isEqualTo(1);
    }

    @Test
    void oneLoadServesAllWhoWait() {
        List<CompletableFuture<Piece>> waiting = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            waiting.add(chain.get(Pieces.spec(1, LENGTH)));
        }
        assertThat(waiting).noneMatch(CompletableFuture::isDone);
        arrives(1);
        for (var one : waiting) {
            var piece = one.join();
            assertThat(Pieces.read(piece)).isEqualTo(Pieces.bytes(1, LENGTH));
            piece.release();
        }
        assertThat(loaded).hasSize(1);
    }

    /** What a peer asks for has whatever length it says. */
    @Test
    void whoWaitsWithAnotherForSomethingElseGetsWhatHeAskedFor() {
        var others = chain.get(Pieces.spec(1, 10));
        var mine = chain.get(Pieces.spec(1, LENGTH));
        var load = Objects.requireNonNull(loads.remove(Pieces.key(1)));
        arrives(1);
        load.complete(Pieces.piece(1, 10));
        assertThat(others.join().length()).isEqualTo(10);
        assertThat(Pieces.read(mine.join())).isEqualTo(Pieces.bytes(1, LENGTH));
    }

    @Test
    void aFailureIsToldToAllWhoWaitAndTheNextAskerTriesAnew() {
        var first = chain.get(Pieces.spec(1, LENGTH));
        var second = chain.get(Pieces.spec(1, LENGTH));
        Objects.requireNonNull(loads.remove(Pieces.key(1)))
                .completeExceptionally(new TintypeException(Reason.NO_PRIMARY, "electing"));
        assertThat(reason(first)).isEqualTo(Reason.NO_PRIMARY);
        assertThat(reason(second)).isEqualTo(Reason.NO_PRIMARY);
        arrives(1);
        assertThat(chain.get(Pieces.spec(1, LENGTH)).join().length()).isEqualTo(LENGTH);
    }

    @Test
    void aLoadThatCannotBeginIsToldToWhoWaitsAndTheNextAskerTriesAnew() {
        var flights = new Flights(2);
        for (int i = 0; i < 3; i++) {
            assertThat(flights.join(Pieces.key(1), () -> {
                        throw new NoClassDefFoundError("none");
                    }))
                    .isCompletedExceptionally();
        }
        assertThat(flights.loads() + flights.waiting()).isZero();
        assertThat(flights.join(Pieces.key(1), () -> CompletableFuture.completedFuture(Pieces.piece(1, LENGTH)))
                        .join()
                        .length())
                .isEqualTo(LENGTH);
    }

    @Test
    void tooManyWhoWaitAreRefused() {
        var flights = new Flights(2);
        var load = new CompletableFuture<Piece>();
        var one = flights.join(Pieces.key(1), () -> load);
        var two = flights.join(Pieces.key(1), () -> load);
        var three = flights.join(Pieces.key(1), () -> load);
        assertThat(reason(three)).isEqualTo(Reason.OVERLOADED);
        load.complete(Pieces.piece(1, LENGTH));
        assertThat(one.join().length()).isEqualTo(LENGTH);
        assertThat(two).isDone();
        assertThat(flights.join(Pieces.key(2), () -> CompletableFuture.completedFuture(Pieces.piece(2, LENGTH))))
                .isDone();
        assertThat(flights.loads()).isZero();
    }

    @Test
    void aDamagedPieceIsDroppedAndReadFromTheOrigin() {
        arrives(1);
        chain.get(Pieces.spec(1, LENGTH)).join().release();
        Damage.flip(memory, Pieces.key(1));
        second.pieces.put(Pieces.key(1), Piece.onHeap(ByteString.copyFrom(new byte[LENGTH]), 42));
        var again = chain.get(Pieces.spec(1, LENGTH)).join();
        assertThat(Pieces.read(again)).isEqualTo(Pieces.bytes(1, LENGTH));
        assertThat(loaded).as("neither cache could serve it").hasSize(2);
        assertThat(chain.figures().get(0).damagedPieces()).isEqualTo(1);
        assertThat(chain.figures().get(1).damagedPieces()).isEqualTo(1);
        assertThat(Objects.requireNonNull(second.pieces.get(Pieces.key(1))).isSound())
                .as("kept anew")
                .isTrue();
    }

    @Test
    void aSoundPieceThatIsNotTheOneIsNotServed() {
        second.pieces.put(Pieces.key(1), Pieces.piece(2, LENGTH));
        arrives(1);
        int crc = Pieces.piece(1, LENGTH).crc();
        var got = chain.get(new PieceSpec(Pieces.key(1), LENGTH, OptionalInt.of(crc)))
                .join();
        assertThat(Pieces.read(got)).isEqualTo(Pieces.bytes(1, LENGTH));
    }

    @Test
    void whatTheOriginSentDamagedIsNeitherServedNorKept() {
        loads.put(
                Pieces.key(1),
                CompletableFuture.completedFuture(Piece.onHeap(ByteString.copyFrom(new byte[LENGTH]), 42)));
        assertThat(reason(chain.get(Pieces.spec(1, LENGTH)))).isEqualTo(Reason.CORRUPT_DATA);
        assertThat(memory.contains(Pieces.key(1))).isFalse();
        assertThat(second.pieces).isEmpty();
    }

    private static Reason reason(CompletableFuture<Piece> failed) {
        return Errors.fromWire(failed.handle((piece, failure) -> failure).join())
                .reason();
    }
}
