// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.tintype.heads.HeadCache;
import io.tintype.heads.HeadLimits;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A feed goes on, whatever is thrown where it begins. */
final class HeadFeedsTest {
    private static final int SHARD = 7;

    private final HeadCache<String> cache = new HeadCache<>(HeadLimits.of(1 << 20), System::nanoTime, String::length);
    private final List<Call> calls = new ArrayList<>();
    private final Queue<Runnable> later = new ArrayDeque<>();
    private @Nullable Step broken;
    private final HeadFeeds feeds = new HeadFeeds(
            cache, new HeadFeeds.Bounds(4, Duration.ofMillis(10), Duration.ofMillis(100)), new Surroundings());

    private enum Step {
        PRIMARY,
        CALL,
        START,
        SEND
    }

    private void perhapsThrow(Step now) {
        if (broken == now) {
            throw new NoClassDefFoundError("on purpose");
        }
    }

    private final class Surroundings implements HeadFeeds.Surroundings {
        @Override
        public Optional<String> primary(int shard) {
            perhapsThrow(Step.PRIMARY);
            return Optional.of("n1");
        }

        @Override
        public ClientCall<WatchHeadsRequest, WatchHeadsResponse> call(String address) {
            perhapsThrow(Step.CALL);
            var call = new Call();
            calls.add(call);
            return call;
        }

        @Override
        public void after(long nanos, Runnable task) {
            later.add(task);
        }
    }

    private final class Call extends ClientCall<WatchHeadsRequest, WatchHeadsResponse> {
        private @Nullable Listener<WatchHeadsResponse> listener;
        private boolean cancelled;

        @Override
        public void start(Listener<WatchHeadsResponse> told, Metadata headers) {
            perhapsThrow(Step.START);
            listener = told;
        }

        @Override
        public void request(int messages) {}

        @Override
        public void cancel(@Nullable String message, @Nullable Throwable cause) {
            cancelled = true;
        }

        @Override
        public void halfClose() {}

        @Override
        public void sendMessage(WatchHeadsRequest message) {
            perhapsThrow(Step.SEND);
        }
    }

    @ParameterizedTest
    @EnumSource(Step.class)
    void oneThatCannotBeginIsNoReadersConcernAndBegunAgainLater(Step where) {
        broken = where;
        feeds.want(SHARD);
        assertThat(calls).allMatch(call -> call.cancelled);
        int before = calls.size();
        later.remove().run();
        broken = null;
        later.remove().run();
        assertThat(later).isEmpty();
        assertThat(calls).hasSizeGreaterThan(before);

        var last = calls.get(calls.size() - 1);
        assertThat(last.cancelled).isFalse();
        var listener = last.listener;
        assertThat(listener).isNotNull();
        if (listener != null) {
            listener.onMessage(WatchHeadsResponse.newBuilder().setEpoch(1).build());
        }
        assertThat(feeds.connected()).isEqualTo(1);
    }

    @Test
    void oneThatCannotWaitIsBegunByWhoeverWantsItNext() {
        var unable = new HeadFeeds(
                cache,
                new HeadFeeds.Bounds(4, Duration.ofMillis(10), Duration.ofMillis(100)),
                new HeadFeeds.Surroundings() {
                    private final HeadFeeds.Surroundings others = new Surroundings();

                    @Override
                    public Optional<String> primary(int shard) {
                        return others.primary(shard);
                    }

                    @Override
                    public ClientCall<WatchHeadsRequest, WatchHeadsResponse> call(String address) {
                        return others.call(address);
                    }

                    @Override
                    public void after(long nanos, Runnable task) {
                        throw new NoClassDefFoundError("on purpose");
                    }
                });
        broken = Step.CALL;
        unable.want(SHARD);
        broken = null;
        unable.want(SHARD);
        assertThat(calls).hasSize(1);
    }
}
