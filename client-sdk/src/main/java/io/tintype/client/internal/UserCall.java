// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import io.grpc.MethodDescriptor;
import io.tintype.client.internal.route.ReadMode;
import io.tintype.client.internal.route.Target;
import io.tintype.model.RequestId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A call about one user, with one message each way. Immutable.
 *
 * @param method the RPC
 * @param user whose request it is
 * @param request the request
 * @param kind what it does
 * @param requestId of a change that must not be made twice, else null
 * @param age time since the first try under the request id began, where this repeats one
 * @param timeout total time, or null for the client's
 */
public record UserCall<Q, R>(
        MethodDescriptor<Q, R> method,
        String user,
        Maker<Q> request,
        Kind kind,
        @Nullable RequestId requestId,
        Duration age,
        @Nullable Duration timeout) {

    /** A call that may be repeated at any time. */
    public UserCall(
            MethodDescriptor<Q, R> method, String user, Maker<Q> request, Kind kind, @Nullable Duration timeout) {
        this(method, user, request, kind, null, Duration.ZERO, timeout);
    }

    /** Makes the request anew for each try. */
    @FunctionalInterface
    public interface Maker<Q> {
        /**
         * The request for a server.
         *
         * @param target who is asked
         * @param ageMs milliseconds since the first try; 0 in the first
         */
        Q make(Target target, long ageMs);
    }

    /** What a call does, as far as routing and deadlines care. */
    public enum Kind {
        /** Reads from the primary. */
        READ(false, false, false),
        /** Reads from any replica in sync. */
        READ_ANYWHERE(false, true, false),
        /** Changes something, soon done. */
        CHANGE(true, false, false),
        /** Changes something and may take as long as the operation: copying a large blob, waiting for leases to end. */
        LONG_CHANGE(true, false, true);

        private final boolean change;
        private final boolean anywhere;
        private final boolean slow;

        Kind(boolean change, boolean anywhere, boolean slow) {
            this.change = change;
            this.anywhere = anywhere;
            this.slow = slow;
        }

        boolean isChange() {
            return change;
        }

        boolean isAnywhere() {
            return anywhere;
        }

        boolean isSlow() {
            return slow;
        }

        /** A read of that mode. */
        public static Kind read(ReadMode mode) {
            return mode.followersMayServe() ? READ_ANYWHERE : READ;
        }
    }
}
