// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * How far a transfer has come, drawn on standard error; nothing is drawn when that is no terminal or the transfer is
 * short. Thread-safe.
 */
public final class Progress implements AutoCloseable {
    /** Transfers below this many bytes are over before a bar could be read. */
    private static final long WORTH_A_BAR = 8 << 20;

    private static final int REDRAW_MILLIS = 200;

    private final @Nullable ProgressBar bar;

    private Progress(@Nullable ProgressBar bar) {
        this.bar = bar;
    }

    /**
     * Begins to draw.
     *
     * @param what the thing that moves
     * @param bytes how many there are; negative: not known
     */
    public static Progress ofBytes(String what, long bytes) {
        boolean isLong = bytes < 0 || bytes >= WORTH_A_BAR;
        return new Progress(isLong && isTerminal() ? start(what, bytes, "MiB", 1 << 20) : null);
    }

    /** Begins to draw the progress over a number of files. */
    public static Progress ofFiles(String what, long files) {
        return new Progress(files > 1 && isTerminal() ? start(what, files, " files", 1) : null);
    }

    /** So many bytes, or files, have been dealt with in all; may go back when something starts over. */
    public void at(long done) {
        if (bar != null) {
            bar.stepTo(done);
        }
    }

    /** So many bytes, or files, more have been dealt with. */
    public void advance(long by) {
        if (bar != null) {
            bar.stepBy(by);
        }
    }

    /** Leaves the last state of the bar on the screen. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }

    /** Whether a person sees standard error. The launcher says so: a JVM cannot tell. */
    public static boolean isTerminal() {
        return Boolean.getBoolean("tintype.terminal");
    }

    private static ProgressBar start(String what, long max, String unit, long unitSize) {
        return new ProgressBarBuilder()
                .setTaskName(what)
                .setInitialMax(max)
                .setUnit(unit, unitSize)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(REDRAW_MILLIS)
                .showSpeed()
                .build();
    }
}
