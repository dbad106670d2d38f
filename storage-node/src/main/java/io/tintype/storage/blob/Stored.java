// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.tintype.model.BlobName;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.VersionStamp;
import io.tintype.storage.log.LogRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/** Reads values back, and refuses as CORRUPT_DATA what was never written. Pure. */
final class Stored {
    private Stored() {}

    static <T extends MessageLite> T parse(Parser<T> parser, byte[] value, String what) {
        try {
            return parser.parseFrom(value);
        } catch (InvalidProtocolBufferException e) {
            throw corrupt(what, e);
        }
    }

    static <T extends MessageLite> T parse(Parser<T> parser, ByteString value, String what) {
        try {
            return parser.parseFrom(value);
        } catch (InvalidProtocolBufferException e) {
            throw corrupt(what, e);
        }
    }

    /**
     * What a record says, if all of it is known here: a replica that passed over a field would apply something else than the
     * others. Whoever writes one sees to it first that all nodes know it (docs/storage-format.md, section 3).
     */
    static <T extends Message> T payload(Parser<T> parser, LogRecord record) {
        var payload = parse(parser, record.payload(), record.type().name());
        var unknown = payload.getUnknownFields();
        if (!unknown.asMap().isEmpty()) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA,
                    "record " + record.seq() + " (" + record.type() + ") has fields that this program does not know: "
                            + unknown.asMap().keySet() + ". Start the version that wrote it, or a newer one");
        }
        return payload;
    }

    static TintypeException corrupt(String what, Exception cause) {
        return new TintypeException(
                Reason.CORRUPT_DATA, what + " cannot be read: " + cause.getMessage(), Map.of(), null, cause);
    }

    static VersionStamp stamp(Version version) {
        return VersionStamp.newBuilder()
                .setNumber(version.number())
                .setNonce(version.nonce())
                .build();
    }

    static Version version(VersionStamp stamp) {
        return new Version(stamp.getNumber(), stamp.getNonce());
    }

    /** The upload under which a manifest's chunks are found; empty for an empty blob. */
    static Optional<UploadId> upload(Manifest manifest) {
        return manifest.getUploadId().isEmpty()
                ? Optional.empty()
                : Optional.of(UploadId.of(manifest.getUploadId().toByteArray()));
    }

    /** How many bytes a chunk of a manifest has. */
    static int chunkBytes(Manifest manifest, int index) {
        if (index < 0 || index >= manifest.getChunks()) {
            throw new IllegalArgumentException("chunk " + index + " of " + manifest.getChunks());
        }
        long before = (long) index * manifest.getChunkSize();
        return (int) Math.min(manifest.getChunkSize(), manifest.getSize() - before);
    }

    /** A blob whose time to live is over at a time does not exist any more. */
    static boolean isLive(StoredHead head, long nowMs) {
        return head.getExpiresAtMs() == 0 || head.getExpiresAtMs() > nowMs;
    }

    static UserId readUser(ByteBuffer in) {
        return UserId.of(readText(in, Short.toUnsignedInt(in.getShort())));
    }

    static UploadId readUpload(ByteBuffer in) {
        return new UploadId(in.getLong(), in.getLong());
    }

    static BlobName readName(ByteBuffer in) {
        return BlobName.of(readText(in, in.remaining()));
    }

    private static String readText(ByteBuffer in, int length) {
        var utf8 = new byte[length];
        in.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
