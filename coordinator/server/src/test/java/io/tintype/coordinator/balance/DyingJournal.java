// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.cluster.control.Term;
import io.tintype.cluster.plan.StoredPlan;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.proto.internal.v1.PlanPhase;
import io.tintype.proto.internal.v1.PlannedStep;
import io.tintype.proto.internal.v1.ShardAssignment;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The journal of a controller that dies at one of its writes: before it is made, or when it is and nobody has told it. */
final class DyingJournal extends Journal {
    static final String KILLED = "the controller was killed";

    private final boolean made;
    /** At which write it dies, counted from 1. */
    int dieAt;
    /** Writes that were made, whether it heard of them or not. */
    int writes;

    DyingJournal(ZkSession session, int dieAt, boolean made) {
        super(session);
        this.dieAt = dieAt;
        this.made = made;
    }

    @Override
    StoredPlan write(
            Term term,
            StoredPlan plan,
            int step,
            UnaryOperator<PlannedStep.Builder> change,
            @Nullable Versioned<ShardAssignment> before,
            @Nullable ShardAssignment after)
            throws Interrupted {
        dieBefore();
        var written = super.write(term, plan, step, change, before, after);
        dieAfter();
        return written;
    }

    @Override
    StoredPlan noteQuiet(Term term, StoredPlan plan, long p99Micros) throws Interrupted {
        dieBefore();
        var noted = super.noteQuiet(term, plan, p99Micros);
        dieAfter();
        return noted;
    }

    @Override
    void finish(Term term, StoredPlan plan, PlanPhase how, long nowMs) throws Interrupted {
        dieBefore();
        super.finish(term, plan, how, nowMs);
        dieAfter();
    }

    private void dieBefore() throws Interrupted {
        if (!made && writes + 1 == dieAt) {
            throw killed();
        }
    }

    private void dieAfter() throws Interrupted {
        writes++;
        if (made && writes == dieAt) {
            throw killed();
        }
    }

    private static Interrupted killed() {
        return new Interrupted(KILLED, false, null);
    }
}
