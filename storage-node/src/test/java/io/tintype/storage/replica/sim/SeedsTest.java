// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What is made of a seed that fails, and of many that do not. */
final class SeedsTest {
    /** A rule whose absence shows early, in a run with a good many faults. */
    private static final Sim.Plan BROKEN = Sim.Plan.ANYTHING.without("OLD_MEMBERS_COUNT_UNTIL_READ_BACK");

    private static final int LINES = 40;

    /** So many that it cannot be that all of them are needed. */
    private static final int MANY_STRIKES = 20;

    @Test
    void aFailingSeedIsCutDownToWhatStillFailsAndToldHowToRepeatIt() {
        long seed = 1;
        while (strikesUntilItFails(seed) < MANY_STRIKES) {
            seed++;
        }
        var all = new Sim(seed, BROKEN);
        var failure = Seeds.run(seed, BROKEN, new Coverage()).orElseThrow();
        try {
            all.run();
        } catch (SimFailure e) {
            assertThat(e).hasMessage(failure.getMessage());
        }

        var found = Seeds.explain(seed, Seeds.shrink(seed, BROKEN), failure, LINES);

        Set<Integer> left = Objects.requireNonNull(found.plan().strikes());
        assertThat(left)
                .hasSizeLessThan(all.struck().size())
                .isSubsetOf(all.struck().keySet());
        assertThat(found.schedule()).hasSize(left.size());
        assertThat(Seeds.run(seed, found.plan(), new Coverage()))
                .as("what is left fails, and always in the same way")
                .hasValueSatisfying(
                        again -> assertThat(again).hasMessage(found.left().getMessage()));
        for (int one : left) {
            var fewer = new TreeSet<>(left);
            fewer.remove(one);
            assertThat(Seeds.run(seed, found.plan().striking(fewer), new Coverage()))
                    .as("without strike %d", one)
                    .isEmpty();
        }
        assertThat(found.lines()).hasSize(LINES);
        assertThat(found.toString())
                .contains(
                        "bin/tintype simulate --seed " + seed,
                        "--strikes ",
                        found.schedule().get(0));
    }

    /** 0: it does not fail. */
    private static int strikesUntilItFails(long seed) {
        var sim = new Sim(seed, BROKEN);
        try {
            sim.run();
            return 0;
        } catch (SimFailure e) {
            return sim.struck().size();
        }
    }

    @Test
    void theCommandRunsSeedsAndSaysWhatTheyWentThrough() {
        var out = new StringWriter();
        int code = new Simulate()
                .run(new PrintWriter(out), new PrintWriter(new StringWriter()), "--first=5", "--seeds=20", "--json");
        assertThat(code).isZero();
        assertThat(out.toString()).contains("\"first\":5,\"seeds\":20,", "\"PRIMARY_ELECT -> PRIMARY\":", "\"CRASH\":");
    }

    @Test
    void oneSeedIsRepeatedWithTheStrikesAskedFor() {
        var out = new StringWriter();
        int code = new Simulate()
                .run(
                        new PrintWriter(out),
                        new PrintWriter(new StringWriter()),
                        "--seed=7",
                        "--strikes=none",
                        "--spares=0",
                        "--callers=2");
        assertThat(code).isZero();
        assertThat(out.toString())
                .contains("1 seeds (7 to 7)", "none failed")
                .containsPattern("Not seen: fault CRASH, ");
    }
}
