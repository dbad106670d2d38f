// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.tintype.model.Limits;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OnceSourceTest {
    private final byte[] bytes = new byte[600_000];
    private final OnceSource source = OnceSource.stream(new ByteArrayInputStream(bytes));

    OnceSourceTest() {
        new Random(1).nextBytes(bytes);
    }

    @Test
    void aTryThatEndedTakesNothingFromTheOneAfterIt() throws IOException {
        var ended = open();
        assertThat(ended.next(Limits.INLINE_BYTES)).isEqualTo(firstBytes());

        var next = open();

        assertThatThrownBy(() -> ended.next(Limits.INLINE_BYTES)).isInstanceOf(IOException.class);
        assertThat(next.next(Limits.INLINE_BYTES)).isEqualTo(firstBytes());
        var rest = ByteString.copyFrom(bytes).substring(Limits.INLINE_BYTES);
        assertThat(next.next(bytes.length)).isEqualTo(rest);
    }

    @Test
    void aTryThatEndedBeforeItBeganTakesNothingEither() throws IOException {
        var ended = open();

        var next = open();

        assertThatThrownBy(() -> ended.next(Limits.INLINE_BYTES)).isInstanceOf(IOException.class);
        assertThat(next.next(Limits.INLINE_BYTES)).isEqualTo(firstBytes());
    }

    @Test
    void onceMoreThanTheFirstBytesWereTakenItCannotBeginAgain() throws IOException {
        var only = open();
        assertThat(only.next(Limits.INLINE_BYTES)).isEqualTo(firstBytes());
        assertThat(only.next(1)).isEqualTo(ByteString.copyFrom(bytes, Limits.INLINE_BYTES, 1));

        assertThat(source.open(() -> {})).isNull();
    }

    @Test
    void nothingIsReadForATryThatBeginsAfterTheUploadIsOver() throws IOException {
        var late = open();

        source.release();

        assertThatThrownBy(() -> late.next(Limits.INLINE_BYTES)).isInstanceOf(IOException.class);
    }

    /** The next try goes on with what was read for the one before. */
    @Test
    void aReadThatIsHeldUpHoldsUpNoOtherTry() throws Exception {
        var stream = new HeldStream(null);
        var held = OnceSource.stream(stream);
        var next = openWhileItReads(held, stream);
        assertThat(next.next(Limits.INLINE_BYTES)).isEqualTo(ByteString.copyFrom(new byte[] {1, 2}));
        assertThat(next.atEnd()).isTrue();
    }

    /** Whatever it throws: the next try would take the rest for the whole. */
    @ParameterizedTest
    @ValueSource(classes = {IOException.class, UncheckedIOException.class, OutOfMemoryError.class})
    void aReadThatFailsOnceItsTryHasEndedFailsTheNextOneToo(Class<? extends Throwable> failure) throws Exception {
        var stream = new HeldStream(failure);
        var held = OnceSource.stream(stream);
        var next = openWhileItReads(held, stream);
        assertThatThrownBy(() -> next.next(Limits.INLINE_BYTES)).isInstanceOf(IOException.class);
        assertThat(held.open(() -> {})).isNull();
    }

    @Test
    void aReadThatIsHeldUpDoesNotHoldUpTheEnd() throws Exception {
        var stream = new HeldStream(null);
        var held = OnceSource.stream(stream);
        whileItReads(held, stream, held::release);
    }

    private static ByteSource.Cursor openWhileItReads(OnceSource held, HeldStream stream) throws Exception {
        var next = new AtomicReference<ByteSource.Cursor>();
        whileItReads(held, stream, () -> next.set(held.open(() -> {})));
        return Objects.requireNonNull(next.get());
    }

    private interface Step {
        void run() throws IOException;
    }

    /** Has a first try read, does something meanwhile, and lets the read end, of which that try learns nothing. */
    private static void whileItReads(OnceSource held, HeldStream stream, Step meanwhile) throws Exception {
        var first = Objects.requireNonNull(held.open(() -> {}));
        var threads = Executors.newCachedThreadPool();
        try {
            var read = threads.submit(() -> first.next(Limits.INLINE_BYTES));
            stream.asked.await();
            var step = threads.submit(() -> {
                meanwhile.run();
                return true;
            });
            assertThat(step.get(20, TimeUnit.SECONDS)).isTrue();
            stream.go.countDown();
            Awaitility.await().until(read::isDone);
        } finally {
            stream.go.countDown();
            threads.shutdownNow();
        }
    }

    /** Gives two bytes once it is let, or fails once before that. */
    private static final class HeldStream extends InputStream {
        final CountDownLatch asked = new CountDownLatch(1);
        final CountDownLatch go = new CountDownLatch(1);
        private @Nullable Class<? extends Throwable> failure;
        private int given;

        HeldStream(@Nullable Class<? extends Throwable> failure) {
            this.failure = failure;
        }

        @Override
        public int read() throws IOException {
            asked.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
            if (failure != null) {
                var once = failure;
                failure = null;
                throwOne(once);
            }
            return given < 2 ? ++given : -1;
        }

        private static void throwOne(Class<? extends Throwable> kind) throws IOException {
            if (kind == IOException.class) {
                throw new IOException("on purpose");
            }
            if (kind == UncheckedIOException.class) {
                throw new UncheckedIOException(new IOException("on purpose"));
            }
            throw new OutOfMemoryError("on purpose");
        }

        @Override
        public int read(byte[] to, int from, int length) throws IOException {
            int next = read();
            to[from] = (byte) next;
            return next < 0 ? -1 : 1;
        }
    }

    private ByteSource.Cursor open() throws IOException {
        return Objects.requireNonNull(source.open(() -> {}));
    }

    private ByteString firstBytes() {
        return ByteString.copyFrom(bytes, 0, Limits.INLINE_BYTES);
    }
}
