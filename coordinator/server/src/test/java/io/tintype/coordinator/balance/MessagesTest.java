// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Limits;
import io.tintype.proto.v1.Plan;
import io.tintype.proto.v1.PlanStep;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class MessagesTest {
    /** Names of nodes and what is said of a step may be long. */
    @Test
    void asManyStepsAreToldAsFitIntoAMessage() {
        var few = Plan.newBuilder();
        Messages.addSteps(few, steps(100));
        assertThat(few.getStepsList()).hasSize(100);
        var many = Plan.newBuilder();
        Messages.addSteps(many, steps(Messages.MAX_STEPS_TOLD));
        assertThat(many.build().getSerializedSize()).isBetween(Limits.MAX_MESSAGE_BYTES / 2, Limits.MAX_MESSAGE_BYTES);
        assertThat(many.getSteps(17).getShard()).as("the first ones").isEqualTo(17);
    }

    private static Stream<PlanStep> steps(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> PlanStep.newBuilder()
                        .setShard(i)
                        .setReason("r".repeat(200))
                        .setDetail("d".repeat(200))
                        .build());
    }
}
