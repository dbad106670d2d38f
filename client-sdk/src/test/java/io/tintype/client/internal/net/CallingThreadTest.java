// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class CallingThreadTest {
    private final ExecutorService workers = Executors.newSingleThreadExecutor(task -> new Thread(task, "worker"));
    private final CallingThread here = new CallingThread(workers);

    @AfterEach
    void close() {
        workers.shutdownNow();
    }

    @Test
    void whatComesInWhileItWaitsIsDoneThere() throws Exception {
        var threads = new ArrayList<Thread>();
        var answer = here.start(() -> {
            var future = new CompletableFuture<String>();
            workers.execute(() -> here.execute(() -> {
                threads.add(Thread.currentThread());
                here.execute(() -> {
                    threads.add(Thread.currentThread());
                    future.complete("yes");
                });
            }));
            return future;
        });

        assertThat(here.await(answer)).isEqualTo("yes");
        assertThat(threads).containsExactly(Thread.currentThread(), Thread.currentThread());
    }

    @Test
    void anAnswerFromAnywhereElseEndsTheWait() throws Exception {
        var answer = new CompletableFuture<String>();
        var operation = here.start(() -> answer);
        workers.execute(() -> answer.complete("yes"));

        assertThat(here.await(operation)).isEqualTo("yes");
    }

    @Test
    void whatComesInAfterwardsIsLeftToTheWorkers() throws Exception {
        here.await(here.start(() -> CompletableFuture.completedFuture(1)));
        var thread = new CompletableFuture<String>();

        here.execute(() -> thread.complete(Thread.currentThread().getName()));

        assertThat(thread.get()).isEqualTo("worker");
    }

    @Test
    void whoIsInterruptedLeavesNothingUndone() throws Exception {
        var never = new CompletableFuture<String>();
        var done = new CompletableFuture<String>();
        var operation = here.start(() -> never);
        here.execute(Thread.currentThread()::interrupt);
        here.execute(() -> done.complete(Thread.currentThread().getName()));

        assertThatThrownBy(() -> here.await(operation)).isInstanceOf(InterruptedException.class);

        assertThat(done.get()).isEqualTo("worker");
        assertThat(Thread.interrupted()).as("was told by the exception").isFalse();
    }

    @Test
    void anAnswerThatCameBeforeTheInterruptCounts() throws Exception {
        var answer = new CompletableFuture<String>();
        var operation = here.start(() -> answer);
        here.execute(() -> {
            answer.complete("yes");
            Thread.currentThread().interrupt();
        });

        assertThat(here.await(operation)).isEqualTo("yes");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aFailureIsTheFuturesOwn() {
        var failed = here.start(() -> CompletableFuture.failedFuture(new IllegalStateException("no")));

        assertThatThrownBy(() -> here.await(failed))
                .isInstanceOf(ExecutionException.class)
                .hasRootCauseMessage("no");
    }

    @Test
    void onlyWhatItStartsKnowsOfIt() throws Exception {
        var inner = new CallingThread(workers);
        var seen = new ArrayList<>();
        var outer = here.start(() -> {
            seen.add(CallingThread.starting());
            var nested = inner.start(() -> {
                seen.add(CallingThread.starting());
                return CompletableFuture.completedFuture(1);
            });
            seen.add(CallingThread.starting());
            return nested;
        });

        assertThat(outer).isCompletedWithValue(1);
        assertThat(seen).isEqualTo(List.of(here, inner, here));
        assertThat(CallingThread.starting()).isNull();
        assertThatThrownBy(() -> here.start(() -> {
                    throw new IllegalStateException("not begun");
                }))
                .hasMessage("not begun");
        assertThat(CallingThread.starting()).isNull();
    }

    @Test
    void manyThreadsHandInAndNothingIsLostOrDoneTwice() throws Exception {
        int each = 10_000;
        var left = new CountDownLatch(2 * each);
        var done = new AtomicInteger();
        var answer = new CompletableFuture<Integer>();
        var operation = here.start(() -> answer);
        var hands = Executors.newFixedThreadPool(2);
        try {
            for (int hand = 0; hand < 2; hand++) {
                hands.execute(() -> {
                    for (int task = 0; task < each; task++) {
                        here.execute(() -> {
                            if (done.incrementAndGet() == each) {
                                answer.complete(each);
                            }
                            left.countDown();
                        });
                    }
                });
            }

            assertThat(here.await(operation)).isEqualTo(each);
            assertThat(left.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(done).hasValue(2 * each);
        } finally {
            hands.shutdownNow();
        }
    }
}
