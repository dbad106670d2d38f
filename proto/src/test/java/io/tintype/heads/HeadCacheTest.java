// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Version;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class HeadCacheTest {
    private static final int SHARD = 7;
    private static final HeadKey CAT = new HeadKey("alice", "cat.jpg");

    private long now = Long.MAX_VALUE - 1_000_000_000L; // nanoTime may wrap around
    private final HeadCache<String> cache = new HeadCache<>(HeadLimits.of(1 << 20), () -> now, String::length);

    @Test
    void theLeaseCountsFromWhenTheRequestWasSent() {
        var fill = cache.begin(CAT);
        pass(4_000);
        assertThat(fill.found(SHARD, version(1), "one", 0)).isTrue();
        pass(999);
        assertThat(found(Duration.ofHours(1))).contains(version(1));
        pass(1);
        assertThat(found(Duration.ofHours(1))).isEmpty();
    }

    @Test
    void aStaleAnswerHasOnlyTheRestOfItsLease() {
        pass(1);
        cache.begin(CAT).found(SHARD, version(1), "one", Duration.ofSeconds(3).toNanos());
        pass(1_999);
        assertThat(found(Duration.ofHours(1))).contains(version(1));
        assertThat(found(Duration.ofSeconds(4))).isEmpty();
        pass(1);
        assertThat(found(Duration.ofHours(1))).isEmpty();
    }

    @Test
    void whoMustSeeMoreGetsNoHit() {
        fill(1);
        pass(500);
        assertThat(found(Duration.ofMillis(500))).contains(version(1));
        assertThat(found(Duration.ofMillis(499))).isEmpty();
        assertThat(found(Duration.ZERO)).as("linearizable").isEmpty();
    }

    @Test
    void aLateAnswerDoesNotGoBackwards() {
        var late = cache.begin(CAT);
        pass(10);
        fill(2);
        pass(10);
        assertThat(late.found(SHARD, version(1), "one", 0)).isFalse();
        assertThat(found(Duration.ofSeconds(5))).contains(version(2));
    }

    @Test
    void aChangeVoidsWhatIsHeldAndWhatIsUnderWay() {
        fill(1);
        var late = cache.begin(CAT);
        pass(1);
        cache.changed(CAT, version(2));
        assertThat(found(Duration.ofSeconds(5))).isEmpty();
        assertThat(late.found(SHARD, version(1), "one", 0)).isFalse();
        assertThat(cache.isBehind(CAT, version(1))).isTrue();
        assertThat(cache.isBehind(CAT, version(2))).isFalse();
        assertThat(late.found(SHARD, version(2), "two", 0)).isTrue();
        assertThat(found(Duration.ofSeconds(5))).contains(version(2));
    }

    @Test
    void anAnswerTooLateToBeKeptStillRaisesTheFloor() {
        var slow = cache.begin(CAT);
        pass(4_000);
        fill(1);
        pass(1_000);
        assertThat(slow.found(SHARD, version(2), "two", 0)).isFalse();
        assertThat(found(Duration.ofSeconds(5))).isEmpty();
    }

    @Test
    void absenceLastsASecondAndIsNotOverwrittenByOlderAnswers() {
        var late = cache.begin(CAT);
        pass(1);
        assertThat(cache.begin(CAT).absent(SHARD, 0)).isTrue();
        pass(1);
        assertThat(late.found(SHARD, version(1), "one", 0)).isFalse();
        pass(998);
        assertThat(cache.find(CAT, now - 5_000_000_000L))
                .get()
                .satisfies(head -> assertThat(head.version()).isEmpty());
        pass(1);
        assertThat(cache.find(CAT, now - 5_000_000_000L)).isEmpty();
    }

    @Test
    void absenceDoesNotHideWhatCameMeanwhile() {
        var late = cache.begin(CAT);
        pass(1);
        fill(1);
        assertThat(late.absent(SHARD, 0)).isFalse();
        assertThat(found(Duration.ofSeconds(5))).contains(version(1));
    }

    @Test
    void aDropVoidsItsShardAloneAndAnswersUnderWay() {
        var other = new HeadKey("bob", "dog.jpg");
        pass(1);
        fill(1);
        cache.begin(other).found(SHARD + 1, version(1), "dog", 0);
        var late = cache.begin(CAT);
        pass(1);
        cache.drop(SHARD);
        assertThat(found(Duration.ofSeconds(5))).isEmpty();
        assertThat(late.found(SHARD, version(1), "one", 0)).isFalse();
        assertThat(cache.find(other, now - 1_000_000_000L)).isPresent();
        pass(1);
        fill(1);
        assertThat(found(Duration.ofSeconds(5))).contains(version(1));
    }

    @Test
    void whereRoomIsShortNothingComesBackThatMayBeOlderThanWhatWasForgotten() {
        var small = new HeadCache<String>(HeadLimits.of(16 * 600), () -> now, String::length);
        var late = small.begin(CAT);
        pass(1);
        small.changed(CAT, version(9));
        for (int i = 0; small.stats().evictions() < 100; i++) {
            small.changed(new HeadKey("alice", "other-" + i), version(1));
        }
        assertThat(small.isBehind(CAT, version(1))).as("forgotten").isFalse();
        assertThat(late.found(SHARD, version(8), "old", 0)).isFalse();
        assertThat(small.stats().weight()).isLessThanOrEqualTo(16 * 600);
    }

    @Test
    void aUserWhoMovesIsForgotten() {
        pass(1);
        fill(1);
        var late = cache.begin(CAT);
        pass(1);
        cache.dropUser("alice");
        assertThat(cache.stats().weight()).isZero();
        assertThat(found(Duration.ofSeconds(5))).isEmpty();
        assertThat(late.found(SHARD, version(1), "one", 0)).isFalse();
    }

    @Test
    void aFeedWithAGapOrAnotherEpochDropsItsShard() {
        var feed = new HeadFeed(cache, SHARD);
        assertThat(feed.take(3, 10, 10, List.of()))
                .as("the first message joins on to nothing")
                .isFalse();
        pass(1);
        fill(1);
        assertThat(feed.take(3, 10, 12, List.of())).isTrue();
        assertThat(found(Duration.ofSeconds(5))).contains(version(1));
        pass(1);
        assertThat(feed.take(3, 13, 14, List.of())).as("13 is missing").isFalse();
        assertThat(found(Duration.ofSeconds(5))).isEmpty();
        pass(1);
        fill(1);
        pass(1);
        assertThat(feed.take(4, 14, 15, List.of())).as("another primary").isFalse();
        assertThat(found(Duration.ofSeconds(5))).isEmpty();
        pass(1);
        fill(1);
        pass(1);
        assertThat(feed.take(4, 15, 16, List.of(new HeadChange.OfBlob(CAT, version(2)))))
                .isTrue();
        assertThat(found(Duration.ofSeconds(5))).isEmpty();
        assertThat(feed.sequence()).isEqualTo(16);
    }

    @Test
    void leasesLongerThanStrictDeletesWaitForAreRefused() {
        assertThatThrownBy(() -> new HeadLimits(1, Duration.ofMillis(5_001), Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("strict deletes");
    }

    @Test
    void readersShareARequestOnlyWhereItBeganLateEnough() {
        var flights = new SingleFlight<HeadKey, String>(() -> now, 8);
        var first = new CompletableFuture<String>();
        var requests = new AtomicInteger();
        var one = flights.join(CAT, now, () -> {
            requests.incrementAndGet();
            return first;
        });
        pass(1);
        var joined = flights.join(CAT, now - 1_000_000, () -> {
            requests.incrementAndGet();
            return new CompletableFuture<>();
        });
        var fresh = flights.join(CAT, now, () -> {
            requests.incrementAndGet();
            return CompletableFuture.completedFuture("second");
        });
        assertThat(fresh.join()).isEqualTo("second");
        assertThat(joined.cancel(false)).isTrue();
        first.complete("first");
        assertThat(one.join()).isEqualTo("first");
        assertThat(requests).hasValue(2);
    }

    @Test
    void aRequestThatAllHaveGivenUpIsCancelledAndNobodyJoinsIt() {
        var flights = new SingleFlight<HeadKey, String>(() -> now, 8);
        var request = new CompletableFuture<String>();
        var one = flights.join(CAT, now, () -> request);
        var two = flights.join(CAT, now, CompletableFuture::new);
        assertThat(one.cancel(false)).isTrue();
        assertThat(one.cancel(false)).as("again").isTrue();
        assertThat(request).isNotDone();
        assertThat(two.cancel(false)).isTrue();
        assertThat(request).isCancelled();
        assertThat(flights.join(CAT, now, () -> CompletableFuture.completedFuture("next"))
                        .join())
                .isEqualTo("next");
    }

    @Test
    void aRequestThatCannotBeMadeStandsInNobodysWay() {
        var flights = new SingleFlight<HeadKey, String>(() -> now, 8);
        assertThat(flights.join(CAT, now, () -> {
                    throw new NoClassDefFoundError("none");
                }))
                .isCompletedExceptionally();
        assertThat(flights.join(CAT, now - 1_000_000, () -> CompletableFuture.completedFuture("next"))
                        .join())
                .isEqualTo("next");
    }

    private void fill(int version) {
        assertThat(cache.begin(CAT).found(SHARD, version(version), "v" + version, 0))
                .isTrue();
    }

    private Optional<Version> found(Duration staleness) {
        return cache.find(CAT, now - staleness.toNanos()).flatMap(CachedHead::version);
    }

    private void pass(long millis) {
        now += millis * 1_000_000;
    }

    private static Version version(int counter) {
        return Version.of(0, counter, 0);
    }
}
