// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Failures to and from gRPC statuses: the one place that maps them. Stateless and thread-safe.
 *
 * <p>On the wire a failure is a {@code google.rpc.Status} with an {@code ErrorInfo} (domain {@value #DOMAIN}, the reason's
 * name) and, where a retry can help, a {@code RetryInfo}.
 */
public final class Errors {
    /** Domain of every {@code ErrorInfo}. */
    public static final String DOMAIN = "tintype.io";

    private static final Map<String, Reason> BY_NAME =
            Arrays.stream(Reason.values()).collect(Collectors.toMap(Reason::name, Function.identity()));

    private Errors() {}

    /**
     * What to answer for a failure. A {@link TintypeException} travels whole; a status that came from another server is
     * passed on as it is; anything else is a bug, of which the caller learns only INTERNAL: log it.
     */
    public static StatusRuntimeException toWire(Throwable failure) {
        Throwable cause = unwrap(failure);
        if (cause instanceof TintypeException e) {
            return encode(e);
        }
        if (cause instanceof StatusRuntimeException e && errorInfo(e) != null) {
            return e;
        }
        return encode(new TintypeException(
                Reason.INTERNAL, "internal error; the server's log has the cause", Map.of(), null, cause));
    }

    /** Whether {@link #toWire} would hide this failure's text: then the server's log must have it. */
    public static boolean isBug(Throwable failure) {
        Throwable cause = unwrap(failure);
        return !(cause instanceof TintypeException)
                && !(cause instanceof StatusRuntimeException e && errorInfo(e) != null);
    }

    /**
     * What a failed call means. A status without our {@code ErrorInfo} comes from the transport and is mapped by its
     * code: a message over the limit is MESSAGE_TOO_LARGE, a missed deadline or cut connection is UNAVAILABLE (of a
     * change, callers must take that as an unknown outcome).
     */
    public static TintypeException fromWire(Throwable failure) {
        Throwable cause = unwrap(failure);
        if (cause instanceof TintypeException e) {
            return e;
        }
        var status = StatusProto.fromThrowable(cause);
        if (status != null) {
            var decoded = decode(status, cause);
            if (decoded != null) {
                return decoded;
            }
        }
        return fromTransport(Status.fromThrowable(cause), cause);
    }

    /** Whether a server said so, and not the way to it. */
    public static boolean isAnswer(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof StatusRuntimeException e && errorInfo(e) != null) {
                return true;
            }
        }
        return false;
    }

    private static StatusRuntimeException encode(TintypeException e) {
        var status = com.google.rpc.Status.newBuilder()
                .setCode(e.reason().statusCode().value())
                .setMessage(String.valueOf(e.getMessage()))
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setDomain(DOMAIN)
                        .setReason(e.reason().name())
                        .putAllMetadata(e.details())
                        .build()));
        e.retryAfter()
                .ifPresent(delay -> status.addDetails(Any.pack(RetryInfo.newBuilder()
                        .setRetryDelay(com.google.protobuf.Duration.newBuilder()
                                .setSeconds(delay.getSeconds())
                                .setNanos(delay.getNano()))
                        .build())));
        return StatusProto.toStatusRuntimeException(status.build());
    }

    private static @Nullable TintypeException decode(com.google.rpc.Status status, Throwable cause) {
        try {
            ErrorInfo info = null;
            Duration retryAfter = null;
            for (Any detail : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    info = detail.unpack(ErrorInfo.class);
                } else if (detail.is(RetryInfo.class)) {
                    var delay = detail.unpack(RetryInfo.class).getRetryDelay();
                    retryAfter = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
                }
            }
            if (info == null || !info.getDomain().equals(DOMAIN)) {
                return null;
            }
            // A newer server may know reasons that we do not: its status code still says what kind they are.
            var reason = BY_NAME.get(info.getReason());
            return reason == null
                    ? null
                    : new TintypeException(reason, status.getMessage(), info.getMetadataMap(), retryAfter, cause);
        } catch (InvalidProtocolBufferException e) {
            return null;
        }
    }

    private static TintypeException fromTransport(Status status, Throwable cause) {
        var text = status.getDescription() == null ? status.getCode().name() : status.getDescription();
        var reason = switch (status.getCode()) {
            case RESOURCE_EXHAUSTED ->
                text.contains("exceeds maximum size") ? Reason.MESSAGE_TOO_LARGE : Reason.OVERLOADED;
            case INVALID_ARGUMENT -> Reason.INVALID_ARGUMENT;
            case OUT_OF_RANGE -> Reason.RANGE_NOT_SATISFIABLE;
            case NOT_FOUND -> Reason.BLOB_NOT_FOUND;
            case DATA_LOSS -> Reason.CORRUPT_DATA;
            case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, ABORTED -> Reason.UNAVAILABLE;
            case UNIMPLEMENTED -> Reason.NOT_SERVED_HERE;
            case UNKNOWN -> isCutOff(status) ? Reason.UNAVAILABLE : Reason.INTERNAL;
            default -> Reason.INTERNAL;
        };
        return new TintypeException(reason, status.getCode() + ": " + text + why(status), Map.of(), null, cause);
    }

    /** What gRPC does not know is why a connection was closed under a call that was about to be written to it. */
    private static boolean isCutOff(Status status) {
        return status.getCause() instanceof ClosedChannelException;
    }

    /** What the network said of it: of a cut or refused connection gRPC itself says no more than "io exception". */
    private static String why(Status status) {
        Throwable cause = status.getCause();
        return cause instanceof IOException && cause.getMessage() != null ? " (" + cause.getMessage() + ")" : "";
    }

    private static @Nullable ErrorInfo errorInfo(StatusRuntimeException e) {
        var status = StatusProto.fromThrowable(e);
        if (status == null) {
            return null;
        }
        try {
            for (Any detail : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    return detail.unpack(ErrorInfo.class);
                }
            }
            return null;
        } catch (InvalidProtocolBufferException malformed) {
            return null;
        }
    }

    private static Throwable unwrap(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof StatusException e) {
            return e.getStatus().asRuntimeException(e.getTrailers());
        }
        return cause;
    }
}
