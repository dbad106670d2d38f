// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.tintype.model.Limits;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

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

    private ByteSource.Cursor open() throws IOException {
        return Objects.requireNonNull(source.open(() -> {}));
    }

    private ByteString firstBytes() {
        return ByteString.copyFrom(bytes, 0, Limits.INLINE_BYTES);
    }
}
