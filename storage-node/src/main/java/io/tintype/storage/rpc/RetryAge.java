// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.time.Duration;

/**
 * How long ago a request's first attempt began, as its caller said, and since when we have known. What is not a retry has no
 * age. Immutable.
 *
 * @param ageMs when it came, in milliseconds; 0: this is the first attempt
 * @param cameAtNanos when it came, by the clock that {@link #check} is given
 */
record RetryAge(long ageMs, long cameAtNanos) {

    /**
     * Checks the field.
     *
     * @throws TintypeException INVALID_ARGUMENT
     */
    static RetryAge of(long ageMs, long nowNanos) {
        if (ageMs < 0) {
            throw Requests.invalid("retry_age_ms is " + ageMs
                    + "; give 0 in the first attempt, and how long ago that was" + " in every later one");
        }
        return new RetryAge(ageMs, nowNanos);
    }

    /**
     * To be asked again right before a record is proposed: sending the bytes may have taken its time.
     *
     * @throws TintypeException REQUEST_EXPIRED where an earlier attempt would not be recognised any more
     */
    void check(long nowNanos) {
        long now = ageMs + Duration.ofNanos(nowNanos - cameAtNanos).toMillis();
        if (ageMs > 0 && now >= Limits.DEDUP_WINDOW.toMillis()) {
            throw new TintypeException(
                    Reason.REQUEST_EXPIRED,
                    "the first attempt of this request began " + now + " ms ago, and one from more than "
                            + Limits.DEDUP_WINDOW.toMinutes()
                            + " min ago is not recognised; read what there is now, and decide anew under a new request"
                            + " id");
        }
    }
}
