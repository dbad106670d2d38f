// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.Detachable;
import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import io.grpc.StatusRuntimeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetResponse;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LentBytesTest {
    private static final int PIECE = 16 << 10;

    private static final BlobHead HEAD =
            BlobHead.newBuilder().setName("cat.jpg").setSize(1 << 20).build();

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, PIECE, PIECE + 1, 200_000, 1 << 20})
    void theBytesAreThoseThatWereSent(int size) {
        var sent = message(size);
        var received = parse(new Transport(sent.toByteArray()));

        assertThat(received.message().getHead()).isEqualTo(HEAD);
        assertThat(received.message().getFrame().getOffset()).isEqualTo(7);
        assertThat(received.<byte[]>take(Pieces::toArray))
                .isEqualTo(sent.getFrame().getData().toByteArray());
    }

    @Test
    void theyAreNotCopiedBeforeTheyAreTaken() {
        var sent = message(100_000);
        var transport = new Transport(sent.toByteArray());

        var received = parse(transport);
        transport.overwrite();

        assertThat(Arrays.equals(
                        received.<byte[]>take(Pieces::toArray),
                        sent.getFrame().getData().toByteArray()))
                .isFalse();
    }

    @Test
    void theTransportGetsItsMemoryBackOnceTheyWereTaken() {
        var transport = new Transport(message(100_000).toByteArray());

        var received = parse(transport);
        assertThat(received.<Integer>take(Pieces::size)).isEqualTo(100_000);
        assertThat(transport.isOpen()).isTrue();
        received.giveBack();

        assertThat(transport.isOpen()).isFalse();
    }

    @Test
    void whatNobodyTookInTimeIsCopiedAndTheTransportGetsItsMemoryBack() {
        var sent = message(100_000);
        var transport = new Transport(sent.toByteArray());

        var received = parse(transport);
        received.giveBack();
        transport.overwrite();

        assertThat(transport.isOpen()).isFalse();
        assertThat(received.<byte[]>take(Pieces::toArray))
                .isEqualTo(sent.getFrame().getData().toByteArray());
    }

    @Test
    void nothingOfTheHeadIsLentAlsoNotWhatANewerServerSays() throws Exception {
        var future = ByteString.copyFrom(new byte[] {(byte) 0xfa, 0x3f, 3, 'a', 'b', 'c'}); // field 1023, text
        var head = BlobHead.parseFrom(HEAD.toByteString().concat(future));
        var transport =
                new Transport(message(100_000).toBuilder().setHead(head).build().toByteArray());

        var received = parse(transport);
        received.giveBack();
        transport.overwrite();

        assertThat(received.message().getHead()).isEqualTo(head);
    }

    @Test
    void aMessageThatCannotBeReadGivesItsMemoryBackToo() {
        var cut = ByteString.copyFrom(message(100_000).toByteArray(), 0, 90_000);
        var transport = new Transport(cut.toByteArray());

        assertThatThrownBy(() -> parse(transport))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("GetResponse");
        assertThat(transport.isOpen()).isFalse();
    }

    private static Received parse(InputStream in) {
        return LentBytes.GET.parseResponse(in);
    }

    private static GetResponse message(int size) {
        var bytes = new byte[size];
        new SplittableRandom(size).nextBytes(bytes);
        return GetResponse.newBuilder()
                .setHead(HEAD)
                .setFrame(DataFrame.newBuilder().setOffset(7).setCrc32C(5).setData(ByteString.copyFrom(bytes)))
                .build();
    }

    /** Lends its memory in pieces, as gRPC's transport does, and forgets those that were read unless told to mark them. */
    private static final class Transport extends InputStream implements KnownLength, HasByteBuffer, Detachable {
        private final ByteBuffer memory;
        private boolean marked;
        private boolean open = true;

        Transport(byte[] bytes) {
            this.memory = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        }

        boolean isOpen() {
            return open;
        }

        void overwrite() {
            for (int i = 0; i < memory.capacity(); i++) {
                memory.put(i, (byte) 0xee);
            }
        }

        @Override
        public InputStream detach() {
            return this;
        }

        @Override
        public boolean byteBufferSupported() {
            return true;
        }

        @Override
        public @Nullable ByteBuffer getByteBuffer() {
            int length = Math.min(PIECE - memory.position() % PIECE, memory.remaining());
            return length == 0 ? null : memory.slice(memory.position(), length);
        }

        @Override
        public boolean markSupported() {
            return true;
        }

        @Override
        public synchronized void mark(int limit) {
            marked = true;
        }

        @Override
        public synchronized void reset() {
            assertThat(marked).isTrue();
            memory.position(0);
        }

        @Override
        public long skip(long bytes) {
            assertThat(marked).as("or else it would be gone").isTrue();
            int count = (int) Math.min(bytes, memory.remaining());
            memory.position(memory.position() + count);
            return count;
        }

        @Override
        public int available() {
            return memory.remaining();
        }

        @Override
        public int read() {
            return memory.hasRemaining() ? memory.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            int count = Math.min(length, memory.remaining());
            memory.get(into, offset, count);
            return count == 0 && length > 0 ? -1 : count;
        }

        @Override
        public void close() {
            open = false;
        }
    }
}
