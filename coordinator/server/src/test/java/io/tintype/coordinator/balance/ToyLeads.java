// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import java.util.ArrayList;
import java.util.List;

/** What nodes are told to lead: carried out at once, or held until somebody lets it go. Thread-safe. */
final class ToyLeads {
    private final List<Held> held = new ArrayList<>();
    private final List<String> all = new ArrayList<>();
    private boolean holds;
    private boolean refuses;

    private record Held(String what, Runnable carryOut) {}

    /** Nothing is carried out from now on. */
    synchronized void hold() {
        holds = true;
    }

    /** Nobody takes a lead from now on. */
    synchronized void refuse() {
        refuses = true;
    }

    /** Carries out what was held, and everything from now on. */
    void letGo() {
        List<Held> now;
        synchronized (this) {
            holds = false;
            now = List.copyOf(held);
            held.clear();
        }
        now.forEach(order -> order.carryOut().run());
    }

    /** Somebody is told to lead; false: nobody will. */
    boolean ordered(int shard, String to, Runnable carryOut) {
        synchronized (this) {
            all.add(shard + " -> " + to);
            if (refuses) {
                return false;
            }
            if (holds) {
                held.add(new Held(shard + " -> " + to, carryOut));
                return true;
            }
        }
        carryOut.run();
        return true;
    }

    /** What waits to be carried out. */
    synchronized List<String> held() {
        return held.stream().map(Held::what).toList();
    }

    /** What was ever ordered. */
    synchronized List<String> all() {
        return List.copyOf(all);
    }
}
