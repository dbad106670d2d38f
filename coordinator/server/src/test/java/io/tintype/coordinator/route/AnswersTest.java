// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.zk.ZkConfig;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.KeeperException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class AnswersTest {
    @TempDir
    private Path folder;

    /** What a caller is told of something that failed so. */
    private static TintypeException told(Throwable failure) {
        var told = new CompletableFuture<TintypeException>();
        Answers.send(
                refused(told),
                () -> CompletableFuture.<String>failedFuture(failure).thenApply(said -> said));
        return told.join();
    }

    private static StreamObserver<String> refused(CompletableFuture<TintypeException> told) {
        return new StreamObserver<>() {
            @Override
            public void onNext(String value) {
                throw new AssertionError(value);
            }

            @Override
            public void onError(Throwable error) {
                told.complete(Errors.fromWire(error));
            }

            @Override
            public void onCompleted() {
                throw new AssertionError("completed");
            }
        };
    }

    /** A change that is begun while ZooKeeper is away waits for it to come back. */
    @Test
    void noChangeIsBegunWhileZooKeeperIsOutOfReach() throws Exception {
        var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        try (var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()))) {
            zooKeeper.close();
            var begun = new AtomicInteger();
            var told = new CompletableFuture<TintypeException>();
            Answers.change(refused(told), session, () -> {
                begun.incrementAndGet();
                return new CompletableFuture<String>();
            });
            var said = told.get(10, TimeUnit.SECONDS);
            assertThat(said.reason()).isEqualTo(Reason.UNAVAILABLE);
            assertThat(said.retryAfter()).isPresent();
            assertThat(said).hasMessageContaining("nothing was begun or changed");
            assertThat(begun).hasValue(0);
        }
    }

    @Test
    void aChangeIsMadeByItsCallersDeadline() throws Exception {
        try (var zooKeeper = EmbeddedZooKeeper.start(folder, 0);
                var session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()))) {
            var deadline = new CompletableFuture<Deadline>();
            var timers = Executors.newSingleThreadScheduledExecutor();
            var caller = Context.current().withDeadlineAfter(1, TimeUnit.HOURS, timers);
            var told = new CompletableFuture<TintypeException>();
            caller.run(() -> Answers.change(refused(told), session, () -> {
                deadline.complete(Context.current().getDeadline());
                return CompletableFuture.failedFuture(new TintypeException(Reason.INVALID_ARGUMENT, "no"));
            }));
            assertThat(told.get(10, TimeUnit.SECONDS).reason()).isEqualTo(Reason.INVALID_ARGUMENT);
            assertThat(deadline.join()).isEqualTo(caller.getDeadline());
            caller.cancel(null);
            timers.shutdownNow();
        }
    }

    static Throwable[] unanswered() {
        return new Throwable[] {
            new KeeperException.ConnectionLossException(),
            new KeeperException.SessionExpiredException(),
            new KeeperException.OperationTimeoutException(),
            new TimeoutException()
        };
    }

    @ParameterizedTest
    @MethodSource("unanswered")
    void whileZooKeeperIsOutOfReachCallersAreToldToComeAgain(Throwable failure) {
        var said = told(failure);
        assertThat(said.reason()).isEqualTo(Reason.UNAVAILABLE);
        assertThat(said.retryAfter()).isPresent();
        assertThat(said).hasMessageContaining("ZooKeeper is out of reach");
    }

    @Test
    void whatElseZooKeeperSaysIsABug() {
        assertThat(told(new KeeperException.BadVersionException()).reason()).isEqualTo(Reason.INTERNAL);
    }
}
