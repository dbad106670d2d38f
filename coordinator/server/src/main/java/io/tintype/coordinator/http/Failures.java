// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.cluster.log.Bugs;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.trace.Trace;
import io.tintype.wire.Errors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Failures as HTTP answers: the one place that maps them. Stateless. */
final class Failures {
    private static final Logger log = LoggerFactory.getLogger(Failures.class);

    private Failures() {}

    /** The HTTP status that goes with a reason. No default branch: a new reason does not compile until mapped. */
    static int status(Reason reason) {
        return switch (reason) {
            case INVALID_NAME,
                    INVALID_USER,
                    INVALID_ARGUMENT,
                    METADATA_TOO_LARGE,
                    SIZE_MISMATCH,
                    CHECKSUM_MISMATCH,
                    INCOMPLETE_UPLOAD,
                    INVALID_PAGE_TOKEN -> HttpStatus.BAD_REQUEST_400;
            case ACCESS_DENIED -> HttpStatus.FORBIDDEN_403;
            case BLOB_TOO_LARGE, MESSAGE_TOO_LARGE -> HttpStatus.PAYLOAD_TOO_LARGE_413;
            case RANGE_NOT_SATISFIABLE -> HttpStatus.RANGE_NOT_SATISFIABLE_416;
            case BLOB_NOT_FOUND,
                    USER_NOT_FOUND,
                    UPLOAD_NOT_FOUND,
                    SHARD_NOT_FOUND,
                    POOL_NOT_FOUND,
                    NODE_NOT_FOUND,
                    MOVE_NOT_FOUND -> HttpStatus.NOT_FOUND_404;
            case USER_ERASED -> HttpStatus.GONE_410;
            case VERSION_CONFLICT -> HttpStatus.PRECONDITION_FAILED_412;
            case ALREADY_EXISTS,
                    REQUEST_ID_REUSED,
                    REQUEST_EXPIRED,
                    CHUNKS_MISSING,
                    WRONG_STATE,
                    MOVE_CONFLICT,
                    USER_FROZEN -> HttpStatus.CONFLICT_409;
            case NOT_PRIMARY,
                    WRONG_SHARD,
                    NO_PRIMARY,
                    NOT_ENOUGH_REPLICAS,
                    OUTCOME_UNKNOWN,
                    FRESHNESS_UNPROVEN,
                    USER_MOVING,
                    OVERLOADED,
                    UNAVAILABLE,
                    VERSION_GONE -> HttpStatus.SERVICE_UNAVAILABLE_503;
            case POOL_IN_USE -> HttpStatus.CONFLICT_409;
            case SHARD_FULL, POOL_FULL, QUOTA_EXCEEDED, DISK_FULL -> HttpStatus.INSUFFICIENT_STORAGE_507;
            case NOT_SERVED_HERE -> HttpStatus.NOT_IMPLEMENTED_501;
            case CORRUPT_DATA, INTERNAL -> HttpStatus.INTERNAL_SERVER_ERROR_500;
        };
    }

    /** Answers with a failure, or cuts the connection where the answer has already begun. */
    static void answer(Response response, Callback callback, Throwable failure) {
        answer(response, callback, failure, null);
    }

    /** The same, telling in Content-Range which ranges could be had. */
    static void answer(Response response, Callback callback, Throwable failure, @Nullable String contentRange) {
        var cause = Errors.isBug(failure) ? bug(response.getRequest(), failure) : Errors.fromWire(failure);
        if (response.isCommitted()) {
            callback.failed(cause);
            return;
        }
        answer(response, callback, status(cause.reason()), cause, null, contentRange);
    }

    /** Answers with a result once it is there; its failure, and that of answering with it, are answered as such. */
    static <T> void orAnswer(CompletableFuture<T> result, Response response, Callback callback, Consumer<T> answer) {
        var unused = result.thenAccept(answer).whenComplete((done, failure) -> {
            if (failure != null) {
                answer(response, callback, failure);
            }
        });
    }

    private static TintypeException bug(Request request, Throwable failure) {
        RequestId id;
        try {
            id = BlobHeaders.requestId(request.getHeaders(), ThreadLocalRandom.current());
        } catch (TintypeException noId) {
            id = null;
        }
        // Without what follows the path: it may be a signature.
        var what = request.getMethod() + " " + request.getHttpURI().getPath();
        return Bugs.logged(log, what, id, Trace.current(), failure);
    }

    /** Answers with a failure under a status of its own. */
    static void answer(Response response, Callback callback, int status, TintypeException cause) {
        answer(response, callback, status, cause, null, null);
    }

    /** The same, telling which methods would be allowed. */
    static void answer(
            Response response, Callback callback, int status, TintypeException cause, @Nullable String allowed) {
        answer(response, callback, status, cause, allowed, null);
    }

    private static void answer(
            Response response,
            Callback callback,
            int status,
            TintypeException cause,
            @Nullable String allowed,
            @Nullable String contentRange) {
        response.reset();
        response.setStatus(status);
        if (allowed != null) {
            response.getHeaders().put(HttpHeader.ALLOW, allowed);
        }
        if (contentRange != null) {
            response.getHeaders().put(HttpHeader.CONTENT_RANGE, contentRange);
        }
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        cause.retryAfter()
                .ifPresent(delay -> response.getHeaders()
                        .put(HttpHeader.RETRY_AFTER, Math.max(1, (delay.toMillis() + 999) / 1000)));
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("reason", cause.reason().name());
        body.put("message", String.valueOf(cause.getMessage()));
        if (!cause.details().isEmpty()) {
            body.put("details", cause.details());
        }
        cause.retryAfter().ifPresent(delay -> body.put("retryAfterMs", delay.toMillis()));
        Json.write(response, callback, body);
    }
}
