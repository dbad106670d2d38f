// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.log.LogPosition;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What came of a record. Immutable; decided from the log alone, hence the same on every replica. */
public sealed interface Outcome {
    /** After how long it is worth asking for a user again who is being moved. */
    Duration MOVING_RETRY = Duration.ofMillis(25);

    /**
     * This outcome if it is a success.
     *
     * @throws TintypeException with the reason if it is none
     */
    default Outcome orThrow() {
        return this;
    }

    /**
     * A blob has a new current version.
     *
     * @param at the record that made it; an earlier one if this was a retry
     * @param head the version
     */
    record Written(LogPosition at, StoredHead head) implements Outcome {}

    /**
     * A blob is not there any more.
     *
     * @param at the record that removed it; an earlier one if this was a retry
     * @param version the version that the removal took
     * @param existed whether there was one
     */
    record Removed(LogPosition at, Version version, boolean existed) implements Outcome {}

    /**
     * The condition did not hold; nothing was changed.
     *
     * @param current the version there is; null: none
     */
    record Conflict(@Nullable Version current) implements Outcome {
        @Override
        public Outcome orThrow() {
            throw current == null
                    ? new TintypeException(
                            Reason.VERSION_CONFLICT, "there is no such blob, and the condition asks for a version")
                    : new TintypeException(
                            Reason.VERSION_CONFLICT,
                            "the current version is " + current.etag() + ", and the condition asks for something else",
                            Map.of(TintypeException.CURRENT_VERSION, current.etag()));
        }
    }

    /**
     * It would have been more than the user may have; nothing was changed.
     *
     * @param bytes bytes he would have had
     * @param bytesLimit bytes he may have; 0: no limit
     * @param blobs blobs he would have had
     * @param blobsLimit blobs he may have; 0: no limit
     */
    record OverQuota(long bytes, long bytesLimit, long blobs, long blobsLimit) implements Outcome {
        @Override
        public Outcome orThrow() {
            boolean tooManyBytes = bytesLimit != 0 && bytes > bytesLimit;
            throw new TintypeException(
                    Reason.QUOTA_EXCEEDED,
                    (tooManyBytes
                                    ? "the user would have " + bytes + " bytes, and his quota is " + bytesLimit
                                    : "the user would have " + blobs + " blobs, and his quota is " + blobsLimit)
                            + "; delete blobs, or have his quota raised");
        }
    }

    /**
     * Refused for another reason; nothing was changed.
     *
     * @param reason why
     * @param message the same for people
     * @param details what programs may want to know besides
     */
    record Refused(Reason reason, String message, Map<String, String> details) implements Outcome {
        public Refused {
            details = Map.copyOf(details);
        }

        /** Without details. */
        Refused(Reason reason, String message) {
            this(reason, message, Map.of());
        }

        @Override
        public Outcome orThrow() {
            throw toException();
        }

        /** The same as an error. */
        TintypeException toException() {
            return new TintypeException(
                    reason, message, details, reason == Reason.USER_MOVING ? MOVING_RETRY : null, null);
        }
    }

    /**
     * The shard owns the user.
     *
     * @param generation under which it does
     */
    record Claimed(long generation) implements Outcome {}

    /**
     * The directory has an entry for the user.
     *
     * @param entry what it says now
     * @param changed whether this record made it so
     */
    record Entry(DirectoryEntry entry, boolean changed) implements Outcome {}

    /**
     * What the shard has of a user now, after a record of a move.
     *
     * @param at the record
     * @param user the shard's record of him; the default one where it has none
     */
    record Moved(LogPosition at, StoredUser user) implements Outcome {}

    /** Done; there is nothing to tell. */
    record Done() implements Outcome {}
}
