// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces in memcached: a real one, and servers that only pretend to be one. */
final class MemcachedLayerTest {
    private static final int LENGTH = 100_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        open.add(part);
        return part;
    }

    private MemcachedLayer layer(String address, String cluster, Predicate<String> mayLieThere, long maxValueBytes) {
        // Generous, so that a busy machine is not taken for a slow server.
        var settings = new MemcachedSettings(List.of(address), "", Duration.ofSeconds(5), maxValueBytes);
        return opened(new MemcachedLayer(settings, new PieceCodec(cluster), mayLieThere));
    }

    private static Optional<Piece> get(PieceLayer layer, PieceSpec spec) throws Exception {
        return layer.get(spec).get(60, TimeUnit.SECONDS);
    }

    private static void keep(MemcachedLayer layer, int number, int length) {
        await("it is kept").atMost(PATIENCE).until(() -> {
            layer.offer(Pieces.key(number), Pieces.piece(number, length));
            return get(layer, Pieces.spec(number, length)).isPresent();
        });
    }

    @Test
    void whatOneCoordinatorOffersAnotherFindsUntilItIsDropped() throws Exception {
        var server = opened(MemcachedServer.start());
        var one = layer(server.address(), "cluster", user -> true, 2 << 20);
        var other = layer(server.address(), "cluster", user -> true, 2 << 20);
        for (int length : new int[] {1, LENGTH, PieceKey.BYTES}) {
            keep(one, length, length);
            await("the other is connected")
                    .atMost(PATIENCE)
                    .until(() -> get(other, Pieces.spec(length, length)).isPresent());
            var found = get(other, Pieces.spec(length, length)).orElseThrow();
            assertThat(Pieces.spec(length, length).isMetBy(found)).isTrue();
            assertThat(Pieces.read(found)).isEqualTo(Pieces.bytes(length, length));
            assertThat(get(other, Pieces.spec(length, length + 1)))
                    .as("another length")
                    .isEmpty();
            one.drop(Pieces.key(length));
            await("it is gone")
                    .atMost(PATIENCE)
                    .until(() -> get(other, Pieces.spec(length, length)).isEmpty());
        }
    }

    @Test
    void anotherClusterAndUsersOfOtherRegionsHaveNothingThere() throws Exception {
        var server = opened(MemcachedServer.start());
        var mine = layer(server.address(), "cluster", user -> true, 1 << 20);
        keep(mine, 1, LENGTH);
        var others = layer(server.address(), "other", user -> true, 1 << 20);
        keep(others, 2, LENGTH); // so it is connected
        assertThat(get(others, Pieces.spec(1, LENGTH))).isEmpty();
        var mayLieThere = new AtomicBoolean(true);
        var pinned = layer(server.address(), "cluster", user -> mayLieThere.get(), 1 << 20);
        keep(pinned, 4, LENGTH);
        mayLieThere.set(false);
        assertThat(pinned.mayHelp(Pieces.key(1))).isFalse();
        pinned.offer(Pieces.key(3), Pieces.piece(3, LENGTH));
        assertThat(get(pinned, Pieces.spec(1, LENGTH))).isEmpty();
        mayLieThere.set(true);
        keep(pinned, 5, LENGTH); // by the same connection, after whatever was sent before
        assertThat(get(mine, Pieces.spec(5, LENGTH))).isPresent();
        assertThat(get(mine, Pieces.spec(3, LENGTH))).isEmpty();
    }

    @Test
    void whatDoesNotFitIsNotOffered() throws Exception {
        var server = opened(MemcachedServer.start());
        var layer = layer(server.address(), "cluster", user -> true, 64 << 10);
        keep(layer, 1, 1000);
        layer.offer(Pieces.key(2), Pieces.piece(2, 64 << 10));
        assertThat(get(layer, Pieces.spec(2, 64 << 10))).isEmpty();
    }

    @Test
    void aServerThatHangsIsLeftAloneAndFoundAgain() throws Exception {
        var server = opened(MemcachedServer.start());
        var settings = new MemcachedSettings(List.of(server.address()), "", Duration.ofMillis(200), 1 << 20);
        var layer = opened(new MemcachedLayer(settings, new PieceCodec("cluster"), user -> true));
        keep(layer, 1, LENGTH);
        server.signal("STOP");
        try {
            await("it is left alone").atMost(PATIENCE).until(() -> {
                assertThat(get(layer, Pieces.spec(1, LENGTH))).isEmpty();
                return layer.isLeftAlone();
            });
            // Each would wait for 200 ms, 60 s in all; of those that are not let through, none does.
            long before = System.nanoTime();
            for (int i = 0; i < 300; i++) {
                assertThat(get(layer, Pieces.spec(1, LENGTH))).isEmpty();
            }
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(30));
        } finally {
            server.signal("CONT");
        }
        keep(layer, 1, LENGTH);
    }

    /** Else whoever asked would keep his place for good. */
    @Test
    void aCallThatCannotBeMadeIsAMiss() throws Exception {
        var layer = layer("127.0.0.1:" + MemcachedServer.freePort(), "cluster", user -> true, 1 << 20);
        for (int i = 0; i < 200; i++) {
            var answer = layer.<byte[]>timed(() -> {
                throw new NoClassDefFoundError("on purpose");
            });
            assertThat(answer.get(60, TimeUnit.SECONDS)).isEmpty();
        }
    }

    @Test
    void aServerThatIsNotThereIsAMissAndFoundOnceItIs() throws Exception {
        int port = MemcachedServer.freePort();
        var layer = layer("127.0.0.1:" + port, "cluster", user -> true, 1 << 20);
        for (int i = 0; i < 20; i++) {
            assertThat(get(layer, Pieces.spec(1, LENGTH))).isEmpty();
        }
        opened(MemcachedServer.startOn(port));
        keep(layer, 1, LENGTH);
    }

    /** Whatever it says: a miss, and the origin's bytes are what the reader gets. */
    @ParameterizedTest
    @ValueSource(
            strings = {"", "\r\n", "VALUE x 0 2000000000\r\n", "\u0081\0\0\0\0\0\0\0\u007f\u00ff\u00ff\u00ff", "random"
            })
    void garbageIsNothing(String says) throws Exception {
        var server = opened(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        var answering = new Thread(() -> babble(server, says.getBytes(StandardCharsets.ISO_8859_1)));
        answering.setDaemon(true);
        answering.start();
        var settings = new MemcachedSettings(
                List.of("127.0.0.1:" + server.getLocalPort()), "", Duration.ofMillis(100), 1 << 20);
        var layer = opened(new MemcachedLayer(settings, new PieceCodec("cluster"), user -> true));
        var chain = new PieceChain(
                List.of(new MemoryLayer(16 << 20), layer),
                spec -> CompletableFuture.completedFuture(Pieces.piece(1, LENGTH)));
        try {
            for (int i = 0; i < 30; i++) {
                assertThat(get(layer, Pieces.spec(1, LENGTH))).isEmpty();
                var piece = chain.get(Pieces.spec(1, LENGTH)).get(60, TimeUnit.SECONDS);
                assertThat(Pieces.read(piece)).isEqualTo(Pieces.bytes(1, LENGTH));
                piece.release();
            }
        } finally {
            chain.close();
        }
    }

    private static void babble(ServerSocket server, byte[] answer) {
        while (!server.isClosed()) {
            try (var socket = server.accept()) {
                var buffer = new byte[1 << 16];
                while (socket.getInputStream().read(buffer) >= 0) {
                    socket.getOutputStream().write(answer);
                }
            } catch (IOException gone) {
                // the next one
            }
        }
    }

    /** A real server whose values are others than they should be. */
    @Test
    void damagedAndMisplacedValuesNeverReachAReader() throws Exception {
        var server = opened(MemcachedServer.start());
        var layer = layer(server.address(), "cluster", user -> true, 1 << 20);
        keep(layer, 1, LENGTH);
        var wrong = Pieces.piece(2, LENGTH);
        layer.offer(Pieces.key(1), Piece.onHeap(wrong.bytes(), wrong.crc() + 1));
        await("the damaged one is there")
                .atMost(PATIENCE)
                .until(() -> !Pieces.spec(1, LENGTH)
                        .isMetBy(get(layer, Pieces.spec(1, LENGTH)).orElseThrow()));
        var chain = new PieceChain(List.of(layer), spec -> CompletableFuture.completedFuture(Pieces.piece(1, LENGTH)));
        var piece = chain.get(Pieces.spec(1, LENGTH)).get(60, TimeUnit.SECONDS);
        assertThat(Pieces.read(piece)).isEqualTo(Pieces.bytes(1, LENGTH));
        assertThat(chain.figures().get(0).damagedPieces()).isEqualTo(1);
    }

    @Test
    void settingsThatCannotBeMeantAreRefused() {
        assertThatThrownBy(() -> new MemcachedSettings(List.of("a:b:c:d:"), "", Duration.ofMillis(50), 1 << 20))
                .hasMessageContaining("cache.memcached.servers");
        assertThatThrownBy(() -> new MemcachedSettings(List.of(), "", Duration.ofMillis(1), 1 << 20))
                .hasMessageContaining("cache.memcached.timeout");
        assertThatThrownBy(() -> new MemcachedSettings(List.of(), "", Duration.ofMillis(50), 4 << 20))
                .hasMessageContaining("cache.memcached.maxValueBytes");
    }
}
