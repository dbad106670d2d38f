// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import static io.tintype.storage.history.Result.FAILED;
import static io.tintype.storage.history.Result.UNKNOWN;
import static io.tintype.storage.history.Story.v;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Promises that hold whatever a read was promised, and the completeness of a run's last look. */
final class HistoryCheckTest {
    private final Story story = new Story();

    private static final Call SESSION = new Call.Read(Call.Promise.SESSION);
    private static final Call STALE = new Call.Read(Call.Promise.STALE);

    private static List<Problem.Kind> kinds(List<Problem> problems) {
        return problems.stream().map(Problem::kind).toList();
    }

    @Test
    void aVersionGivenToTwoNamesOfAUserIsFound() {
        story.on("alice", "a").put(1, 0, 1, "x", 1);
        story.on("alice", "b").put(1, 0, 1, "y", 1);
        assertThat(kinds(Versions.check(story.history()))).contains(Problem.Kind.VERSION_REUSED);
    }

    @Test
    void twoUsersCountAlone() {
        story.on("alice", "a").put(1, 0, 1, "x", 1);
        story.on("bob", "a").put(1, 2, 3, "y", 1);
        assertThat(Versions.check(story.history())).isEmpty();
    }

    @Test
    void aVersionWithTwoContentsIsFound() {
        story.put(1, 0, 1, "a", UNKNOWN)
                .put(2, 0, 1, "b", UNKNOWN)
                .finds(3, 2, 3, "a", 1)
                .finds(4, 2, 3, "b", 1);
        assertThat(kinds(Versions.check(story.history()))).containsExactly(Problem.Kind.VERSION_REUSED);
    }

    @Test
    void theVersionOfADeleteHasNoContent() {
        story.put(1, 0, 1, "a", 1).delete(1, 2, 3, 2).put(2, 2, 3, "b", UNKNOWN).finds(3, 4, 5, "b", 2);
        assertThat(kinds(Versions.check(story.history()))).containsExactly(Problem.Kind.VERSION_REUSED);
    }

    @Test
    void aVersionThatFallsFromOneNameToTheNextIsFound() {
        story.on("alice", "a").put(1, 0, 1, "x", 5);
        story.on("alice", "b").put(1, 2, 3, "y", 4);
        assertThat(kinds(Versions.check(story.history()))).containsExactly(Problem.Kind.VERSION_FELL);
    }

    @Test
    void versionsAreUnsigned() {
        story.put(1, 0, 1, "a", Long.MAX_VALUE)
                .put(1, 2, 3, "b", Long.MIN_VALUE)
                .finds(2, 4, 5, "b", Long.MIN_VALUE);
        assertThat(HistoryCheck.check(story.history(), SearchLimits.DEFAULT).problems())
                .isEmpty();
    }

    @Test
    void evenAStaleReadShowsOnlyWhatWasWritten() {
        story.put(1, 0, 1, "a", FAILED)
                .add(2, 2, 3, STALE, new Result.Found(v(1), "a"))
                .add(2, 2, 3, STALE, new Result.Found(v(2), "b"))
                .put(1, 4, 5, "b", 2);
        assertThat(kinds(Versions.check(story.history())))
                .containsExactly(Problem.Kind.NEVER_WRITTEN, Problem.Kind.NEVER_WRITTEN);
    }

    @Test
    void aSessionNeverGoesBack() {
        story.put(1, 0, 1, "a", 1).put(2, 2, 3, "b", 2);
        story.add(3, 4, 5, SESSION, new Result.Found(v(2), "b"));
        story.add(3, 6, 7, SESSION, new Result.Found(v(1), "a"));
        story.add(4, 6, 7, SESSION, new Result.Found(v(1), "a"));
        assertThat(Sessions.check(story.history()))
                .singleElement()
                .satisfies(problem -> assertThat(problem.shownBy()).allMatch(o -> o.client() == 3));
    }

    @Test
    void aSessionSeesItsOwnWrites() {
        story.put(1, 0, 1, "a", 1);
        story.add(1, 2, 3, SESSION, Result.MISSING);
        story.add(2, 2, 3, SESSION, Result.MISSING);
        assertThat(kinds(Sessions.check(story.history()))).containsExactly(Problem.Kind.SESSION_WENT_BACK);
    }

    @Test
    void aDeleteExplainsWhatASessionMisses() {
        story.put(1, 0, 1, "a", 1).delete(2, 2, 3, UNKNOWN);
        story.add(1, 4, 5, SESSION, Result.MISSING);
        assertThat(Sessions.check(story.history())).isEmpty();
    }

    @Test
    void whatWasNotReadAtTheEndIsNamed() {
        story.on("alice", "a").put(1, 0, 1, "x", 1).finds(2, 2, 3, "x", 1);
        story.on("alice", "b").put(1, 4, 5, "y", 2);

        var report = HistoryCheck.complete(story.history(), SearchLimits.DEFAULT);

        assertThat(report.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.kind()).isEqualTo(Problem.Kind.NOT_LOOKED_AT);
            assertThat(problem.key()).isEqualTo(BlobKey.of("alice", "b"));
        });
    }

    @Test
    void aLossAtTheEndIsFound() {
        story.put(1, 0, 1, "a", 1);
        var end = new Story().misses(0, 100, 101).history();

        var report = HistoryCheck.complete(story.history().and(end), SearchLimits.DEFAULT);

        assertThat(kinds(report.problems())).containsExactly(Problem.Kind.NOT_LINEARIZABLE);
    }
}
