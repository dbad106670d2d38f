// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal;

import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.Op;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import java.util.HashMap;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What an application is to see of an operation's last failure. Pure. */
final class Failures {
    /** Detail of OUTCOME_UNKNOWN: under which id to repeat. */
    static final String REQUEST_ID = "request_id";

    private Failures() {}

    /**
     * The failure with what the operation knows besides: how often it was tried, and whether one of the tries may have made
     * the change. Then only a failure that {@link Reason#rulesOutEarlierTries} says something, and after any other the
     * outcome is unknown.
     */
    static Throwable toShow(Throwable failure, Op op, @Nullable RequestId requestId) {
        if (!(failure instanceof CallFailure call)) {
            return failure;
        }
        var known = call.failure();
        boolean change = requestId != null || op.isCoordinatorsChange();
        boolean unknown = change && op.isMaybeApplied() && !known.reason().rulesOutEarlierTries();
        if (op.attempts() <= 1 && !unknown) {
            return known;
        }
        var reason = unknown ? Reason.OUTCOME_UNKNOWN : known.reason();
        var details = new HashMap<>(known.details());
        if (requestId != null && reason == Reason.OUTCOME_UNKNOWN) {
            details.put(REQUEST_ID, requestId.toString());
        }
        var text = new StringBuilder();
        if (unknown) {
            text.append("it is not known whether the change was made; ")
                    .append(
                            requestId != null
                                    ? "repeat it under the same request id: "
                                    : "look before you repeat it: ");
        }
        text.append(known.getMessage());
        if (op.attempts() > 1) {
            text.append(String.format(
                    Locale.ROOT,
                    " (tried %d times in %.1f s)",
                    op.attempts(),
                    op.elapsed().toMillis() / 1000.0));
        }
        return new TintypeException(
                reason, text.toString(), details, known.retryAfter().orElse(null), known);
    }
}
