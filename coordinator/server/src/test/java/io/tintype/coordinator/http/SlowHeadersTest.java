// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.ByteArrayEndPoint;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.LocalConnector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.handler.DefaultHandler;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.eclipse.jetty.util.thread.Scheduler;
import org.junit.jupiter.api.Test;

/** The looks at connections whose headers may be slow. */
final class SlowHeadersTest {
    private final Clock looks = new Clock();
    private long now;
    private final SlowHeaders slow = new SlowHeaders(new DefaultHandler(), Duration.ofSeconds(1), () -> now);

    @Test
    void aConnectionOfWhichNothingCanBeSaidKeepsNobodyFromLookingAtTheOthers() {
        for (int i = 0; i < 8; i++) {
            slow.onOpened(new OneByte(true));
        }
        var dripping = new OneByte(false);
        slow.onOpened(dripping);
        slow.watch(looks);
        looks.next();
        assertThat(dripping.getEndPoint().isOpen()).isTrue();
        now = TimeUnit.SECONDS.toNanos(2);
        looks.next();
        assertThat(dripping.getEndPoint().isOpen()).as("after its time").isFalse();
        assertThat(looks.waiting).as("it is looked again").hasSize(1);
    }

    /** Time that passes when it is told to. */
    private static final class Clock extends AbstractLifeCycle implements Scheduler {
        private final List<Runnable> waiting = new ArrayList<>();

        @Override
        public Task schedule(Runnable task, long delay, TimeUnit units) {
            waiting.add(task);
            return () -> waiting.remove(task);
        }

        void next() {
            waiting.remove(0).run();
        }
    }

    /** A connection on which one byte has come. */
    private static final class OneByte extends HttpConnection {
        private final boolean broken;

        OneByte(boolean broken) {
            super(new HttpConfiguration(), new LocalConnector(new Server()), new ByteArrayEndPoint());
            this.broken = broken;
        }

        @Override
        public long getBytesIn() {
            if (broken) {
                throw new IllegalStateException("on purpose");
            }
            return 1;
        }
    }
}
