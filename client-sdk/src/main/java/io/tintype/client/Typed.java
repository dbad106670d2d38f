// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.TintypeException;
import java.util.concurrent.CompletionException;

/** The one place that gives each reason its exception. Pure. */
final class Typed {
    private Typed() {}

    /** The exception that an application is to see. */
    static Throwable of(Throwable thrown) {
        Throwable cause = thrown;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause instanceof TintypeException e ? of(e) : cause;
    }

    /** The exception of a failure's reason. No default branch on purpose: a new reason does not compile until mapped. */
    static TintypeException of(TintypeException e) {
        if (e.getClass() != TintypeException.class) {
            return e;
        }
        return switch (e.reason()) {
            case INVALID_NAME,
                    INVALID_USER,
                    INVALID_ARGUMENT,
                    METADATA_TOO_LARGE,
                    BLOB_TOO_LARGE,
                    INVALID_PAGE_TOKEN,
                    MESSAGE_TOO_LARGE -> new InvalidRequestException(e);
            case SIZE_MISMATCH, CHECKSUM_MISMATCH, INCOMPLETE_UPLOAD, CHUNKS_MISSING -> new UploadMismatchException(e);
            case ACCESS_DENIED -> new AccessDeniedException(e);
            case RANGE_NOT_SATISFIABLE -> new RangeNotSatisfiableException(e);
            case BLOB_NOT_FOUND -> new BlobNotFoundException(e);
            case USER_NOT_FOUND -> new UserNotFoundException(e);
            case USER_ERASED -> new UserErasedException(e);
            case USER_FROZEN -> new UserFrozenException(e);
            case UPLOAD_NOT_FOUND -> new UploadNotFoundException(e);
            case SHARD_NOT_FOUND, POOL_NOT_FOUND, NODE_NOT_FOUND, MOVE_NOT_FOUND -> new NotFoundException(e);
            case VERSION_CONFLICT -> new VersionConflictException(e);
            case ALREADY_EXISTS -> new AlreadyExistsException(e);
            case MOVE_CONFLICT -> new MoveConflictException(e);
            case REQUEST_ID_REUSED, REQUEST_EXPIRED -> new RequestIdException(e);
            case WRONG_STATE -> new WrongStateException(e);
            case VERSION_GONE -> new VersionGoneException(e);
            case OUTCOME_UNKNOWN -> new OutcomeUnknownException(e);
            case NOT_PRIMARY,
                    WRONG_SHARD,
                    NO_PRIMARY,
                    NOT_ENOUGH_REPLICAS,
                    FRESHNESS_UNPROVEN,
                    USER_MOVING,
                    UNAVAILABLE,
                    NOT_SERVED_HERE -> new UnavailableException(e);
            case OVERLOADED -> new OverloadedException(e);
            case SHARD_FULL, POOL_FULL, DISK_FULL -> new StorageFullException(e);
            case QUOTA_EXCEEDED -> new QuotaExceededException(e);
            case POOL_IN_USE -> new PoolInUseException(e);
            case CORRUPT_DATA -> new CorruptDataException(e);
            case INTERNAL -> new InternalErrorException(e);
        };
    }
}
