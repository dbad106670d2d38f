// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class FirstClassesTest {
    /** Loaded by nobody else. */
    static final class Probe {
        static {
            loaded.incrementAndGet();
        }
    }

    private static final AtomicLong loaded = new AtomicLong();

    @Test
    void whatIsInTheListIsThere() {
        var missing = new ArrayList<String>();
        for (var name : FirstClasses.names()) {
            try {
                var unused = Class.forName(name, false, getClass().getClassLoader());
            } catch (ClassNotFoundException | LinkageError e) {
                missing.add(name);
            }
        }
        assertThat(missing)
                .as("rename them in first-classes.txt or take them out, or record it anew: FirstClassesIT")
                .isEmpty();
        assertThat(FirstClasses.names())
                .hasSizeBetween(500, FirstClasses.MOST - 1)
                .doesNotHaveDuplicates();
    }

    @Test
    void classesAreInitialisedAndWhatIsNoneIsLeftOut() {
        assertThat(FirstClasses.load(List.of("no.such.Class", getClass().getName() + "$Probe", "not a name"), () -> 0))
                .isEqualTo(1);
        assertThat(loaded).hasValue(1);
    }

    @Test
    void aNodeStartsWithoutTheRestAfterAWhile() {
        var now = new AtomicLong();
        long step = FirstClasses.WITHIN.toNanos() / 2;
        var names = List.of("java.lang.Long", "java.lang.Short", "java.lang.Byte", "java.lang.Integer");
        assertThat(FirstClasses.load(names, () -> now.getAndAdd(step))).isEqualTo(2);
    }
}
