// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.log;

import java.util.Optional;

/** What a record does. The codes are part of the format: never used for anything else. */
public enum RecordType {
    /** A primary begins its epoch; changes nothing. */
    EPOCH_START(1),
    /** A blob gets a new current version. */
    PUT_COMMIT(2),
    /** A blob is removed. */
    DELETE(3),
    /** An upload is given up. */
    ABORT_UPLOAD(4),
    /** The shard takes a user in. */
    USER_CLAIM(16),
    /** A user gets another quota. */
    USER_QUOTA(24),
    /** A directory shard enters a user. */
    DIR_CREATE(32),
    /** A directory shard gives a user another home. */
    DIR_REHOME(33);

    private static final RecordType[] BY_CODE = new RecordType[256];

    static {
        for (var type : values()) {
            BY_CODE[type.code] = type;
        }
    }

    private final int code;

    RecordType(int code) {
        this.code = code;
    }

    /** The byte that stands for it in a record. */
    public int code() {
        return code;
    }

    /** The type of a code; empty if this program does not know it. */
    static Optional<RecordType> of(int code) {
        return Optional.ofNullable(BY_CODE[code]);
    }
}
