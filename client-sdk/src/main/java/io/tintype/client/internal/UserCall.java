// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import io.grpc.MethodDescriptor;
import io.tintype.client.internal.route.ReadMode;
import io.tintype.model.RequestId;
import java.time.Duration;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A call about one user, with one message each way. Immutable.
 *
 * @param method the RPC
 * @param user whose request it is
 * @param request the request for a shard; 0: the shard is not known
 * @param kind what it does
 * @param requestId of a change that must not be made twice, else null
 * @param timeout total time, or null for the client's
 */
public record UserCall<Q, R>(
        MethodDescriptor<Q, R> method,
        String user,
        IntFunction<Q> request,
        Kind kind,
        @Nullable RequestId requestId,
        @Nullable Duration timeout) {

    /** What a call does, as far as routing and deadlines care. */
    public enum Kind {
        /** Reads from the primary. */
        READ(false, false, false),
        /** Reads from any replica in sync. */
        READ_ANYWHERE(false, true, false),
        /** Changes something, soon done. */
        CHANGE(true, false, false),
        /** Changes something and may take as long as the operation: copying a large blob. */
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
