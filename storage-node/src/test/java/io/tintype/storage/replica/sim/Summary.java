// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.storage.replica.ReplicaState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a number of seeds went through, for people and for programs. */
final class Summary {
    private final long first;
    private final long began = System.nanoTime();
    private final Coverage coverage = new Coverage();
    private long seeds;
    private Seeds.@Nullable Found failure;

    Summary(long first) {
        this.first = first;
    }

    Coverage coverage() {
        return coverage;
    }

    void ran(long seed) {
        seeds++;
    }

    void failed(Seeds.Found found) {
        failure = found;
    }

    Optional<Seeds.Found> failure() {
        return Optional.ofNullable(failure);
    }

    private double seconds() {
        return (System.nanoTime() - began) / 1e9;
    }

    String progress() {
        return String.format(
                Locale.ROOT,
                "%,d seeds (%d to %d) in %.1f s: %.1f seeds/s, %s",
                seeds,
                first,
                first + seeds - 1,
                seconds(),
                seeds / seconds(),
                failure == null ? "none failed" : "1 failed");
    }

    /** Counts of what begins with a word, by what follows it. */
    private Map<String, Long> counts(String word) {
        var found = new TreeMap<String, Long>();
        coverage.counts().forEach((what, count) -> {
            if (what.startsWith(word)) {
                found.put(what.substring(word.length()), count);
            }
        });
        return found;
    }

    private Map<String, Long> others() {
        var found = new TreeMap<>(coverage.counts());
        found.keySet().removeIf(what -> what.startsWith(Coverage.STATE) || what.startsWith(Coverage.FAULT));
        return found;
    }

    /** Faults and states that no seed saw. */
    List<String> unseen() {
        var unseen = new ArrayList<String>();
        var faults = counts(Coverage.FAULT).keySet();
        Arrays.stream(Fault.values())
                .filter(fault -> !faults.contains(fault.name()))
                .forEach(fault -> unseen.add("fault " + fault));
        var transitions = counts(Coverage.STATE).keySet();
        Arrays.stream(ReplicaState.values())
                .filter(state -> state != ReplicaState.BOOTING
                        && transitions.stream().noneMatch(transition -> transition.endsWith("-> " + state)))
                .forEach(state -> unseen.add("state " + state));
        return unseen;
    }

    String text() {
        var text = new StringBuilder();
        table(text, "States entered, from where, how often", counts(Coverage.STATE));
        table(text, "Faults that struck, how often", counts(Coverage.FAULT));
        table(text, "What came of it, and what callers did", others());
        text.append("Not seen: ")
                .append(unseen().isEmpty() ? "no state and no fault" : String.join(", ", unseen()))
                .append(System.lineSeparator());
        text.append(progress());
        failure().ifPresent(found -> text.append(System.lineSeparator()).append(found));
        return text.toString();
    }

    private static void table(StringBuilder text, String title, Map<String, Long> counts) {
        text.append(title).append(System.lineSeparator());
        counts.forEach((what, count) -> text.append(String.format(Locale.ROOT, "  %-40s %,14d%n", what, count)));
    }

    String json() {
        var all = new LinkedHashMap<String, Object>();
        all.put("first", first);
        all.put("seeds", seeds);
        all.put("seconds", seconds());
        all.put("seedsPerSecond", seeds / seconds());
        all.put("transitions", counts(Coverage.STATE));
        all.put("faults", counts(Coverage.FAULT));
        all.put("counts", others());
        all.put("unseen", unseen());
        failure().ifPresent(found -> {
            var told = new LinkedHashMap<String, Object>();
            told.put("seed", found.seed());
            told.put("what", String.valueOf(found.first()));
            told.put("command", found.command());
            told.put("left", String.valueOf(found.left()));
            told.put("strikes", found.schedule());
            all.put("failure", told);
        });
        try {
            return new ObjectMapper().writeValueAsString(all);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a summary that is no JSON", e);
        }
    }
}
