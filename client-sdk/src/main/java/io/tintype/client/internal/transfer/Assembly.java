// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import io.tintype.checksum.Crc32c;
import io.tintype.client.internal.net.CallFailure;
import io.tintype.model.Reason;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import org.jspecify.annotations.Nullable;

/**
 * What of a read has come so far, and that it is right: each frame is held against its place and its checksum, and the whole
 * against the blob's checksum before its last frame counts. Knows nothing of streams and retries. Not thread-safe.
 */
final class Assembly {
    private final GetRequest asked;
    private @Nullable BlobHead head;
    private long position;
    private long end;
    private Crc32c.Running sum = new Crc32c.Running();

    Assembly(GetRequest asked) {
        this.asked = asked;
    }

    /** Whether it is known which version is read. */
    boolean hasBegun() {
        return head != null;
    }

    /** Whether everything that was asked for has come. */
    boolean isComplete() {
        return head != null && position == end;
    }

    /** Where the next byte belongs. */
    long position() {
        return position;
    }

    /**
     * A stream says what it is going to send.
     *
     * @throws CallFailure VERSION_GONE where it is another version than the one begun
     */
    void opens(GetResponse first) {
        if (head != null) {
            if (!first.getHead().getVersion().equals(head.getVersion())) {
                throw CallFailure.of(
                        Reason.VERSION_GONE, "'" + asked.getName() + "' changed while it was read; start over");
            }
            return;
        }
        head = first.getHead();
        position = asked.getRange().getOffset();
        long length = asked.getRange().getLength();
        long size = head.getSize();
        end = length == 0 || length > size - position ? size : position + length;
        if (first.getNotModified()) {
            end = position;
        }
    }

    /**
     * Bytes have come.
     *
     * @param from who sent them, for the failure
     * @throws CallFailure CORRUPT_DATA where they are not what is due; none of them counts then
     */
    void add(DataFrame frame, Pieces data, String from) {
        if (frame.getOffset() != position || data.size() > end - position) {
            throw corrupt(
                    "bytes " + frame.getOffset() + " to " + (frame.getOffset() + data.size()) + " came where "
                            + position + " to at most " + end + " were due",
                    from);
        }
        if (data.crc() != frame.getCrc32C()) {
            throw corrupt("bytes from " + position + " on fail their checksum", from);
        }
        sum.add(frame.getCrc32C(), data.size());
        if (isWhole() && position + data.size() == end && sum.crc() != crc()) {
            throw corrupt("the whole fails its checksum", from);
        }
        position += data.size();
    }

    /** Everything has come; where that is nothing, no byte has told yet whether it should be. */
    void checkNothing(String from) {
        if (isWhole() && end == 0 && crc() != Crc32c.EMPTY && !asked.hasIfNotVersion()) {
            throw corrupt("it came empty, with another checksum", from);
        }
    }

    /** Whether the whole was found wrong: then nobody knows which part of it is, and none can be kept. */
    boolean isWrongAsAWhole() {
        return isWhole() && (end == 0 || sum.length() > position);
    }

    /** Nothing of it counts any more. */
    void forget() {
        head = null;
        sum = new Crc32c.Running();
    }

    /** What is still to be asked for, in the version begun. */
    GetRequest rest() {
        if (head == null) {
            return asked;
        }
        long length = asked.getRange().getLength() == 0 ? 0 : end - position;
        var rest = asked.toBuilder().clearIfNotVersion().setIfVersion(head.getVersion());
        rest.getRangeBuilder().setOffset(position).setLength(length);
        return rest.build();
    }

    private boolean isWhole() {
        return !asked.hasRange()
                || (asked.getRange().getOffset() == 0 && asked.getRange().getLength() == 0);
    }

    private int crc() {
        if (head == null) {
            throw new IllegalStateException("not open");
        }
        return head.getCrc32C();
    }

    private CallFailure corrupt(String what, String from) {
        return CallFailure.of(Reason.CORRUPT_DATA, "'" + asked.getName() + "' from " + from + ": " + what);
    }
}
