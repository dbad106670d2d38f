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
    /** The shard begins to take a user over from another one. */
    USER_IMPORT(17),
    /** Something of a user who is being taken over. */
    USER_COPY(18),
    /** All of him is here. */
    USER_INSTALL(19),
    /** He lives here. */
    USER_ACTIVATE(20),
    /** A user who is to leave takes no more changes here. */
    USER_FREEZE(21),
    /** He stays after all. */
    USER_UNFREEZE(22),
    /** He lives elsewhere. */
    USER_RELEASE(23),
    /** He does not come after all. */
    USER_DROP(26),
    /** Some of what was kept of a user who lives elsewhere goes. */
    USER_PURGE(25),
    /** A user gets another quota. */
    USER_QUOTA(24),
    /** Some of what there is of a user who is erased goes. */
    USER_ERASE(27),
    /** A user is frozen by an operator, or unfrozen. */
    USER_HALT(28),
    /** A directory shard enters a user. */
    DIR_CREATE(32),
    /** A directory shard gives a user another home. */
    DIR_REHOME(33),
    /** A directory shard begins a move. */
    DIR_BEGIN(34),
    /** A move is made: the user lives on its target. */
    DIR_COMMIT(35),
    /** A move is given up. */
    DIR_ABORT(36),
    /** A user is erased. */
    DIR_ERASE(37),
    /** Nothing is left of a user who was erased. */
    DIR_ERASED(38);

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
