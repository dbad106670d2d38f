// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Says how a call must be refused. */
final class Refusals {
    private Refusals() {}

    /** The call fails for this reason, and says all of these things. */
    static TintypeException refused(Reason reason, ThrowingCallable call, String... said) {
        var failure = catchThrowable(call);
        assertThat(failure).as("the call succeeded").isNotNull();
        var known = Errors.fromWire(failure);
        assertThat(known.reason()).as(String.valueOf(failure)).isEqualTo(reason);
        for (var text : said) {
            assertThat(known).hasMessageContaining(text);
        }
        return known;
    }
}
