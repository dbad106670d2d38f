// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.log;

import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.trace.Trace;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Requests that failed by a bug: callers learn an id, and the log has the cause under it. Stateless and thread-safe. */
public final class Bugs {
    private Bugs() {}

    /**
     * Writes down why a request failed, with fields {@code request} and {@code trace} for whoever reads the log by program.
     *
     * @param what which kind of request
     * @param request its id, where it has one; else one is made up
     * @param trace what it is part of
     * @return what to tell the caller: INTERNAL, and the id
     */
    public static TintypeException logged(
            Logger log, String what, @Nullable RequestId request, Trace trace, Throwable failure) {
        var id = request != null ? request : RequestId.random(ThreadLocalRandom.current());
        log.atError()
                .setCause(failure)
                .addKeyValue("request", id)
                .addKeyValue("trace", trace.id().orElse(""))
                .log("{} failed, request {}{}", what, id, trace.suffix());
        return new TintypeException(
                Reason.INTERNAL,
                what + " failed for a reason that is a bug of this server; its log has the cause under request " + id);
    }
}
