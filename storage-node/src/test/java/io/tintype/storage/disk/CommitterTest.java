// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

class CommitterTest {
    private static final DiskConfig CONFIG = DiskConfig.of(Path.of("data"), "0123456789abcdef0123456789abcdef")
            .withSpace(new SpaceLimits(1000, 2000, 3000))
            .withCommitter(3, 4 << 20, 1 << 20, Duration.ZERO);

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final AtomicLong freeBytes = new AtomicLong(1 << 30);
    private final AtomicLong nanos = new AtomicLong();
    private Committer committer = committer((batch, sync) -> {});

    @BeforeAll
    static void load() {
        RocksDB.loadLibrary();
    }

    @AfterEach
    void close() {
        committer.close();
    }

    @Test
    void allThatWaitsShareOneSyncAndCompleteInOrder() throws Exception {
        var entered = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        var syncs = new AtomicInteger();
        start((batch, sync) -> {
            syncs.incrementAndGet();
            entered.countDown();
            await(go);
        });
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());

        var first = committer.commit(new Write());
        entered.await();
        var rest = new ArrayList<CompletableFuture<Void>>();
        for (int i = 0; i < 3; i++) {
            int number = i;
            rest.add(committer.commit(new Write()).thenRun(() -> order.add(number)));
        }
        go.countDown();
        first.join();
        rest.forEach(CompletableFuture::join);

        assertThat(syncs).hasValue(2);
        assertThat(order).containsExactly(0, 1, 2);
        assertThat(committer.groups()).isEqualTo(2);
        assertThat(committer.writes()).isEqualTo(4);
    }

    @Test
    void aFullQueueRefusesAtOnceAndKeepsWhatItHas() throws Exception {
        var entered = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        start((batch, sync) -> {
            entered.countDown();
            await(go);
        });
        var first = committer.commit(new Write());
        entered.await();
        var waiting =
                List.of(committer.commit(new Write()), committer.commit(new Write()), committer.commit(new Write()));

        assertThatThrownBy(() -> committer.commit(new Write())).isInstanceOfSatisfying(TintypeException.class, e -> {
            assertThat(e.reason()).isEqualTo(Reason.OVERLOADED);
            assertThat(e.retryAfter()).isPresent();
        });
        go.countDown();
        first.join();
        waiting.forEach(CompletableFuture::join);
    }

    @Test
    void afterOneFailedSyncNothingIsEverWrittenAgain() {
        var attempts = new AtomicInteger();
        start((batch, sync) -> {
            attempts.incrementAndGet();
            throw new RocksDBException("no luck with the disk");
        });
        var told = new ArrayList<Throwable>();
        committer.onFailure(told::add);

        var first = committer.commit(new Write());

        assertThatThrownBy(first::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OUTCOME_UNKNOWN))
                .hasMessageContaining("no luck");
        assertThat(committer.failed()).isTrue();
        assertThat(told).hasSize(1);
        assertThatThrownBy(() -> committer.commit(new Write())).hasMessageContaining("takes no more writes");
        assertThatThrownBy(() -> committer.commitEssential(new Write())).hasMessageContaining("takes no more writes");
        assertThatThrownBy(() -> committer.writeNow(new Write())).hasMessageContaining("takes no more writes");
        committer.onFailure(told::add);
        assertThat(told).hasSize(2);
        assertThat(attempts).hasValue(1);
    }

    @Test
    void anErrorOnItsThreadFailsTheDiskInsteadOfSilencingIt() throws Exception {
        var entered = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        start((batch, sync) -> {
            entered.countDown();
            await(go);
            throw new NoClassDefFoundError("io/tintype/Missing");
        });
        var told = new ArrayList<Throwable>();
        committer.onFailure(failure -> {
            throw new IllegalStateException("deaf");
        });
        committer.onFailure(told::add);
        var first = committer.commit(new Write());
        entered.await();
        var behind = committer.commit(new Write());
        go.countDown();

        assertThat(first).failsWithin(PATIENCE).withThrowableThat().withMessageContaining("io/tintype/Missing");
        assertThat(behind).failsWithin(PATIENCE);
        assertThat(reason(first)).isEqualTo(Reason.OUTCOME_UNKNOWN);
        assertThat(reason(behind)).isEqualTo(Reason.UNAVAILABLE);
        assertThat(told).singleElement().isInstanceOf(NoClassDefFoundError.class);
        assertThat(committer.failed()).isTrue();
        assertThatThrownBy(() -> committer.commit(new Write())).hasMessageContaining("takes no more writes");
    }

    @Test
    void whatWaitedBehindAFailedSyncIsKnownNotToBeWritten() throws Exception {
        var entered = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        start((batch, sync) -> {
            entered.countDown();
            await(go);
            throw new RocksDBException("no luck with the disk");
        });
        var first = committer.commit(new Write());
        entered.await();
        var behind = committer.commit(new Write());
        go.countDown();

        assertThat(reason(first)).isEqualTo(Reason.OUTCOME_UNKNOWN);
        assertThat(reason(behind)).isEqualTo(Reason.UNAVAILABLE);
    }

    @Test
    void underTheReserveOnlyEssentialWritesAreTaken() {
        start((batch, sync) -> {});
        freeBytes.set(900);
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());

        assertThatThrownBy(() -> committer.commit(new Write()))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.DISK_FULL))
                .hasMessageContaining("900 bytes free");
        committer.commitEssential(new Write()).join();

        freeBytes.set(5000);
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        committer.commit(new Write()).join();
    }

    @Test
    void copiesOfUploadsMayTakeHalfOfTheReserve() {
        start((batch, sync) -> {});
        free(500);
        committer.commitCopy(new Write()).join();
        free(499);
        assertThatThrownBy(() -> committer.commitCopy(new Write()))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.DISK_FULL))
                .hasMessageContaining("499 bytes free");
        committer.commitEssential(new Write()).join();
    }

    @Test
    void uploadsEndBeforeTheReserveAndBeginAgainOnlyWhereThereIsRoomForSome() {
        start((batch, sync) -> {});
        free(2000);
        committer.admitUpload(1);
        free(1999);
        assertThatThrownBy(() -> committer.admitUpload(1))
                .isInstanceOfSatisfying(TintypeException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.DISK_FULL);
                    assertThat(e.retryAfter()).isPresent();
                })
                .hasMessageContaining("1999 bytes free")
                .hasMessageContaining("begin again at 3000");
        committer.commit(new Write()).join();
        committer.admitEssential();
        free(2999);
        assertThat(committer.isReadOnly()).isTrue();
        free(3000);
        assertThat(committer.isReadOnly()).isFalse();
        committer.admitUpload(1);
        free(2000);
        assertThat(committer.isReadOnly()).isFalse();
    }

    @Test
    void closingWritesWhatWaitsAndThenRefuses() throws Exception {
        var entered = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        start((batch, sync) -> {
            entered.countDown();
            await(go);
        });
        var first = committer.commit(new Write());
        entered.await();
        var waiting = committer.commit(new Write());
        go.countDown();

        committer.close();

        assertThat(first).isCompleted();
        assertThat(waiting).isCompleted();
        assertThatThrownBy(() -> committer.commit(new Write())).hasMessageContaining("being closed");
    }

    private void start(Committer.BatchWriter writer) {
        committer.close();
        committer = committer(writer);
        committer.start();
    }

    private void free(long bytes) {
        freeBytes.set(bytes);
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
    }

    private Committer committer(Committer.BatchWriter writer) {
        return new Committer(
                CONFIG, Map.of(), writer, new SpaceGuard(CONFIG.space(), freeBytes::get, nanos::get), new Gate());
    }

    private static Reason reason(CompletableFuture<Void> failed) {
        return failed.handle((done, error) -> ((TintypeException) unwrap(error)).reason())
                .join();
    }

    private static Throwable unwrap(Throwable error) {
        var cause = error.getCause();
        return error instanceof CompletionException && cause != null ? cause : error;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
