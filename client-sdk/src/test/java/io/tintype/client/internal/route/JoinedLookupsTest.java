// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.ChannelCache;
import io.tintype.client.internal.net.ClientSettings;
import io.tintype.client.internal.net.Coordinators;
import io.tintype.client.internal.net.Op;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.LookupUserRequest;
import io.tintype.proto.v1.LookupUserResponse;
import io.tintype.proto.v1.User;
import io.tintype.proto.v1.UsersGrpc;
import io.tintype.wire.Errors;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several callers who ask for the same user at the same time. */
@Timeout(60)
final class JoinedLookupsTest {
    private static final Duration LONG = Duration.ofSeconds(50);

    /** Questions that the coordinator has heard and not answered. */
    private final BlockingQueue<StreamObserver<LookupUserResponse>> heard = new LinkedBlockingQueue<>();

    private final class Users extends UsersGrpc.UsersImplBase {
        @Override
        public void lookupUser(LookupUserRequest request, StreamObserver<LookupUserResponse> answer) {
            heard.add(answer);
        }
    }

    @Test
    void whoJoinsAQuestionOlderThanTheUserIsNotToldThatThereIsNone() throws Exception {
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(new Users())
                .build()
                .start();
        var settings = settings("127.0.0.1:" + server.getPort(), InsecureChannelCredentials.create());
        try (var channels = new ChannelCache(settings.channels(), Runnable::run)) {
            var homes = new Homes(new Coordinators(settings, channels), Runnable::run);
            var first = find(homes);
            var question = next();
            // The user is made by somebody else, whose write is acknowledged; then another one asks.
            var second = find(homes);
            question.onError(Errors.toWire(new TintypeException(Reason.USER_NOT_FOUND, "no such user")));

            assertThatThrownBy(first::join)
                    .satisfies(e -> assertThat(CallFailure.of(e).reason()).isEqualTo(Reason.USER_NOT_FOUND));
            var again = next();
            var third = find(homes); // joins one that is young enough for the second
            again.onNext(LookupUserResponse.newBuilder()
                    .setUser(User.newBuilder().setShard(7))
                    .build());
            again.onCompleted();
            assertThat(second.get(10, TimeUnit.SECONDS)).isEqualTo(7);
            assertThat(third.get(10, TimeUnit.SECONDS)).isEqualTo(7);
            assertThat(heard).isEmpty();
        } finally {
            server.shutdownNow();
        }
    }

    /** A channel cannot even be made with credentials of this kind. */
    private static final class UnknownCredentials extends ChannelCredentials {
        @Override
        public ChannelCredentials withoutBearerTokens() {
            return this;
        }
    }

    @Test
    void aQuestionThatCannotBePosedStandsInNobodysWay() {
        var settings = settings("127.0.0.1:1", new UnknownCredentials());
        try (var channels = new ChannelCache(settings.channels(), Runnable::run)) {
            var homes = new Homes(new Coordinators(settings, channels), Runnable::run);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> find(homes).get(10, TimeUnit.SECONDS))
                        .hasStackTraceContaining(UnknownCredentials.class.getName());
            }
        }
    }

    private static CompletableFuture<Integer> find(Homes homes) {
        return homes.find("alice", false, new Op("Get", null, LONG));
    }

    private StreamObserver<LookupUserResponse> next() throws InterruptedException {
        var answer = heard.poll(10, TimeUnit.SECONDS);
        assertThat(answer).as("a question").isNotNull();
        return answer;
    }

    private static ClientSettings settings(String seed, ChannelCredentials credentials) {
        return new ClientSettings(
                List.of(seed),
                new ClientSettings.Retry(1, LONG, LONG),
                LONG,
                LONG,
                new ClientSettings.Routing(true, "", "", null),
                new ClientSettings.Channels(credentials, 1),
                1);
    }
}
