// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.cache.CacheSettings;
import io.tintype.coordinator.rendition.RenditionSettings;
import io.tintype.coordinator.rendition.Renditions;
import io.tintype.coordinator.rendition.TestImages;
import io.tintype.coordinator.testing.MemoryCluster;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.LocalConnector;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers of which Jetty itself throws a step back. */
final class BrokenResponsesTest {
    private static final int NEVER = Integer.MAX_VALUE;

    private final MemoryCluster cluster =
            new MemoryCluster(64 << 20, 1L << 30, CacheSettings.DEFAULTS.withMemory(64 << 20));
    private final Renditions renditions = new Renditions(RenditionSettings.DEFAULTS, cluster.retrieval);
    private final Compression compression = new Compression(true);
    private final Router router = new Router(
            cluster.upload,
            cluster.retrieval,
            renditions,
            new StatusPages(Optional::empty, () -> ""),
            new Access(SigningKeys.open(""), false, InstantSource.system()),
            new Cors(CorsSettings.NONE),
            compression,
            InstantSource.system());
    private final Server server = new Server();
    private final LocalConnector connector = new LocalConnector(server);
    private final AtomicInteger statusesBefore = new AtomicInteger(NEVER);
    private final AtomicInteger writesBefore = new AtomicInteger(NEVER);

    @BeforeEach
    void start() throws Exception {
        server.addConnector(connector);
        server.setHandler(new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                return router.handle(request, new Broken(request, response), callback);
            }
        });
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        server.stop();
        compression.close();
        renditions.close();
        cluster.close();
    }

    private final class Broken extends Response.Wrapper {
        Broken(Request request, Response response) {
            super(request, response);
        }

        @Override
        public void setStatus(int code) {
            perhaps(statusesBefore);
            super.setStatus(code);
        }

        @Override
        public void write(boolean last, ByteBuffer bytes, Callback written) {
            perhaps(writesBefore);
            super.write(last, bytes, written);
        }

        private static void perhaps(AtomicInteger before) {
            if (before.getAndDecrement() == 0) {
                throw new IllegalStateException("on purpose");
            }
        }
    }

    /** The whole answer; the connection is to be closed after it. */
    private String call(String method, String pathAndQuery) throws Exception {
        try (var client = connector.executeRequest(method + ' ' + pathAndQuery
                + " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n")) {
            client.waitUntilClosedOrIdleFor(30, TimeUnit.SECONDS);
            assertThat(client.isOpen()).isFalse();
            return String.valueOf(client.getOutputString(ISO_8859_1));
        }
    }

    @ParameterizedTest
    @CsvSource({"GET, ''", "HEAD, /n", "DELETE, /n"})
    void whoeverAskedIsTold(String method, String name) throws Exception {
        cluster.store("u", "n", new byte[100]);
        statusesBefore.set(0);
        assertThat(call(method, "/v1/users/u/blobs" + name)).startsWith("HTTP/1.1 500");
        assertThat(call(method, "/v1/users/u/blobs" + name)).startsWith("HTTP/1.1 20");
        assertThat(cluster.a.size()).isEqualTo(method.equals("DELETE") ? 0 : 1);
    }

    @Test
    void anAnswerThatCannotBeBegunIsNotBeingCompressed() throws Exception {
        cluster.store("u", "n", "text/plain", new byte[2 * Compression.LEAST_BYTES]);
        statusesBefore.set(0);
        assertThat(call("GET", "/v1/users/u/blobs/n")).startsWith("HTTP/1.1 500");
        assertThat(compression.streams()).isZero();
        assertThat(call("GET", "/v1/users/u/blobs/n")).contains("Content-Encoding: gzip");
        await().until(() -> compression.streams() == 0);
    }

    /** Of two pieces of the memory cache, each a write. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aRenditionThatCannotBeSentIsGivenBackOnce(int before) throws Exception {
        cluster.store("u", "noise", TestImages.noise(1_000, 900, "png"));
        int sound = get();
        assertThat(get()).isEqualTo(sound);
        assertThat(renditions.made()).isEqualTo(1);
        writesBefore.set(before);
        assertThat(get()).isNotEqualTo(sound);
        assertThat(writesBefore).as("a write was thrown back").hasNegativeValue();

        assertThat(get()).isEqualTo(sound);
        assertThat(renditions.made()).isEqualTo(1);
        assertThat(cluster.retrieval.caches().forget("u")).isCompleted();
        await().until(() -> cluster.retrieval.caches().layers().get(0).heldBytes() == 0);
    }

    /** The checksum of the answer's body. */
    private int get() throws Exception {
        String answer = call("GET", "/v1/users/u/blobs/noise?w=900&format=png");
        return Crc32c.of(answer.substring(answer.indexOf("\r\n\r\n") + 4).getBytes(ISO_8859_1));
    }
}
