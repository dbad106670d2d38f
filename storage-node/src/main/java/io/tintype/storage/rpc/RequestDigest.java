// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import com.dynatrace.hash4j.hashing.HashStream64;
import com.dynatrace.hash4j.hashing.Hashing;
import io.tintype.model.BlobName;
import io.tintype.model.UploadId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.Precondition;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What makes a request the same request: a retry under one request id must agree in all of it, or it is another request
 * that took the id by mistake. Pure.
 *
 * <p>Part of the storage format (the dedup table keeps it): XXH3-64, seed 0, over the fields in the order below. It guards
 * against mistakes, not against forgery.
 */
final class RequestDigest {
    private static final byte PUT = 1;
    private static final byte DELETE = 2;
    private static final byte COPY = 3;
    private static final byte COMPLETE = 4;

    private RequestDigest() {}

    /** Of a whole upload: what is to be stored, under which condition, and its bytes by size and checksum. */
    static long put(PutSpec spec, long size, int crc) {
        return described(PUT, spec, size, crc).getAsLong();
    }

    /** Of completing an upload: as {@link #put}, and which upload. */
    static long complete(PutSpec spec, UploadId upload, long size, int crc) {
        return described(COMPLETE, spec, size, crc)
                .putLong(upload.timeMs())
                .putLong(upload.random())
                .getAsLong();
    }

    /** Of a removal. */
    static long delete(BlobName name, Precondition condition) {
        var hash = start(DELETE, name);
        return condition(hash, condition).getAsLong();
    }

    /** Of a copy: the source is named, not its bytes, which may have changed since. */
    static long copy(BlobName source, @Nullable Version sourceVersion, BlobName name, Precondition condition) {
        var hash = start(COPY, name).putByteArray(source.utf8()).putBoolean(sourceVersion != null);
        if (sourceVersion != null) {
            hash.putLong(sourceVersion.number()).putInt(sourceVersion.nonce());
        }
        return condition(hash, condition).getAsLong();
    }

    private static HashStream64 described(byte kind, PutSpec spec, long size, int crc) {
        var hash = start(kind, spec.name()).putLong(size).putInt(crc);
        hash.putStringUTF8(spec.contentType()).putLong(spec.timeToLiveMs());
        Map<String, String> sorted = spec.metadata().size() > 1 ? new TreeMap<>(spec.metadata()) : spec.metadata();
        hash.putInt(sorted.size());
        sorted.forEach((key, value) -> hash.putStringUTF8(key).putStringUTF8(value));
        condition(hash, spec.condition());
        // Last, and only where there is any: without it, digests are those of before there was such a thing.
        if (!spec.cacheControl().isEmpty() || spec.httpExpiresMs() != 0) {
            hash.putStringUTF8(spec.cacheControl()).putLong(spec.httpExpiresMs());
        }
        return hash;
    }

    private static HashStream64 start(byte kind, BlobName name) {
        return Hashing.xxh3_64().hashStream().putByte(kind).putByteArray(name.utf8());
    }

    private static HashStream64 condition(HashStream64 hash, Precondition condition) {
        hash.putInt(condition.getKindCase().getNumber());
        if (condition.hasVersion()) {
            hash.putLong(condition.getVersion().getNumber())
                    .putInt(condition.getVersion().getNonce());
        }
        return hash;
    }
}
