// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.apache.zookeeper.KeeperException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class AnswersTest {
    /** What a caller is told of something that failed so. */
    private static TintypeException told(Throwable failure) {
        var told = new CompletableFuture<TintypeException>();
        Answers.send(
                new StreamObserver<String>() {
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
                },
                () -> CompletableFuture.<String>failedFuture(failure).thenApply(said -> said));
        return told.join();
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
