// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.log;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes down which requests were slow, a few a minute: one line each when it has ended, with fields {@code request} and {@code
 * trace} for whoever reads the log by program. All of them are counted. Thread-safe.
 *
 * <p>A request is slow where it took longer than a setting says, and a second more for each MiB that went to or fro: what a
 * client's own line takes is not this server's doing.
 */
public final class SlowRequests {
    /** Most lines in a minute; the next line says how many were kept back. */
    public static final int LINES_A_MINUTE = 10;

    /** Most characters of what a request is about: names are long, lines must not be. */
    static final int MOST_ABOUT = 400;

    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\u0085\\u2028\\u2029]");
    private static final Logger LOG = LoggerFactory.getLogger("io.tintype.slow");
    private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int MIB_BITS = 20;

    private final long thresholdNanos;
    private final LongSupplier nanoTime;
    private final Logger log;
    private final LongAdder all = new LongAdder();
    private long minuteBegan;
    private int lines;
    private long keptBack;

    /** None at all. */
    public static SlowRequests none() {
        return new SlowRequests(new LogSettings(Duration.ZERO), new SimpleMeterRegistry());
    }

    /** By the settings, into this process's log; counted among these meters. */
    public SlowRequests(LogSettings settings, MeterRegistry meters) {
        this(settings, meters, System::nanoTime, LOG);
    }

    /** The same over another clock, which never goes back, and another log. */
    SlowRequests(LogSettings settings, MeterRegistry meters, LongSupplier nanoTime, Logger log) {
        this.thresholdNanos = settings.slowRequests().toNanos();
        this.nanoTime = nanoTime;
        this.log = log;
        this.minuteBegan = nanoTime.getAsLong();
        FunctionCounter.builder("tintype_slow_requests", all, LongAdder::sum)
                .description("Requests for blobs that took longer than log.slowRequests; the log tells of some.")
                .register(meters);
    }

    /** Whether any request is looked at. */
    public boolean isOn() {
        return thresholdNanos > 0;
    }

    /** This moment, by the clock that requests are timed by. */
    public long now() {
        return nanoTime.getAsLong();
    }

    /** Whether a request is slow that took so long for so many bytes. */
    public boolean isSlow(long tookNanos, long bytes) {
        return isOn() && tookNanos - thresholdNanos >= (bytes >> MIB_BITS) * SECOND_NANOS;
    }

    /** Writes a line of one that is slow, unless there were too many of late. */
    public void tell(SlowRequest slow) {
        all.increment();
        long before = admit();
        if (before < 0) {
            return;
        }
        log.atWarn()
                .addKeyValue(
                        "request", slow.request() == null ? "" : slow.request().toString())
                .addKeyValue("trace", slow.trace())
                .log(
                        "{} took {} ms and ended with {}: request {}{}, {} bytes received, {} sent{}{}{}",
                        slow.what(),
                        slow.took().toMillis(),
                        slow.how(),
                        slow.request() == null ? "without id" : slow.request(),
                        slow.about().isEmpty() ? "" : ", " + cut(slow.about()),
                        slow.received(),
                        slow.sent(),
                        slow.spent().isEmpty() ? "" : "; " + slow.spent(),
                        slow.trace().isEmpty() ? "" : ", trace " + slow.trace(),
                        before == 0 ? "" : " (" + before + " slow requests before it were not written down)");
    }

    /** How many were kept back since the last line; below 0: this one is, too. */
    private synchronized long admit() {
        long now = nanoTime.getAsLong();
        if (now - minuteBegan >= MINUTE_NANOS) {
            minuteBegan = now;
            lines = 0;
        }
        if (lines == LINES_A_MINUTE) {
            keptBack++;
            return -1;
        }
        lines++;
        long before = keptBack;
        keptBack = 0;
        return before;
    }

    /** On one line whatever names hold, and not too long. */
    private static String cut(String about) {
        var line = about.length() <= MOST_ABOUT ? about : about.substring(0, MOST_ABOUT) + "…";
        return CONTROL.matcher(line).replaceAll("?");
    }
}
