// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import io.grpc.Status;

/**
 * Every way a request can fail. Programs branch on this, not on message text. The same list, with the meaning of each,
 * is {@code ErrorReason} in {@code tintype/v1/errors.proto}; a test holds the two together.
 */
public enum Reason {
    INVALID_NAME,
    INVALID_USER,
    INVALID_ARGUMENT,
    METADATA_TOO_LARGE,
    BLOB_TOO_LARGE,
    SIZE_MISMATCH,
    CHECKSUM_MISMATCH,
    INCOMPLETE_UPLOAD,
    RANGE_NOT_SATISFIABLE,
    INVALID_PAGE_TOKEN,
    MESSAGE_TOO_LARGE,
    ACCESS_DENIED,
    BLOB_NOT_FOUND,
    USER_NOT_FOUND,
    UPLOAD_NOT_FOUND,
    SHARD_NOT_FOUND,
    POOL_NOT_FOUND,
    NODE_NOT_FOUND,
    MOVE_NOT_FOUND,
    USER_ERASED,
    VERSION_CONFLICT,
    ALREADY_EXISTS,
    REQUEST_ID_REUSED,
    REQUEST_EXPIRED,
    CHUNKS_MISSING,
    VERSION_GONE,
    WRONG_STATE,
    MOVE_CONFLICT,
    USER_FROZEN,
    NOT_PRIMARY,
    WRONG_SHARD,
    NO_PRIMARY,
    NOT_ENOUGH_REPLICAS,
    OUTCOME_UNKNOWN,
    FRESHNESS_UNPROVEN,
    USER_MOVING,
    OVERLOADED,
    UNAVAILABLE,
    NOT_SERVED_HERE,
    SHARD_FULL,
    POOL_FULL,
    QUOTA_EXCEEDED,
    DISK_FULL,
    POOL_IN_USE,
    CORRUPT_DATA,
    INTERNAL;

    /** The gRPC status that goes with it. No default branch on purpose: a new reason does not compile until mapped. */
    public Status.Code statusCode() {
        return switch (this) {
            case INVALID_NAME,
                    INVALID_USER,
                    INVALID_ARGUMENT,
                    METADATA_TOO_LARGE,
                    BLOB_TOO_LARGE,
                    SIZE_MISMATCH,
                    CHECKSUM_MISMATCH,
                    INCOMPLETE_UPLOAD,
                    INVALID_PAGE_TOKEN -> Status.Code.INVALID_ARGUMENT;
            case ACCESS_DENIED -> Status.Code.PERMISSION_DENIED;
            case RANGE_NOT_SATISFIABLE -> Status.Code.OUT_OF_RANGE;
            case BLOB_NOT_FOUND,
                    USER_NOT_FOUND,
                    UPLOAD_NOT_FOUND,
                    SHARD_NOT_FOUND,
                    POOL_NOT_FOUND,
                    NODE_NOT_FOUND,
                    MOVE_NOT_FOUND,
                    USER_ERASED -> Status.Code.NOT_FOUND;
            case VERSION_CONFLICT,
                    REQUEST_ID_REUSED,
                    REQUEST_EXPIRED,
                    CHUNKS_MISSING,
                    WRONG_STATE,
                    POOL_IN_USE,
                    MOVE_CONFLICT,
                    USER_FROZEN,
                    NOT_PRIMARY,
                    WRONG_SHARD -> Status.Code.FAILED_PRECONDITION;
            case ALREADY_EXISTS -> Status.Code.ALREADY_EXISTS;
            case VERSION_GONE -> Status.Code.ABORTED;
            case NO_PRIMARY, NOT_ENOUGH_REPLICAS, OUTCOME_UNKNOWN, FRESHNESS_UNPROVEN, USER_MOVING, UNAVAILABLE ->
                Status.Code.UNAVAILABLE;
            case MESSAGE_TOO_LARGE, OVERLOADED, SHARD_FULL, POOL_FULL, QUOTA_EXCEEDED, DISK_FULL ->
                Status.Code.RESOURCE_EXHAUSTED;
            case NOT_SERVED_HERE -> Status.Code.UNIMPLEMENTED;
            case CORRUPT_DATA -> Status.Code.DATA_LOSS;
            case INTERNAL -> Status.Code.INTERNAL;
        };
    }

    /**
     * Whether the same request, under the same request id, may succeed a little later without anyone doing anything.
     * NOT_PRIMARY and WRONG_SHARD are not among these: they want another address, at once.
     */
    public boolean isTransient() {
        return switch (this) {
            case NO_PRIMARY,
                    NOT_ENOUGH_REPLICAS,
                    OUTCOME_UNKNOWN,
                    FRESHNESS_UNPROVEN,
                    USER_MOVING,
                    OVERLOADED,
                    UNAVAILABLE,
                    VERSION_GONE -> true;
            default -> false;
        };
    }

    /**
     * Whether a repeat of a change that is refused so proves that no earlier try under its request id made the change: a
     * shard decides this in its log, and only after it has looked there for what came of that id. Any other refusal may be
     * given before anybody looks (by a frozen user, a full disk, damaged data, a broken frame), and says nothing about
     * tries before it.
     */
    public boolean rulesOutEarlierTries() {
        return switch (this) {
            case VERSION_CONFLICT, QUOTA_EXCEEDED, REQUEST_ID_REUSED -> true;
            default -> false;
        };
    }
}
