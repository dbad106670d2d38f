// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

import io.tintype.model.Reason;

/** What a command ends with, for scripts to branch on. Part of the contract: a number never changes its meaning. */
public enum ExitCode {
    /** What was asked has been done. */
    OK(0, "done"),
    /** It failed in a way that has no code of its own. */
    FAILURE(1, "failed"),
    /** The command line, or a name or value on it, is wrong; nothing was changed. */
    USAGE(2, "the command line, or a name or value on it, is wrong; nothing was changed"),
    /** The blob, user, shard, pool or file asked for is not there. */
    NOT_FOUND(3, "what was asked for is not there"),
    /** The current version or state is another than the one asked for; nothing was changed. */
    CONFLICT(4, "the state is another than the one asked for; nothing was changed"),
    /** The cluster cannot answer now, or the outcome of a change is not known; the same command may be run again. */
    UNAVAILABLE(5, "the cluster cannot answer now, or the outcome is not known; run it again"),
    /** A limit of room is reached: quota, pool or disk. */
    FULL(6, "a quota, pool or disk is full"),
    /** Bytes do not have the checksum or size they should have. */
    DAMAGED(7, "bytes do not have the size or checksum they should have");

    private final int number;
    private final String meaning;

    ExitCode(int number, String meaning) {
        this.number = number;
        this.meaning = meaning;
    }

    /** What the process ends with. */
    public int number() {
        return number;
    }

    /** For the help text. */
    public String meaning() {
        return meaning;
    }

    /** The code of a request that failed for a reason. No default branch on purpose. */
    public static ExitCode of(Reason reason) {
        return switch (reason) {
            case INVALID_NAME,
                    INVALID_USER,
                    INVALID_ARGUMENT,
                    METADATA_TOO_LARGE,
                    BLOB_TOO_LARGE,
                    RANGE_NOT_SATISFIABLE,
                    INVALID_PAGE_TOKEN,
                    MESSAGE_TOO_LARGE,
                    ACCESS_DENIED -> USAGE;
            case BLOB_NOT_FOUND,
                    USER_NOT_FOUND,
                    UPLOAD_NOT_FOUND,
                    SHARD_NOT_FOUND,
                    POOL_NOT_FOUND,
                    NODE_NOT_FOUND,
                    MOVE_NOT_FOUND,
                    USER_ERASED -> NOT_FOUND;
            case VERSION_CONFLICT,
                    ALREADY_EXISTS,
                    REQUEST_ID_REUSED,
                    REQUEST_EXPIRED,
                    CHUNKS_MISSING,
                    WRONG_STATE,
                    POOL_IN_USE,
                    MOVE_CONFLICT,
                    USER_FROZEN -> CONFLICT;
            case VERSION_GONE,
                    NOT_PRIMARY,
                    WRONG_SHARD,
                    NO_PRIMARY,
                    NOT_ENOUGH_REPLICAS,
                    OUTCOME_UNKNOWN,
                    FRESHNESS_UNPROVEN,
                    USER_MOVING,
                    OVERLOADED,
                    UNAVAILABLE,
                    NOT_SERVED_HERE -> UNAVAILABLE;
            case SHARD_FULL, POOL_FULL, QUOTA_EXCEEDED, DISK_FULL -> FULL;
            case SIZE_MISMATCH, CHECKSUM_MISMATCH, INCOMPLETE_UPLOAD, CORRUPT_DATA -> DAMAGED;
            case INTERNAL -> FAILURE;
        };
    }
}
