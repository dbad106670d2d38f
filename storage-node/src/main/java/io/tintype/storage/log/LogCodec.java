// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * How a record is written down. Pure and thread-safe.
 *
 * <pre>
 *  0 u16 magic 0x5449        16 u64 seq              48 u16 length of user, u
 *  2 u8  format, 1           24 u64 previous epoch   50 u32 length of payload, p
 *  3 u8  type                32 i64 log time, ms     54 16 B request id; zeros: none
 *  4 u32 length of all       40 u64 reserved, 0      70 u B user, UTF-8
 *  8 u64 epoch                                       70+u p B payload, then u32 CRC32C of all in front of it
 * </pre>
 *
 * <p>All numbers are big-endian. The checksum covers every byte before it, so any flipped bit is found; the length in
 * front tells a cut-off record from a damaged one.
 */
public final class LogCodec {
    /** Most bytes of one encoded record. Payloads are messages of names, manifests and metadata: far below it. */
    public static final int MAX_RECORD_BYTES = 64 << 10;

    private static final int MAGIC = 0x5449;
    private static final int FORMAT = 1;
    private static final int HEADER_BYTES = 70;
    private static final int CHECKSUM_BYTES = 4;
    private static final RequestId NO_REQUEST = new RequestId(0, 0);

    private LogCodec() {}

    /** Most bytes of payload of a record about a user, or about none: what {@link #MAX_RECORD_BYTES} leaves of it. */
    public static int maxPayloadBytes(@Nullable UserId user) {
        int name = user == null ? 0 : user.utf8().length;
        return MAX_RECORD_BYTES - HEADER_BYTES - name - CHECKSUM_BYTES;
    }

    /**
     * Writes a record down.
     *
     * @throws IllegalArgumentException if it would be over {@link #MAX_RECORD_BYTES}
     */
    public static LogEntry encode(LogRecord record) {
        var user = record.user() == null ? new byte[0] : record.user().utf8();
        var request = record.requestId() == null ? NO_REQUEST : record.requestId();
        int payload = record.payload().size();
        int size = HEADER_BYTES + user.length + payload + CHECKSUM_BYTES;
        if (size > MAX_RECORD_BYTES) {
            throw new IllegalArgumentException(
                    "a record of type " + record.type() + " would have " + size + " bytes, over " + MAX_RECORD_BYTES);
        }
        var bytes = new byte[size];
        var out = ByteBuffer.wrap(bytes)
                .putShort((short) MAGIC)
                .put((byte) FORMAT)
                .put((byte) record.type().code())
                .putInt(size)
                .putLong(record.epoch())
                .putLong(record.seq())
                .putLong(record.prevEpoch())
                .putLong(record.logTimeMs())
                .putLong(0)
                .putShort((short) user.length)
                .putInt(payload)
                .putLong(request.high())
                .putLong(request.low())
                .put(user);
        record.payload().copyTo(out);
        out.putInt(Crc32c.of(bytes, 0, size - CHECKSUM_BYTES));
        return new LogEntry(record, UnsafeByteOperations.unsafeWrap(bytes));
    }

    /**
     * Reads a record.
     *
     * @throws TintypeException CORRUPT_DATA if one bit is not as it was written, bytes are missing or too many, or a newer
     *     version of the program wrote it
     */
    public static LogEntry decode(ByteString encoded) {
        if (encoded.size() < HEADER_BYTES + CHECKSUM_BYTES || encoded.size() > MAX_RECORD_BYTES) {
            throw corrupt("a log record has " + encoded.size() + " bytes; it can have "
                    + (HEADER_BYTES + CHECKSUM_BYTES) + " to " + MAX_RECORD_BYTES);
        }
        var in = encoded.asReadOnlyByteBuffer();
        int size = in.getInt(4);
        if (in.getShort(0) != MAGIC) {
            throw corrupt("these bytes are no log record");
        }
        if (size != encoded.size()) {
            throw corrupt("a log record says it has " + size + " bytes, and has " + encoded.size());
        }
        if (in.getInt(size - CHECKSUM_BYTES) != Crc32c.of(encoded.substring(0, size - CHECKSUM_BYTES))) {
            throw corrupt("the checksum of a log record does not hold");
        }
        if (in.get(2) != FORMAT) {
            throw corrupt("a log record has format " + in.get(2) + "; this program knows only format " + FORMAT
                    + ". Start the version that wrote it, or a newer one");
        }
        return new LogEntry(parse(encoded, in), encoded);
    }

    private static LogRecord parse(ByteString encoded, ByteBuffer in) {
        int code = Byte.toUnsignedInt(in.get(3));
        var type = RecordType.of(code)
                .orElseThrow(() -> corrupt("a log record has type " + code
                        + ", which this program does not know. Start the version that wrote it, or a newer one"));
        int userLength = Short.toUnsignedInt(in.getShort(48));
        int payloadLength = in.getInt(50);
        if (userLength > Limits.MAX_USER_BYTES
                || payloadLength != encoded.size() - HEADER_BYTES - userLength - CHECKSUM_BYTES) {
            throw corrupt("the lengths in a log record contradict each other");
        }
        var request = new RequestId(in.getLong(54), in.getLong(62));
        int payloadStart = HEADER_BYTES + userLength;
        try {
            return new LogRecord(
                    in.getLong(8),
                    in.getLong(16),
                    in.getLong(24),
                    in.getLong(32),
                    type,
                    user(encoded.substring(HEADER_BYTES, payloadStart)),
                    request.equals(NO_REQUEST) ? null : request,
                    encoded.substring(payloadStart, payloadStart + payloadLength));
        } catch (IllegalArgumentException | TintypeException | CharacterCodingException e) {
            throw corrupt("a log record holds what was never written: " + e.getMessage());
        }
    }

    private static @Nullable UserId user(ByteString utf8) throws CharacterCodingException {
        if (utf8.isEmpty()) {
            return null;
        }
        return UserId.of(StandardCharsets.UTF_8
                .newDecoder()
                .decode(utf8.asReadOnlyByteBuffer())
                .toString());
    }

    private static TintypeException corrupt(String message) {
        return new TintypeException(Reason.CORRUPT_DATA, message);
    }
}
