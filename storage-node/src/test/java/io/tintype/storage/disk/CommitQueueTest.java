// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How writes that wait become groups. */
class CommitQueueTest {
    private static final int GROUP_BYTES = 10_000;

    private final CommitQueue queue = queue(Duration.ofMillis(10));
    private final ExecutorService committer = Executors.newSingleThreadExecutor();

    @AfterEach
    void stop() {
        queue.close();
        committer.shutdownNow();
    }

    @Test
    void aGroupTakesWhatWaitsInOrderUpToItsBytes() throws Exception {
        var first = write(6_000);
        var second = write(3_000);
        var third = write(3_000);
        add(first);
        add(second);
        add(third);

        assertThat(take().get()).containsExactly(first, second);
        assertThat(take().get()).containsExactly(third);
    }

    @Test
    void aWriteLargerThanAGroupGoesAlone() throws Exception {
        var large = write(3 * GROUP_BYTES);
        add(large);
        add(write(1));

        assertThat(take().get()).containsExactly(large);
    }

    @Test
    void aWriteThatComesShortlyAfterAnotherJoinsItsGroup() {
        // Whether the second comes in time is up to the scheduler; that it never would is what must not be.
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            add(write(1));
            add(write(1));
            take().get(); // had company: so it is worth waiting for some
            var group = take();
            add(write(1));
            add(write(1));
            int together = group.get().size();
            while (together < 2) {
                together += take().get().size();
                if (together == 2) {
                    return false; // came too late this time
                }
            }
            return true;
        });
    }

    @Test
    void whatWaitsWhenItIsClosedIsStillTaken() throws Exception {
        var write = write(1);
        add(write);
        queue.close();

        assertThat(take().get()).containsExactly(write);
        assertThat(take().get()).as("the end").isEmpty();
        assertThatThrownBy(() -> queue.add(write(1)))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE));
    }

    @Test
    void whatIsAbandonedIsGivenBackAndNotTaken() throws Exception {
        var write = write(1);
        add(write);

        assertThat(queue.abandon()).extracting(CommitQueue.Waiting::write).containsExactly(write);
        assertThat(take().get()).isEmpty();
        assertThatThrownBy(() -> queue.add(write(1))).isInstanceOf(TintypeException.class);
    }

    private void add(Write write) {
        assertThat(queue.add(write)).isNotDone();
    }

    private Future<List<Write>> take() {
        return committer.submit(() -> {
            var group = new ArrayList<CommitQueue.Waiting>();
            queue.take(group);
            return group.stream().map(CommitQueue.Waiting::write).toList();
        });
    }

    private static CommitQueue queue(Duration gather) {
        return new CommitQueue(DiskConfig.of(Path.of("data"), "0123456789abcdef0123456789abcdef")
                .withCommitter(100, 4 << 20, GROUP_BYTES, gather));
    }

    private static Write write(int bytes) {
        return new Write().put(Family.META, new byte[] {1}, new byte[bytes]);
    }
}
