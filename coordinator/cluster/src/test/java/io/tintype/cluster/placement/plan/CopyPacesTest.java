// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tintype.cluster.placement.plan.CopyPaces.Came;
import io.tintype.cluster.placement.plan.CopyPaces.Paced;
import io.tintype.cluster.placement.plan.CopyPaces.Source;
import io.tintype.model.NodeId;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class CopyPacesTest {
    private static final NodeId A = new NodeId("a");
    private static final NodeId B = new NodeId("b");
    private static final double LIMIT = 100;

    @Test
    void whereNothingWasMeasuredTheLimitIsTakenAndThatIsTold() {
        var pace = CopyPaces.NONE.into(A, LIMIT);
        assertThat(pace.bytesPerSecond()).isEqualTo(LIMIT);
        assertThat(pace.source()).isEqualTo(Source.LIMIT);
    }

    @Test
    void aNodeThatWasNeverCopiedToIsReckonedLikeTheOthers() {
        var paces = new CopyPaces(Map.of(A, came(40, 10)), StepRest.NONE);
        assertThat(paces.into(A, LIMIT).source()).isEqualTo(Source.MEASURED);
        assertThat(paces.into(B, LIMIT).source()).isEqualTo(Source.LIKE_OTHERS);
        assertThat(paces.into(B, LIMIT).bytesPerSecond()).isCloseTo(40, within(0.01));
    }

    @Test
    void whatTheMachineReachedIsReachedUnderAnyHigherLimit() {
        var paces = new CopyPaces(Map.of(A, came(40, 10)), StepRest.NONE);
        assertThat(paces.into(A, 1_000).bytesPerSecond()).isCloseTo(40, within(0.01));
        assertThat(paces.into(A, 20).bytesPerSecond()).isCloseTo(20, within(0.01));
    }

    @Test
    void whatTheLimitHeldUpFollowsTheLimit() {
        var paces = new CopyPaces(Map.of(A, came(95, 10)), StepRest.NONE);
        assertThat(paces.into(A, 200).bytesPerSecond()).isCloseTo(190, within(0.01));
        assertThat(paces.into(A, 50).bytesPerSecond()).isCloseTo(47.5, within(0.01));
    }

    @Test
    void laterPlansCountMoreAndNothingGrowsWithoutEnd() {
        var paces = CopyPaces.NONE;
        for (int plan = 0; plan < 50; plan++) {
            paces = paces.then(new CopyPaces(Map.of(A, came(10, 10)), StepRest.NONE.plus(1 << 20, 8)));
        }
        for (int plan = 0; plan < 6; plan++) {
            paces = paces.then(new CopyPaces(Map.of(A, came(50, 10)), StepRest.NONE.plus(1 << 20, 2)));
        }
        assertThat(paces.into(A, LIMIT).bytesPerSecond()).isBetween(48.0, 50.0);
        assertThat(paces.rest().seconds(1 << 20, 1 << 30)).isBetween(2.0, 2.2);
        assertThat(paces.rest().steps()).isLessThan(2.01);
    }

    @Test
    void aGlimpseTellsNothingOfAPace() {
        var paces = new CopyPaces(Map.of(A, came(1, 0.01)), StepRest.NONE);
        assertThat(paces.into(A, LIMIT).source()).isEqualTo(Source.LIMIT);
    }

    @Test
    void stepsOfDifferentSizesTellWhatAByteTakes() {
        var rest = StepRest.NONE;
        for (int mib = 10; mib <= 100; mib += 10) {
            rest = rest.plus((long) mib << 20, 1.5 + 0.02 * mib);
        }
        assertThat(rest.seconds(0, 1 << 20)).isCloseTo(1.5, within(0.01));
        assertThat(rest.seconds(200L << 20, 1 << 20)).isCloseTo(5.5, within(0.01));
    }

    @Test
    void stepsOfOneSizeTellWhatAStepTakes() {
        var rest = StepRest.NONE.plus(64 << 20, 3).plus(64 << 20, 5);
        assertThat(rest.seconds(64 << 20, 32 << 20)).isCloseTo(4, within(0.01));
        assertThat(rest.seconds(128 << 20, 32 << 20))
                .as("the other 64 MiB are verified four times as fast as they may be copied")
                .isCloseTo(4.5, within(0.01));
    }

    /** Whatever readers left, and whatever the limit is: what was held back follows both, what the machine did is a bound. */
    @Test
    void whatReadersLeftIsNoPaceOfTheMachine() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < 1_000; round++) {
            double left = 0.1 + 0.9 * random.nextDouble();
            double reached = 0.85 + 0.15 * random.nextDouble();
            double seconds = 1 + 100 * random.nextDouble();
            double allowed = LIMIT * left * seconds;
            var paces = new CopyPaces(
                    Map.of(A, new Came(allowed * reached, seconds, allowed)),
                    StepRest.NONE,
                    new Paced(allowed, LIMIT * seconds));
            var all = CopyPaces.NONE;
            for (int plans = random.nextInt(8); plans >= 0; plans--) {
                all = all.then(paces);
            }
            double limit = LIMIT * (0.1 + 10 * random.nextDouble());
            assertThat(all.leftByReaders()).as("seed %d", seed).isCloseTo(left, within(1e-6));
            assertThat(all.into(A, limit * all.leftByReaders()).bytesPerSecond())
                    .as("while somebody reads, seed %d", seed)
                    .isCloseTo(limit * left * reached, within(1e-3));
            assertThat(all.into(A, limit).bytesPerSecond())
                    .as("while nobody reads, seed %d", seed)
                    .isCloseTo(limit * reached, within(1e-3));
        }
    }

    @Test
    void whatTheMachineReachedBoundsWhatReadersLeave() {
        double seconds = 10;
        double allowed = LIMIT / 2 * seconds;
        var paces = new CopyPaces(
                Map.of(A, new Came(20 * seconds, seconds, allowed)),
                StepRest.NONE,
                new Paced(allowed, LIMIT * seconds));
        assertThat(paces.into(A, LIMIT * paces.leftByReaders()).bytesPerSecond())
                .as("half of the limit was allowed, and a fifth of it came")
                .isCloseTo(20, within(0.01));
    }

    @Test
    void plansThatNobodyReadMeanwhileSayNothingOfReaders() {
        var paced = new CopyPaces(Map.of(A, came(50, 10)), StepRest.NONE, new Paced(500, 1_000));
        assertThat(CopyPaces.NONE.leftByReaders()).isEqualTo(1);
        assertThat(paced.then(new CopyPaces(Map.of(A, came(100, 10)), StepRest.NONE))
                        .leftByReaders())
                .isCloseTo(0.5, within(1e-9));
    }

    private static Came came(double perSecond, double seconds) {
        return new Came(perSecond * seconds, seconds, LIMIT * seconds);
    }
}
