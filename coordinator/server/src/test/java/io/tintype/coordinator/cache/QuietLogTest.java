// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** A damaged disk fills no log. */
final class QuietLogTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger("quiet-log-test");

    /** A timer never does again what once threw. */
    @ParameterizedTest
    @ValueSource(classes = {IOException.class, IllegalStateException.class, AssertionError.class})
    void whateverWorkThrowsIsWarnedOf(Class<? extends Throwable> kind) {
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        logger.addAppender(lines);
        new QuietLog(logger, System::nanoTime)
                .guarding("it cannot be done", () -> throwOne(kind))
                .run();
        assertThat(lines.list)
                .singleElement()
                .satisfies(line -> assertThat(line.getFormattedMessage()).contains("it cannot be done", "on purpose"));
    }

    private static void throwOne(Class<? extends Throwable> kind) throws IOException {
        if (kind == IOException.class) {
            throw new IOException("on purpose");
        }
        if (kind == IllegalStateException.class) {
            throw new IllegalStateException("on purpose");
        }
        throw new AssertionError("on purpose");
    }

    @Test
    void manyFailuresMakeOneLineEachTenSecondsThatCountsTheOthers() {
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        logger.addAppender(lines);
        var now = new AtomicLong(5);
        var quiet = new QuietLog(logger, now::get);
        for (int i = 0; i < 1_000; i++) {
            quiet.warn("a piece cannot be read", new IOException("block " + i));
        }
        assertThat(lines.list)
                .singleElement()
                .satisfies(line -> assertThat(line.getFormattedMessage()).contains("block 0"));
        now.addAndGet(TimeUnit.SECONDS.toNanos(QuietLog.PERIOD_S));
        quiet.warn("a piece cannot be read", new IOException("again"));
        assertThat(lines.list).hasSize(2);
        assertThat(lines.list.get(1).getFormattedMessage()).contains("again", "999 more");
    }
}
