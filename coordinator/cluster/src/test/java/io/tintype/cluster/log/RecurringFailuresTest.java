// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What fails twice a second fills no log. */
final class RecurringFailuresTest {
    private static final Logger LOGGER = (Logger) LoggerFactory.getLogger("recurring-failures-test");

    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final AtomicLong now = new AtomicLong(5);
    private final RecurringFailures failures = new RecurringFailures(LOGGER, now::get);

    @BeforeEach
    void start() {
        lines.start();
        LOGGER.setAdditive(false);
        LOGGER.setLevel(Level.INFO);
        LOGGER.addAppender(lines);
    }

    @AfterEach
    void stop() {
        LOGGER.detachAppender(lines);
    }

    @Test
    void eachFailureIsToldOnceAndAgainAfterTenMinutes() {
        for (int i = 0; i < 100; i++) {
            failures.error("plan a rests", new IllegalStateException("too long"));
            failures.error("plan b rests", new IllegalStateException("too long"));
            failures.error("plan b rests", new IllegalStateException("something else"));
        }
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("plan a rests", "plan b rests", "plan b rests");

        now.addAndGet(RecurringFailures.PERIOD.toNanos());
        failures.error("plan a rests", new IllegalStateException("too long"));
        assertThat(lines.list).hasSize(4);
        assertThat(lines.list.get(3).getFormattedMessage())
                .isEqualTo("plan a rests (99 more times since it was last told)");
    }

    @Test
    void whatPassesMostlyIsToldAsSeldomAndInOneLine() {
        for (int i = 0; i < 100; i++) {
            failures.info("plans rest", new IllegalStateException("no answer"));
        }
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("plans rest: java.lang.IllegalStateException: no answer");
        assertThat(lines.list.get(0).getLevel()).isEqualTo(Level.INFO);
        assertThat(lines.list.get(0).getThrowableProxy()).isNull();
    }

    @Test
    void asManyAsAreToldApartAreRemembered() {
        for (int i = 0; i < 10 * RecurringFailures.MAX_KNOWN; i++) {
            failures.error("shard " + i, new IllegalStateException("no"));
        }
        int told = lines.list.size();
        failures.error("shard " + (10 * RecurringFailures.MAX_KNOWN - 1), new IllegalStateException("no"));
        assertThat(lines.list).as("known").hasSize(told);
        failures.error("shard 0", new IllegalStateException("no"));
        assertThat(lines.list).as("forgotten").hasSize(told + 1);
    }
}
