// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.InsecureChannelCredentials;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.Tracer;
import io.tintype.client.internal.net.ClientSettings;
import io.tintype.client.internal.route.ReadMode;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.ReadOptions;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What is begun for an operation is ended with it, also where it is not let in. */
final class ClientCoreTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final AtomicInteger begun = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final ClientCore core = new ClientCore(settings(), (op, failure) -> {}, tracer());

    @Test
    void theTraceOfAReadThatIsNotLetInEnds() {
        core.close();
        var nearest = new ReadMode(ReadMode.Reach.ANYWHERE, shard -> ReadOptions.getDefaultInstance());
        assertThatThrownBy(() -> core.read(GetRequest.getDefaultInstance(), nearest, null, new NoSink()))
                .hasMessageContaining("the client is closed");
        assertThat(begun).hasValue(1);
        assertThat(ended).hasValue(1);
    }

    private static ClientSettings settings() {
        return new ClientSettings(
                List.of("127.0.0.1:1"),
                new ClientSettings.Retry(1, LONG, LONG),
                LONG,
                LONG,
                new ClientSettings.Routing(true, "", "", null),
                new ClientSettings.Channels(InsecureChannelCredentials.create(), 1),
                1);
    }

    /** Counts the spans that begin and end. */
    private Tracer tracer() {
        var span = fake(Span.class, Map.of("isRecording", true, "end", ended));
        var builder = fake(SpanBuilder.class, Map.of("startSpan", span));
        return fake(Tracer.class, Map.of("spanBuilder", new Counted(builder, begun)));
    }

    /** An answer that is counted. */
    private record Counted(Object answer, AtomicInteger count) {}

    /** Answers some methods, by name: as is, or counting; all others with itself. */
    private static <T> T fake(Class<T> type, Map<String, Object> answers) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> {
            var answer = answers.getOrDefault(method.getName(), self);
            if (answer instanceof AtomicInteger count) {
                count.incrementAndGet();
                return null;
            }
            if (answer instanceof Counted counted) {
                counted.count().incrementAndGet();
                return counted.answer();
            }
            return answer;
        }));
    }
}
