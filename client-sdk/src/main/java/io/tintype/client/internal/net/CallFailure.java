// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.concurrent.CompletionException;

/**
 * Why one call failed, and what that says about whether the server saw it.
 *
 * <p>Immutable but for what {@link Throwable} adds; without a stack trace, for its cause has one where that helps.
 */
public final class CallFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final TintypeException failure;
    private final Origin origin;

    /** Who says so. */
    public enum Origin {
        /** No connection could be made: the server cannot have seen the request. */
        NEVER_SENT,
        /** The connection or the deadline: the server may have done anything. */
        TRANSPORT,
        /** The server answered so. */
        SERVER,
        /** This client decided so. */
        CLIENT
    }

    private CallFailure(TintypeException failure, Origin origin) {
        super(failure.getMessage(), failure, false, false);
        this.failure = failure;
        this.origin = origin;
    }

    /** What a failed future means. */
    public static CallFailure of(Throwable thrown) {
        return of(thrown, true);
    }

    /** What a failed call means; {@code sent} says whether the server may have seen it. */
    public static CallFailure of(Throwable thrown, boolean sent) {
        Throwable cause = unwrap(thrown);
        if (cause instanceof CallFailure known) {
            return known;
        }
        if (cause instanceof TintypeException e) {
            return new CallFailure(e, Origin.CLIENT);
        }
        var status = StatusProto.fromThrowable(cause);
        var decoded = Errors.fromWire(cause);
        if (status != null && status.getDetailsCount() > 0) {
            return new CallFailure(decoded, Origin.SERVER);
        }
        return new CallFailure(decoded, sent ? Origin.TRANSPORT : Origin.NEVER_SENT);
    }

    /** What the end of a call means. */
    public static CallFailure of(Status status, Metadata trailers, boolean sent) {
        return of(status.asRuntimeException(trailers), sent);
    }

    /** A failure that this client found. */
    public static CallFailure of(Reason reason, String message) {
        return new CallFailure(new TintypeException(reason, message), Origin.CLIENT);
    }

    /** The other side gave no sign of life for too long. */
    public static CallFailure stalled(String what, Duration timeout, boolean sent) {
        return new CallFailure(
                new TintypeException(
                        Reason.UNAVAILABLE,
                        what + " stood still for " + timeout.toMillis() + " ms; the server may hang"),
                sent ? Origin.TRANSPORT : Origin.NEVER_SENT);
    }

    /** Whether a failed future failed with one of these, and not for instance with a file error. */
    public static boolean isOne(Throwable thrown) {
        return unwrap(thrown) instanceof CallFailure;
    }

    /** What made a chain of futures fail. */
    public static Throwable unwrap(Throwable thrown) {
        Throwable cause = thrown;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** Why, for people and programs. */
    public TintypeException failure() {
        return failure;
    }

    /** Why, in one word. */
    public Reason reason() {
        return failure.reason();
    }

    /** Who says so. */
    public Origin origin() {
        return origin;
    }

    /** Whether the way there is what failed, so that another way may do. */
    public boolean isUnreachable() {
        return origin == Origin.NEVER_SENT || origin == Origin.TRANSPORT;
    }

    /**
     * Whether a change that a coordinator was asked for may nevertheless have been made. Other than nodes, coordinators say
     * UNAVAILABLE themselves only of what they did not do: it is in doubt where nobody said so.
     */
    public boolean leavesCoordinatorsChangeInDoubt() {
        return switch (reason()) {
            case OUTCOME_UNKNOWN -> true;
            case INTERNAL -> origin != Origin.NEVER_SENT;
            case UNAVAILABLE -> origin == Origin.TRANSPORT;
            default -> false;
        };
    }

    /** Whether a change that had been sent whole may nevertheless have been made. */
    public boolean leavesChangeInDoubt() {
        return switch (reason()) {
            case OUTCOME_UNKNOWN -> true;
            case UNAVAILABLE, INTERNAL -> origin != Origin.NEVER_SENT;
            default -> false;
        };
    }
}
