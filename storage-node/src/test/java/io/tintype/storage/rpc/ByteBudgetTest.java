// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bytes that are given back are told to all who wait for them. */
final class ByteBudgetTest {
    @Test
    void oneWhoCannotGoOnKeepsTheOthersFromNothing() {
        var budget = new ByteBudget("limits.readBytes", 10, 3);
        budget.take(10);
        var woken = new ArrayList<String>();
        assertThat(budget.takeOrWait(1, () -> woken.add("first"))).isFalse();
        assertThat(budget.takeOrWait(1, () -> {
                    throw new IllegalStateException("call already closed");
                }))
                .isFalse();
        assertThat(budget.takeOrWait(1, () -> woken.add("last"))).isFalse();

        budget.give(10);

        assertThat(woken).isEqualTo(List.of("first", "last"));
        assertThat(budget.used()).isZero();
        assertThat(budget.waiting()).isZero();
    }
}
