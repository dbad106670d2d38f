// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.zk.Versioned;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.v1.PlanOrder;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** An operator steers a plan while somebody else changes it. */
final class PlanSteeringTest {
    private static final String PLAN = "0123456789ab";

    /** A plan's header, which the controller changes each time it was read, until it has done so often enough. */
    private static final class Header {
        private PlanRecord record;
        private int version = 1;
        private int changes;
        private int reads;

        private Header(PlanPhase phase, int changes) {
            this.record = PlanRecord.newBuilder().setId(PLAN).setPhase(phase).build();
            this.changes = changes;
        }

        private CompletableFuture<Optional<Versioned<PlanRecord>>> read() {
            reads++;
            var found = new Versioned<>(record, version);
            if (changes > 0) {
                changes--;
                version++;
                record = record.toBuilder().setQuietReadP99Micros(version).build();
            }
            return CompletableFuture.completedFuture(Optional.of(found));
        }

        private CompletableFuture<Boolean> change(Versioned<PlanRecord> before, PlanRecord next) {
            boolean won = before.version() == version;
            if (won) {
                version++;
                record = next;
            }
            return CompletableFuture.completedFuture(won);
        }

        private CompletableFuture<PlanRecord> steer(PlanOrder order) {
            return new PlanSteering(id -> read(), this::change).steer(PLAN, order);
        }
    }

    @Test
    void whatChangedMeanwhileIsReadAnewAndKept() {
        var header = new Header(PlanPhase.PLAN_PHASE_RUNNING, PlanSteering.TRIES - 1);
        var steered = header.steer(PlanOrder.PLAN_ORDER_PAUSE).join();
        assertThat(header.reads).isEqualTo(PlanSteering.TRIES);
        assertThat(steered).isEqualTo(header.record);
        assertThat(steered.getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_PAUSED);
        assertThat(steered.getQuietReadP99Micros())
                .as("what the controller wrote at last")
                .isEqualTo(PlanSteering.TRIES);
    }

    @Test
    void whatChangesAgainAndAgainIsLeftAsItIsAndTheOperatorTold() {
        var header = new Header(PlanPhase.PLAN_PHASE_RUNNING, PlanSteering.TRIES);
        assertThatThrownBy(header.steer(PlanOrder.PLAN_ORDER_CANCEL)::join)
                .hasCauseInstanceOf(TintypeException.class)
                .hasMessageContaining("The plan changed at the same moment. Look at it, and say it again.");
        assertThat(header.reads).isEqualTo(PlanSteering.TRIES);
        assertThat(header.record.getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_RUNNING);
    }

    /** It ends between two tries: the second one must not bring it back to life. */
    @Test
    void aPlanThatEndedMeanwhileIsNotSteered() {
        var header = new Header(PlanPhase.PLAN_PHASE_RUNNING, 0);
        var steering = new PlanSteering(
                id -> header.read().thenApply(found -> {
                    header.version++;
                    header.record = header.record.toBuilder()
                            .setPhase(PlanPhase.PLAN_PHASE_DONE)
                            .build();
                    return found;
                }),
                header::change);
        assertThatThrownBy(steering.steer(PLAN, PlanOrder.PLAN_ORDER_PAUSE)::join)
                .cause()
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.WRONG_STATE))
                .hasMessageContaining("is DONE and cannot be steered any more");
        assertThat(header.record.getPhase()).isEqualTo(PlanPhase.PLAN_PHASE_DONE);
        assertThat(header.reads).isEqualTo(2);
    }

    @Test
    void sayingItTwiceIsHarmless() {
        var header = new Header(PlanPhase.PLAN_PHASE_CANCELLING, 0);
        assertThat(header.steer(PlanOrder.PLAN_ORDER_CANCEL).join().getPhase())
                .isEqualTo(PlanPhase.PLAN_PHASE_CANCELLING);
        assertThatThrownBy(header.steer(PlanOrder.PLAN_ORDER_RESUME)::join).hasMessageContaining("cannot be steered");
    }
}
