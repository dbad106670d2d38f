// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.CopyUser;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import java.util.Optional;

/** Which chunks a record of the log names: the one that travels with it, or those that were staged before. Stateless. */
public final class NamedChunks {
    private NamedChunks() {}

    /**
     * The key of the chunk that travels with a record; empty if none does. Does not block.
     *
     * @throws TintypeException CORRUPT_DATA if the record's payload is none
     */
    public static Optional<ChunkKey> inlineKey(LogRecord record) {
        var user = record.user();
        return user == null
                ? Optional.empty()
                : named(record)
                        .filter(Named::inline)
                        .flatMap(named -> Stored.upload(named.manifest()))
                        .map(upload -> new ChunkKey(user, upload, 0));
    }

    /**
     * The manifest of a record whose chunks do not travel with it but were staged before; empty for all other records.
     * Does not block.
     *
     * @throws TintypeException CORRUPT_DATA if the record's payload is none
     */
    public static Optional<Manifest> stagedManifest(LogRecord record) {
        return named(record)
                .filter(named -> !named.inline() && named.manifest().getChunks() > 0)
                .map(Named::manifest);
    }

    /** Whether records of a type may name chunks. */
    public static boolean mayNameChunks(RecordType type) {
        return type == RecordType.PUT_COMMIT || type == RecordType.USER_COPY;
    }

    /** The chunks that a record names, and whether the only one travels with it. */
    private record Named(Manifest manifest, boolean inline) {}

    private static Optional<Named> named(LogRecord record) {
        return switch (record.type()) {
            case PUT_COMMIT -> {
                var put = Stored.payload(PutCommit.parser(), record);
                yield Optional.of(new Named(put.getManifest(), put.getInline()));
            }
            case USER_COPY -> {
                var copy = Stored.payload(CopyUser.parser(), record);
                yield copy.hasHead()
                        ? Optional.of(new Named(
                                copy.getHead().getHead().getManifest(),
                                copy.getHead().getInline()))
                        : Optional.empty();
            }
            default -> Optional.empty();
        };
    }
}
