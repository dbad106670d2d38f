// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.log;

import io.tintype.model.RequestId;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A request that has ended, as the log tells of it. Immutable.
 *
 * @param what which kind of request
 * @param about whose and what, for people; empty: it named nothing
 * @param request its id; null: it has none
 * @param trace id of the trace it is part of; empty: of none
 * @param how how it ended
 * @param took from its beginning to its end
 * @param spent where the time went; empty: that is not known
 * @param received bytes that came with it
 * @param sent bytes that went back
 */
public record SlowRequest(
        String what,
        String about,
        @Nullable RequestId request,
        String trace,
        String how,
        Duration took,
        String spent,
        long received,
        long sent) {}
