// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Lets tests outside the package switch off single rules of the core; production code cannot. All cores made by one
 * switch follow it at once.
 */
public final class RuleSwitch {
    private final EnumSet<Rule> rules = EnumSet.allOf(Rule.class);

    /** The names of all rules. */
    public static List<String> names() {
        return Arrays.stream(Rule.values()).map(Rule::name).toList();
    }

    public void off(String name) {
        rules.remove(Rule.valueOf(name));
    }

    public void on(String name) {
        rules.add(Rule.valueOf(name));
    }

    /** A core that keeps the rules that are on at each step. */
    public ReplicaCore core(ReplicaTiming timing) {
        Set<Rule> live = rules;
        return new ReplicaCore(timing, live);
    }
}
