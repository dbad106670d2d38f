// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.tintype.model.ShardId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ShardLoopsTest {
    private final ShardLoops loops = new ShardLoops(2, Thread::new);
    private final List<String> ran = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() {
        loops.threads().forEach(ExecutorService::shutdownNow);
    }

    private void execute(int shard, String name) {
        loops.of(new ShardId(shard)).execute(() -> ran.add(name + " on " + Thread.currentThread()));
    }

    private List<String> ranOn(int shard) throws Exception {
        var thread = new CompletableFuture<Thread>();
        loops.of(new ShardId(shard)).execute(() -> thread.complete(Thread.currentThread()));
        var name = " on " + thread.get(60, TimeUnit.SECONDS);
        return ran.stream()
                .filter(entry -> entry.endsWith(name))
                .map(entry -> entry.replace(name, ""))
                .toList();
    }

    @Test
    void whatABurstPostsRunsInOrderOnTheLoopOfItsShard() throws Exception {
        loops.burst(() -> {
            for (int i = 1; i <= 10; i++) {
                execute(i, "task " + i);
            }
        });
        assertThat(ranOn(2)).containsExactly("task 2", "task 4", "task 6", "task 8", "task 10");
        assertThat(ranOn(1)).containsExactly("task 1", "task 3", "task 5", "task 7", "task 9");
    }

    @Test
    void aLoopIsHandedNothingBeforeTheBurstEnds() throws Exception {
        var seen = new ArrayList<String>();
        loops.burst(() -> {
            execute(1, "posted first");
            loops.burst(() -> execute(1, "within another"));
            // Another thread's tasks do not wait for the burst of this one, and overtake what is in it.
            CompletableFuture.runAsync(() -> execute(1, "of another thread")).join();
            seen.addAll(CompletableFuture.supplyAsync(() -> ranHere(1)).join());
        });
        assertThat(seen).containsExactly("of another thread");
        assertThat(ranOn(1)).containsExactly("of another thread", "posted first", "within another");
    }

    private List<String> ranHere(int shard) {
        try {
            return ranOn(shard);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whoFailsInABurstHasPostedWhatHePosted() throws Exception {
        assertThatIllegalStateException()
                .isThrownBy(() -> loops.burst(() -> {
                    execute(1, "posted");
                    throw new IllegalStateException("then failed");
                }));
        assertThat(ranOn(1)).containsExactly("posted");
        execute(1, "no burst any more");
        assertThat(ranOn(1)).containsExactly("posted", "no burst any more");
    }

    @Test
    void aTaskThatFailsKeepsNoOthersOfItsBurstFromTheirs() throws Exception {
        loops.burst(() -> {
            execute(1, "before");
            loops.of(new ShardId(1)).execute(() -> {
                throw new StackOverflowError("in the midst of a burst");
            });
            execute(1, "behind");
        });
        assertThat(ranOn(1)).containsExactly("before", "behind");
    }

    @Test
    void afterTheShutdownABurstIsDropped() {
        loops.threads().forEach(ExecutorService::shutdownNow);
        loops.burst(() -> execute(1, "too late"));
        assertThat(ran).isEmpty();
    }
}
