// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.plan;

import io.tintype.cluster.zk.Versioned;
import io.tintype.proto.internal.v1.PlanPart;
import io.tintype.proto.internal.v1.PlanRecord;
import io.tintype.proto.internal.v1.PlannedStep;
import java.util.List;

/**
 * A plan as it was read. Immutable.
 *
 * @param record the plan
 * @param parts its steps, {@link PlanZnodes#STEPS_PER_PART} in each but the last
 */
public record StoredPlan(Versioned<PlanRecord> record, List<Versioned<PlanPart>> parts) {
    public StoredPlan {
        parts = List.copyOf(parts);
    }

    /** Its id. */
    public String id() {
        return record.value().getId();
    }

    /** All steps, in order. */
    public List<PlannedStep> steps() {
        return parts.stream()
                .flatMap(part -> part.value().getStepsList().stream())
                .toList();
    }
}
