// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.heads.HeadChange;
import io.tintype.heads.HeadKey;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.log.LogRecord;
import java.util.Optional;

/** What a record that took effect means for caches of heads. Pure. */
public final class HeadChanges {
    private HeadChanges() {}

    /** The change; empty where the record changed no head: it was refused, a retry, or of another kind. */
    public static Optional<HeadChange> of(LogRecord record, Outcome outcome) {
        if (outcome instanceof Outcome.Written written && written.at().equals(record.position())) {
            var put = Stored.payload(PutCommit.parser(), record);
            return change(record, put.getName(), Stored.version(written.head().getVersion()));
        }
        if (outcome instanceof Outcome.Removed removed && removed.at().equals(record.position())) {
            var delete = Stored.payload(DeleteBlob.parser(), record);
            return change(record, delete.getName(), removed.version());
        }
        return Optional.empty();
    }

    private static Optional<HeadChange> change(LogRecord record, String name, Version version) {
        var user = record.user();
        return user == null
                ? Optional.empty()
                : Optional.of(new HeadChange.OfBlob(new HeadKey(user.value(), name), version));
    }
}
