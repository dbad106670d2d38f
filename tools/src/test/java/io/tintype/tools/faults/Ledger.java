// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** All runs so far, for people. Used by one thread. */
final class Ledger {
    private final List<RunResult> runs = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();

    void add(RunResult run) {
        runs.add(run);
    }

    void skip(String faults, String why) {
        skipped.add(faults + ": " + why);
    }

    /** The table, the sums, and what did not run. */
    @Override
    public String toString() {
        var columns = List.<ColumnData<RunResult>>of(
                new Column().header("faults").dataAlign(HorizontalAlign.LEFT).with(RunResult::faults),
                number("s", run -> Long.toString(run.took().toSeconds())),
                number("changes", run -> grouped(run.writes())),
                number("reads", run -> grouped(run.reads())),
                number("unknown", run -> grouped(run.unknown())),
                number("refused", run -> grouped(run.refused())),
                number("wrong or lost", run -> Integer.toString(run.problems())),
                number("writes paused s", run -> seconds(run.writePause())),
                number("reads paused s", run -> seconds(run.readPause())),
                number("stale reads paused s", run -> seconds(run.stalePause())),
                number("whole after s", run -> seconds(run.healed())));
        var text = new StringBuilder();
        text.append(AsciiTable.builder()
                .border(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS)
                .data(runs, columns)
                .asString());
        text.append(String.format(
                Locale.ROOT,
                "%n%,d runs, %,d operations acknowledged or answered, %,d unknown, %,d wrong or lost%n",
                runs.size(),
                runs.stream().mapToLong(RunResult::acknowledged).sum(),
                runs.stream().mapToLong(RunResult::unknown).sum(),
                runs.stream().mapToLong(RunResult::problems).sum()));
        skipped.forEach(what -> text.append("SKIPPED ").append(what).append(System.lineSeparator()));
        return text.toString();
    }

    /** One run in a line. */
    static String line(RunResult run) {
        return String.format(
                Locale.ROOT,
                "%s: %,d changes and %,d reads in %d s, %d unknown, %d wrong or lost; writes paused %s s, reads %s s,"
                        + " stale reads %s s; whole %s s after",
                run.faults(),
                run.writes(),
                run.reads(),
                run.took().toSeconds(),
                run.unknown(),
                run.problems(),
                seconds(run.writePause()),
                seconds(run.readPause()),
                seconds(run.stalePause()),
                seconds(run.healed()));
    }

    private static ColumnData<RunResult> number(String header, Function<RunResult, String> value) {
        return new Column().header(header).with(value);
    }

    private static String grouped(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.1f", duration.toMillis() / 1e3);
    }
}
