// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import static io.tintype.storage.history.Result.FAILED;
import static io.tintype.storage.history.Result.UNKNOWN;
import static io.tintype.storage.history.Story.conflict;
import static io.tintype.storage.history.Story.v;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Histories of which it is known whether one correct store could have produced them. */
final class LinearizabilityTest {
    private final Story story = new Story();

    private void isFine() {
        var report = story.report();
        assertThat(report.ok()).as(report.toString()).isTrue();
    }

    private Problem isBad() {
        var report = story.report();
        assertThat(report.problems())
                .as(report.toString())
                .singleElement()
                .extracting(Problem::kind)
                .isEqualTo(Problem.Kind.NOT_LINEARIZABLE);
        return report.problems().get(0);
    }

    @Nested
    final class Good {
        @Test
        void oneAfterTheOther() {
            story.misses(1, 0, 1)
                    .put(1, 2, 3, "a", 1)
                    .finds(2, 4, 5, "a", 1)
                    .delete(1, 6, 7, 2)
                    .misses(2, 8, 9)
                    .put(2, 10, 11, "b", 3)
                    .finds(1, 12, 13, "b", 3);
            isFine();
        }

        @Test
        void aReadDuringAPutMaySeeEither() {
            story.put(1, 0, 10, "a", 1).misses(2, 1, 2).finds(3, 3, 4, "a", 1);
            isFine();
        }

        @Test
        void overlappingPutsTakeTheOrderOfTheirVersions() {
            story.put(1, 0, 10, "a", 2).put(2, 0, 10, "b", 1).finds(3, 11, 12, "a", 2);
            isFine();
        }

        @Test
        void timesThatTouchCountAsOverlapping() {
            story.put(1, 0, 5, "a", 1).misses(2, 5, 6);
            isFine();
        }

        @Test
        void anUnknownPutMayTakeEffectLate() {
            story.put(1, 0, 1, "a", 1)
                    .put(2, 2, 3, "b", UNKNOWN)
                    .finds(3, 10, 11, "a", 1)
                    .finds(3, 1000, 1001, "b", 2)
                    .finds(4, 1002, 1003, "b", 2);
            isFine();
        }

        @Test
        void anUnknownPutMayNeverTakeEffect() {
            story.put(1, 0, 1, "a", 1)
                    .put(2, 2, 3, "b", UNKNOWN)
                    .put(1, 20, 21, "c", 2)
                    .finds(3, 22, 23, "c", 2);
            isFine();
        }

        @Test
        void anUnknownDeleteExplainsAnAbsence() {
            story.put(1, 0, 1, "a", 1)
                    .delete(2, 2, 3, UNKNOWN)
                    .finds(3, 4, 5, "a", 1)
                    .misses(3, 6, 7);
            isFine();
        }

        @Test
        void anUnknownPutExplainsThatAConditionFailed() {
            story.put(1, 0, 1, "a", UNKNOWN)
                    .putIf(2, 2, 3, "b", Condition.ABSENT, conflict(v(1)))
                    .finds(3, 4, 5, "a", 1);
            isFine();
        }

        @Test
        void anUnknownConditionalPutMayHoldForAVersionNobodyWasTold() {
            story.put(1, 0, 1, "a", UNKNOWN)
                    .putIf(2, 2, 3, "b", new Condition.Is(v(1)), new Result.Written(v(2)))
                    .finds(3, 4, 5, "b", 2);
            isFine();
        }

        @Test
        void aFailedPutIsNoPut() {
            story.put(1, 0, 1, "a", FAILED).misses(1, 2, 3);
            isFine();
        }

        @Test
        void weakerReadsAreNotHeldToIt() {
            story.put(1, 0, 1, "a", 1).put(1, 2, 3, "b", 2);
            story.add(2, 4, 5, new Call.Read(Call.Promise.STALE), new Result.Found(v(1), "a"));
            story.add(3, 4, 5, new Call.Read(Call.Promise.SESSION), new Result.Found(v(1), "a"));
            isFine();
        }

        @Test
        void eachNameIsAWorldOfItsOwn() {
            story.on("alice", "a").put(1, 0, 1, "x", 1);
            story.on("alice", "b").misses(2, 2, 3);
            story.on("bob", "a").misses(2, 2, 3);
            isFine();
            assertThat(story.report().keys()).isEqualTo(3);
        }
    }

    @Nested
    final class Bad {
        @Test
        void aStaleRead() {
            story.put(1, 0, 1, "a", 1)
                    .finds(3, 2, 3, "a", 1)
                    .put(2, 4, 5, "b", 2)
                    .finds(4, 6, 7, "b", 2)
                    .finds(5, 8, 9, "a", 1)
                    .finds(6, 10, 11, "b", 2);

            var problem = isBad();

            assertThat(problem.shownBy()).hasSize(3);
            assertThat(problem)
                    .asString()
                    .contains("not linearizable: alice/cat.jpg: no order of these 3 of 6 operations")
                    .containsPattern("4\\.000 – +5\\.000 ms  client 2 +put #b → 2-7")
                    .containsPattern("8\\.000 – +9\\.000 ms  client 5 +read → 1-7 #a");
        }

        @Test
        void readsThatGoBackWithoutAnyWriteBetween() {
            story.put(1, 0, 100, "a", 1).finds(2, 10, 20, "a", 1).misses(3, 30, 40);
            isBad();
        }

        @Test
        void aLostUpdate() {
            story.put(1, 0, 1, "a", 1)
                    .putIf(2, 2, 10, "b", new Condition.Is(v(1)), new Result.Written(v(2)))
                    .putIf(3, 2, 10, "c", new Condition.Is(v(1)), new Result.Written(v(3)));
            isBad();
        }

        @Test
        void twoPutsIfAbsentThatBothWon() {
            story.putIf(1, 0, 10, "a", Condition.ABSENT, new Result.Written(v(1)))
                    .putIf(2, 0, 10, "b", Condition.ABSENT, new Result.Written(v(2)));
            assertThat(isBad().shownBy()).hasSize(2);
        }

        @Test
        void anAcknowledgedPutThatIsGone() {
            story.put(1, 0, 1, "a", 1).misses(2, 2, 3);
            isBad();
        }

        @Test
        void aResurrectionAfterADelete() {
            story.put(1, 0, 1, "a", 1).delete(1, 2, 3, 2).misses(2, 4, 5).finds(3, 6, 7, "a", 1);
            isBad();
        }

        @Test
        void aRetriedPutThatWasAppliedAgainAfterADelete() {
            story.put(1, 0, 1, "a", 1).delete(1, 2, 3, 2).finds(3, 4, 5, "a", 3);
            isBad();
        }

        @Test
        void anUnknownPutThatWasAppliedTwice() {
            story.put(1, 0, 1, "a", UNKNOWN)
                    .finds(2, 2, 3, "a", 1)
                    .put(3, 4, 5, "b", 2)
                    .finds(2, 6, 7, "a", 3);
            isBad();
        }

        @Test
        void anUnknownPutThatShowsTwoVersions() {
            story.put(1, 0, 1, "a", UNKNOWN).finds(2, 2, 3, "a", 1).finds(2, 4, 5, "a", 2);
            isBad();
        }

        @Test
        void anUnknownPutThatCameAndWent() {
            story.put(1, 0, 1, "a", 1)
                    .put(2, 2, 3, "b", UNKNOWN)
                    .finds(3, 4, 5, "b", 2)
                    .finds(3, 6, 7, "a", 1);
            isBad();
        }

        @Test
        void aReadFromTheFuture() {
            story.finds(2, 0, 1, "a", 1).put(1, 2, 3, "a", 1);
            isBad();
        }

        @Test
        void contentOfAPutThatFailed() {
            story.put(1, 0, 1, "a", FAILED).finds(2, 2, 3, "a", 1);
            isBad();
        }

        @Test
        void aVersionThatFellOverADelete() {
            story.put(1, 0, 1, "a", 5).delete(1, 2, 3, 6).put(1, 4, 5, "b", 2);
            isBad();
        }

        @Test
        void aConflictWithNothing() {
            story.putIf(1, 0, 1, "a", Condition.ABSENT, conflict(null)).misses(1, 2, 3);
            isBad();
        }

        @Test
        void aConflictThatNamesTheVersionThatWasAskedFor() {
            story.put(1, 0, 1, "a", 1).putIf(2, 2, 3, "b", new Condition.Is(v(1)), conflict(v(1)));
            isBad();
        }

        @Test
        void aDeleteThatDidNotSeeWhatWasThere() {
            story.put(1, 0, 1, "a", 1).delete(2, 2, 3, new Result.Deleted(v(2), false));
            isBad();
        }

        @Test
        @DisplayName("an unknown change does not excuse an answer that came before it began")
        void anUnknownDeleteThatBeganLater() {
            story.put(1, 0, 1, "a", 1).misses(2, 2, 3).delete(3, 4, 5, UNKNOWN);
            isBad();
        }
    }

    @Test
    void whatIsTooMuchWorkIsUndecidedAndSaysSo() {
        for (int i = 0; i < 12; i++) {
            story.put(i, 0, 100, "d" + i, UNKNOWN);
            story.add(20 + i, 0, 100, new Call.Read(), new Result.Found(v(i + 1), "d" + i));
        }

        var report = Linearizability.check(story.history(), new SearchLimits(10, 10));

        assertThat(report.problems()).singleElement().extracting(Problem::kind).isEqualTo(Problem.Kind.UNDECIDED);
        assertThat(report).asString().contains("gave up on 24 operations after 10 steps");
    }

    @Test
    void ofALongHistoryOnlyTheWindowThatMattersIsShown() {
        for (int i = 1; i <= 500; i++) {
            story.put(1, i * 10L, i * 10L + 4, "d" + i, i).finds(2, i * 10L + 5, i * 10L + 8, "d" + i, i);
        }
        story.finds(3, 3009, 3009, "d299", 299);

        assertThat(isBad().shownBy()).hasSizeLessThanOrEqualTo(4);
    }
}
