// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import static io.tintype.storage.history.Story.CAT;
import static io.tintype.storage.history.Story.v;
import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The search with its shortcuts answers as one that knows none: it tries every order, every choice of open changes that
 * took effect, and every version that they may have had.
 */
final class ExhaustiveSearchTest {
    private static final int VERSIONS = 4;

    /** {@code version} 0: one that no answer names. */
    private record State(boolean present, long version, String digest, long highest) {}

    @Test
    void bothAgreeOnAllKindsOfSmallHistories() {
        int good = 0;
        int bad = 0;
        for (long seed = 1; seed <= 20_000; seed++) {
            var operations = history(new Random(seed));
            boolean expected = exists(operations, 0, new State(false, 0, "", 0));

            var answer = KeySearch.search(Linearizability.relevant(operations), SearchLimits.DEFAULT);

            assertThat(answer)
                    .as("seed %d: %s", seed, operations)
                    .isEqualTo(expected ? KeySearch.Answer.YES : KeySearch.Answer.NO);
            good += expected ? 1 : 0;
            bad += expected ? 0 : 1;
        }
        assertThat(good).isGreaterThan(2_000);
        assertThat(bad).isGreaterThan(2_000);
    }

    private static boolean exists(List<Operation> operations, int placed, State state) {
        boolean done = true;
        for (int i = 0; i < operations.size(); i++) {
            done &= (placed >> i & 1) == 1 || operations.get(i).isOpen();
        }
        if (done) {
            return true;
        }
        for (int i = 0; i < operations.size(); i++) {
            if ((placed >> i & 1) == 1 || !mayBeNext(operations, placed, i)) {
                continue;
            }
            for (var after : after(state, operations.get(i))) {
                if (exists(operations, placed | 1 << i, after)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean mayBeNext(List<Operation> operations, int placed, int candidate) {
        for (int i = 0; i < operations.size(); i++) {
            var other = operations.get(i);
            if ((placed >> i & 1) == 0
                    && !other.isOpen()
                    && other.returnedNanos() < operations.get(candidate).invokedNanos()) {
                return false;
            }
        }
        return true;
    }

    private static List<State> after(State s, Operation o) {
        var states = new ArrayList<State>();
        if (o.result() instanceof Result.Found found) {
            if (s.present && s.version == found.version().number() && s.digest.equals(found.digest())) {
                states.add(s);
            }
        } else if (o.result() instanceof Result.Missing) {
            if (!s.present) {
                states.add(s);
            }
        } else if (o.result() instanceof Result.Conflict conflict) {
            if (!holds(condition(o), s) && named(conflict.current(), s, condition(o))) {
                states.add(s);
            }
        } else if (!holds(condition(o), s)) {
            if (o.isOpen()) {
                states.add(s);
            }
        } else if (o.call() instanceof Call.Put put) {
            for (long version = 0; version <= VERSIONS; version++) {
                boolean its = o.result() instanceof Result.Written written
                        ? written.version().number() == version
                        : o.isOpen();
                if (its && (version == 0 || version > s.highest)) {
                    states.add(new State(true, version, put.digest(), Math.max(version, s.highest)));
                }
            }
        } else if (o.result() instanceof Result.Deleted deleted) {
            var version = deleted.version();
            long number = version == null ? 0 : version.number();
            if (deleted.existed() == s.present && (number == 0 || number > s.highest)) {
                states.add(new State(false, 0, "", Math.max(number, s.highest)));
            }
        } else {
            states.add(new State(false, 0, "", s.highest));
        }
        return states;
    }

    private static Condition condition(Operation o) {
        return o.call() instanceof Call.Put put ? put.condition() : ((Call.Delete) o.call()).condition();
    }

    private static boolean holds(Condition condition, State s) {
        if (condition instanceof Condition.Is is) {
            return s.present && s.version == is.version().number();
        }
        return condition instanceof Condition.Any || !s.present;
    }

    private static boolean named(@Nullable Version current, State s, Condition condition) {
        if (current == null) {
            return condition instanceof Condition.Is || s.present;
        }
        return s.present && s.version == current.number();
    }

    private static List<Operation> history(Random random) {
        int size = random.nextInt(2, 7);
        var operations = new ArrayList<Operation>();
        for (int i = 0; i < size; i++) {
            long from = random.nextInt(20);
            long to = from + random.nextInt(12);
            var call = call(random);
            operations.add(new Operation(i, CAT, from, to, call, result(random, call)));
        }
        return operations;
    }

    private static Call call(Random random) {
        var condition = switch (random.nextInt(8)) {
            case 0 -> Condition.ABSENT;
            case 1 -> new Condition.Is(version(random));
            default -> Condition.ANY;
        };
        return switch (random.nextInt(5)) {
            case 0, 1 -> new Call.Put(digest(random), condition);
            case 2 -> new Call.Delete(condition);
            default -> new Call.Read();
        };
    }

    private static Result result(Random random, Call call) {
        if (call instanceof Call.Read) {
            return random.nextInt(3) == 0 ? Result.MISSING : new Result.Found(version(random), digest(random));
        }
        boolean conditional =
                !condition(new Operation(0, CAT, 0, 0, call, Result.UNKNOWN)).equals(Condition.ANY);
        int kind = random.nextInt(4);
        if (kind == 0) {
            return Result.UNKNOWN;
        }
        if (kind == 1 && conditional) {
            return new Result.Conflict(random.nextBoolean() ? null : version(random));
        }
        return call instanceof Call.Put
                ? new Result.Written(version(random))
                : new Result.Deleted(random.nextBoolean() ? null : version(random), random.nextBoolean());
    }

    private static Version version(Random random) {
        return v(random.nextInt(1, VERSIONS + 1));
    }

    private static String digest(Random random) {
        return random.nextBoolean() ? "a" : "b";
    }
}
