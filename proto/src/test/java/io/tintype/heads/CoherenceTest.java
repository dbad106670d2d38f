// SPDX-License-Identifier: Apache-2.0
package io.tintype.heads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Version;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Caches against a shard in virtual time: answers and feeds are delayed by up to seconds, feeds lose messages, break and come
 * back, primaries change, caches are so small that they forget. Whatever a cache hands out must have been true recently enough,
 * and no cache may go backwards.
 */
final class CoherenceTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int SHARD = 3;
    private static final int NAMES = 6;
    private static final int CACHES = 3;
    private static final int STEPS = 60_000;

    private final PriorityQueue<Event> events = new PriorityQueue<>(Comparator.comparingLong(Event::at));
    private final List<List<Change>> history = new ArrayList<>();
    private final List<Reader> readers = new ArrayList<>();
    private long now = 1;
    private long sequence;
    private long epoch = 1;
    private int counter;
    private int hits;

    private record Event(long at, Runnable what) {}

    /** From then on the name had this version; null: there was none. */
    private record Change(long at, @Nullable Version version, Version floor) {}

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void nothingIsShownLongerThanItsLeaseAndNothingGoesBackwards(long seed) {
        play(seed, HeadRule.all());
    }

    @ParameterizedTest
    @EnumSource(HeadRule.class)
    void eachRuleIsNeeded(HeadRule rule) {
        var rules = EnumSet.allOf(HeadRule.class);
        rules.remove(rule);
        assertThatThrownBy(() -> play(1, rules))
                .as("%s is off, and seed 1 does not notice", rule)
                .isInstanceOf(AssertionError.class);
    }

    private void play(long seed, Set<HeadRule> rules) {
        var random = new Random(seed);
        for (int name = 0; name < NAMES; name++) {
            history.add(new ArrayList<>(List.of(new Change(0, null, Version.of(0, 0, 0)))));
        }
        for (int i = 0; i < CACHES; i++) {
            readers.add(new Reader(i == 0 ? 16L * 600 : 1 << 20, rules));
        }
        for (int step = 0; step < STEPS; step++) {
            now += 1 + (long) (random.nextDouble() * 4_000_000);
            while (!events.isEmpty() && events.peek().at() <= now) {
                long resume = now;
                var event = events.poll();
                event.what().run();
                now = resume;
            }
            act(random, seed);
        }
        assertThat(hits)
                .as("seed %d: hits, without which this shows nothing", seed)
                .isGreaterThan(STEPS / 20);
    }

    private void act(Random random, long seed) {
        var reader = readers.get(random.nextInt(CACHES));
        int name = random.nextInt(NAMES);
        int what = random.nextInt(1000);
        if (what < 600) {
            reader.read(name, random, seed);
        } else if (what < 800) {
            reader.ask(name, random);
        } else if (what < 860) {
            change(name, random);
        } else if (what < 870) {
            reader.connected = !reader.connected;
            if (!reader.connected) {
                reader.feed.lost();
            }
        } else if (what < 872) {
            epoch++;
        } else if (what < 880) {
            reader.losesNext = true;
        }
    }

    private void change(int name, Random random) {
        var version = Version.of(0, ++counter, 0);
        boolean removed = random.nextInt(3) == 0;
        history.get(name).add(new Change(now, removed ? null : version, version));
        long before = sequence;
        sequence += 1 + random.nextInt(2);
        long after = before;
        long upTo = sequence;
        long inEpoch = epoch;
        for (var reader : readers) {
            if (!reader.connected) {
                continue;
            }
            boolean lost = reader.losesNext;
            reader.losesNext = false;
            if (!lost) {
                // Messages of one feed keep their order.
                reader.feedBusyUntil = Math.max(reader.feedBusyUntil + 1, now + delay(random));
                later(reader.feedBusyUntil, () -> {
                    if (reader.connected) {
                        reader.feed.take(inEpoch, after, upTo, List.of(new HeadChange.OfBlob(key(name), version)));
                    }
                });
            }
        }
    }

    private void later(long at, Runnable what) {
        events.add(new Event(at, what));
    }

    private static long delay(Random random) {
        return switch (random.nextInt(10)) {
            case 0 -> random.nextLong(7 * SECOND);
            case 1, 2 -> random.nextLong(SECOND);
            default -> random.nextLong(SECOND / 100);
        };
    }

    private static HeadKey key(int name) {
        return new HeadKey("user", "name-" + name);
    }

    private Change at(int name, long time) {
        var changes = history.get(name);
        int i = changes.size() - 1;
        while (changes.get(i).at() > time) {
            i--;
        }
        return changes.get(i);
    }

    private final class Reader {
        private final HeadCache<Integer> cache;
        private final HeadFeed feed;
        private final Map<Integer, Version> shown = new HashMap<>();
        private boolean connected;
        private boolean losesNext;
        private long feedBusyUntil;

        Reader(long weight, Set<HeadRule> rules) {
            cache = new HeadCache<>(HeadLimits.of(weight), () -> now, name -> 100, rules);
            feed = new HeadFeed(cache, SHARD);
        }

        /** Asks the cluster: the primary, or a follower that lags and says so. */
        void ask(int name, Random random) {
            var fill = cache.begin(key(name));
            long readAt = now + delay(random);
            long age = random.nextInt(4) == 0 ? random.nextLong(6 * SECOND) : 0;
            long answerAt = readAt + delay(random);
            later(answerAt, () -> {
                now = Math.max(now, answerAt);
                var seen = at(name, Math.max(0, readAt - age));
                if (seen.version() == null) {
                    fill.absent(SHARD, age);
                } else {
                    fill.found(SHARD, seen.version(), name, age);
                }
            });
        }

        void read(int name, Random random, long seed) {
            long allowed = random.nextLong(6 * SECOND);
            var hit = cache.find(key(name), now - allowed);
            if (hit.isEmpty()) {
                return;
            }
            hits++;
            var version = hit.get().versionOrNull();
            long lease = version == null ? SECOND : 5 * SECOND;
            long since = now - Math.min(lease, allowed);
            assertThat(wasTrueSince(name, version, since))
                    .as("seed %d at %d: %s handed out as %s", seed, now, key(name), version)
                    .isTrue();
            if (version != null) {
                var before = shown.get(name);
                assertThat(before == null || version.compareTo(before) >= 0)
                        .as("seed %d at %d: %s went from %s back to %s", seed, now, key(name), before, version)
                        .isTrue();
                shown.put(name, version);
            }
        }

        private boolean wasTrueSince(int name, @Nullable Version version, long since) {
            var first = at(name, Math.max(0, since));
            boolean then = Objects.equals(first.version(), version);
            return then
                    || history.get(name).stream()
                            .anyMatch(change -> change.at() >= since && Objects.equals(change.version(), version));
        }
    }
}
