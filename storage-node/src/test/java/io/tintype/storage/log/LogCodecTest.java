// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LogCodecTest {
    private static final List<RecordType> TYPES = List.of(RecordType.values());
    private static final LogRecord SAMPLE = new LogRecord(
            3,
            41,
            2,
            1_700_000_000_000L,
            RecordType.PUT_COMMIT,
            UserId.of("zoë 📷"),
            new RequestId(1, 2),
            ByteString.copyFromUtf8("payload"));

    @Property(tries = 300)
    void whatIsEncodedIsDecodedAgain(@ForAll long seed) {
        var record = random(new Random(seed));

        var decoded = LogCodec.decode(
                ByteString.copyFrom(LogCodec.encode(record).encoded().asReadOnlyByteBuffer()));

        assertThat(decoded.record()).isEqualTo(record);
    }

    @Test
    void everyFlippedBitIsRefused() {
        byte[] encoded = LogCodec.encode(SAMPLE).encoded().toByteArray();
        for (int bit = 0; bit < encoded.length * 8; bit++) {
            byte[] flipped = encoded.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);

            assertThatThrownBy(() -> LogCodec.decode(ByteString.copyFrom(flipped)))
                    .as("bit %d", bit)
                    .isInstanceOfSatisfying(
                            TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CORRUPT_DATA));
        }
    }

    @Test
    void everyCutOffRecordIsRefused() {
        var encoded = LogCodec.encode(SAMPLE).encoded();
        for (int length = 0; length < encoded.size(); length++) {
            var cut = encoded.substring(0, length);
            assertThatThrownBy(() -> LogCodec.decode(cut))
                    .as("%d bytes", length)
                    .isInstanceOf(TintypeException.class);
        }
        assertThatThrownBy(() -> LogCodec.decode(encoded.concat(ByteString.copyFrom(new byte[1]))))
                .isInstanceOf(TintypeException.class);
    }

    @Property(tries = 300)
    void garbageIsRefused(@ForAll long seed, @ForAll @IntRange(max = 300) int length) {
        var bytes = new byte[length];
        new Random(seed).nextBytes(bytes);

        assertThatThrownBy(() -> LogCodec.decode(ByteString.copyFrom(bytes))).isInstanceOf(TintypeException.class);
    }

    @Test
    void aNewerFormatIsRefusedWithItsReason() {
        assertThatThrownBy(() -> LogCodec.decode(changed(2, 2)))
                .hasMessageContaining("format 2")
                .hasMessageContaining("newer");
    }

    @Test
    void anUnknownTypeIsRefusedWithItsReason() {
        assertThatThrownBy(() -> LogCodec.decode(changed(3, 200)))
                .hasMessageContaining("type 200")
                .hasMessageContaining("newer");
    }

    @Test
    void theLayoutOnDiskStaysAsItIs() {
        assertThat(LogCodec.encode(SAMPLE).encoded().toByteArray())
                .asHexString()
                .isEqualTo("54490102"
                        + "0000005A"
                        + "0000000000000003"
                        + "0000000000000029"
                        + "0000000000000002"
                        + "0000018BCFE56800"
                        + "0000000000000000"
                        + "0009"
                        + "00000007"
                        + "00000000000000010000000000000002"
                        + "7A6FC3AB20F09F93B7"
                        + "7061796C6F6164"
                        + "2A0E40BA");
    }

    @Test
    void aRecordHoldsAsMuchPayloadAsItSaysAndNoMore() {
        assertHolds(null);
        assertHolds(UserId.of("zoë"));
        assertHolds(UserId.of("u".repeat(Limits.MAX_USER_BYTES)));
    }

    private static void assertHolds(@Nullable UserId user) {
        int most = LogCodec.maxPayloadBytes(user);
        var encoded = LogCodec.encode(withPayload(user, most)).encoded();
        assertThat(encoded.size()).isEqualTo(LogCodec.MAX_RECORD_BYTES);
        assertThatThrownBy(() -> LogCodec.encode(withPayload(user, most + 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static LogRecord withPayload(@Nullable UserId user, int bytes) {
        return new LogRecord(3, 41, 2, 1, RecordType.PUT_COMMIT, user, null, ByteString.copyFrom(new byte[bytes]));
    }

    /** With one byte changed and a checksum that holds. */
    private static ByteString changed(int at, int value) {
        byte[] bytes = LogCodec.encode(SAMPLE).encoded().toByteArray();
        bytes[at] = (byte) value;
        ByteBuffer.wrap(bytes).putInt(bytes.length - 4, Crc32c.of(bytes, 0, bytes.length - 4));
        return ByteString.copyFrom(bytes);
    }

    private static LogRecord random(Random random) {
        long epoch = 1 + random.nextLong(1L << 62);
        var payload = new byte[random.nextInt(2000)];
        random.nextBytes(payload);
        return new LogRecord(
                epoch,
                1 + random.nextLong(1L << 62),
                random.nextLong(epoch + 1),
                random.nextLong(1L << 62),
                TYPES.get(random.nextInt(TYPES.size())),
                random.nextBoolean() ? null : UserId.of("u" + "é".repeat(random.nextInt(250))),
                random.nextBoolean() ? null : new RequestId(random.nextLong(), random.nextLong()),
                ByteString.copyFrom(payload));
    }
}
