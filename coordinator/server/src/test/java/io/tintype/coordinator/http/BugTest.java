// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.grpc.stub.StreamObserver;
import io.tintype.coordinator.route.Answers;
import io.tintype.model.RequestId;
import io.tintype.proto.v1.DeleteResponse;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A request that fails by a bug of the coordinator is in its log under the id that the caller gave, or is told. */
final class BugTest extends HttpStage {
    private static final String GIVEN = "00112233445566778899aabbccddeeff";

    private final ListAppender<ILoggingEvent> seen = new ListAppender<>();
    private final Logger log = (Logger) LoggerFactory.getLogger("io.tintype.coordinator");

    @BeforeEach
    void listen() {
        seen.start();
        log.addAppender(seen);
        log.setAdditive(false);
    }

    @AfterEach
    void listenNoMore() {
        log.setAdditive(true);
        log.detachAppender(seen);
    }

    @Test
    void overHttpTheIdIsTheCallers() throws Exception {
        http.close();
        http = HttpFrontend.start(
                "127.0.0.1", settings(), cluster.upload, cluster.retrieval, new StatusPages(Optional::empty, () -> {
                    throw new IllegalStateException("on purpose");
                }));
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + "/metrics?secret=1"))
                .header("Tintype-Request-Id", GIVEN)
                .build();
        var answer = client.send(request, BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(JSON.readTree(answer.body()).get("message").asText()).contains(GIVEN);
        var event = only();
        assertThat(event.getFormattedMessage()).isEqualTo("GET /metrics failed, request " + GIVEN);
        assertThat(event.getKeyValuePairs()).anySatisfy(pair -> {
            assertThat(pair.key).isEqualTo("request");
            assertThat(String.valueOf(pair.value)).isEqualTo(GIVEN);
        });
        assertThat(event.getThrowableProxy().getMessage()).isEqualTo("on purpose");
    }

    @Test
    void overGrpcItIsTheOneOfTheChangeAndElseOneThatTheCallerIsTold() {
        var id = RequestId.of(HexFormat.of().parseHex(GIVEN));
        assertThat(failure(out -> Answers.send(out, Wire.bytes(id), () -> {
                    throw new IllegalStateException("on purpose");
                })))
                .contains("under request " + GIVEN);
        assertThat(only().getFormattedMessage()).endsWith("request " + GIVEN);
        seen.list.clear();

        var told = failure(out ->
                Answers.send(out, () -> CompletableFuture.failedFuture(new IllegalStateException("on purpose"))));
        assertThat(told).containsPattern("under request [0-9a-f]{32}");
        assertThat(only().getFormattedMessage()).endsWith(told.substring(told.lastIndexOf("request ")));
    }

    @Test
    void whatIsRefusedForAReasonIsNoLine() throws Exception {
        var answer = client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + "/v1/users/alice/blobs/none"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(seen.list).isEmpty();
    }

    private ILoggingEvent only() {
        assertThat(seen.list).hasSize(1);
        return seen.list.get(0);
    }

    private interface Work {
        void on(StreamObserver<DeleteResponse> out);
    }

    private static String failure(Work work) {
        var failed = new CompletableFuture<String>();
        work.on(new StreamObserver<>() {
            @Override
            public void onNext(DeleteResponse answer) {
                failed.complete("an answer");
            }

            @Override
            public void onError(Throwable thrown) {
                failed.complete(String.valueOf(Errors.fromWire(thrown).getMessage()));
            }

            @Override
            public void onCompleted() {
                failed.complete("an end");
            }
        });
        return failed.join();
    }
}
