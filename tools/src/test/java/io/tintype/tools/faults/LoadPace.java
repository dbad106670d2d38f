// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.time.Duration;

/** Times of clients and runs. */
final class LoadPace {
    /** After which a client gives an operation up. */
    static final Duration REQUEST = Duration.ofSeconds(5);

    /** After which it tries another way. */
    static final Duration ATTEMPT = Duration.ofMillis(1_500);

    private LoadPace() {}
}
