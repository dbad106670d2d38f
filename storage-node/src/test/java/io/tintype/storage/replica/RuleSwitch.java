// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Lets tests outside the package switch off single rules of the core; production code cannot. */
public final class RuleSwitch {
    private RuleSwitch() {}

    /** The names of all rules. */
    public static List<String> names() {
        return Arrays.stream(Rule.values()).map(Rule::name).toList();
    }

    /** A core that lacks some rules. */
    public static ReplicaCore without(ReplicaTiming timing, Set<String> off) {
        var rules = EnumSet.allOf(Rule.class);
        off.forEach(name -> rules.remove(Rule.valueOf(name)));
        return new ReplicaCore(timing, rules);
    }
}
