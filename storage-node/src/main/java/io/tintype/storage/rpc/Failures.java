// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.tintype.cluster.log.Bugs;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.trace.Trace;
import io.tintype.wire.Errors;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends calls with errors: fills in what the map knows about who to ask instead, and logs what is a bug under an id that the
 * caller is told. Thread-safe.
 */
final class Failures {
    private static final Logger log = LoggerFactory.getLogger(Failures.class);

    private final Function<NodeId, Optional<String>> addresses;

    /**
     * Over an address book.
     *
     * @param addresses host:port of a node's public API, where known
     */
    Failures(Function<NodeId, Optional<String>> addresses) {
        this.addresses = addresses;
    }

    /**
     * A call, for the log.
     *
     * @param what which RPC
     * @param request its id, where it has one
     * @param trace what it is part of
     */
    record Call(String what, @Nullable RequestId request, Trace trace) {}

    /** Ends a call that has not ended yet. A caller who is gone is no error. */
    void end(StreamObserver<?> out, Throwable failure, Call call) {
        out.onError(toWire(failure, call));
    }

    /** The status to answer. */
    StatusRuntimeException toWire(Throwable failure, Call call) {
        if (Errors.isBug(failure)) {
            return Errors.toWire(Bugs.logged(log, call.what(), call.request(), call.trace(), failure));
        }
        var wire = Errors.toWire(failure);
        var known = Errors.fromWire(wire);
        return known.reason() == Reason.NOT_PRIMARY ? Errors.toWire(hinted(known)) : wire;
    }

    /** Adds the primary's address, which shards do not know. */
    private TintypeException hinted(TintypeException notPrimary) {
        var details = new HashMap<>(notPrimary.details());
        String primary = details.get(TintypeException.PRIMARY);
        if (primary == null || details.containsKey(TintypeException.ADDRESS)) {
            return notPrimary;
        }
        addresses.apply(new NodeId(primary)).ifPresent(address -> details.put(TintypeException.ADDRESS, address));
        return new TintypeException(
                Reason.NOT_PRIMARY,
                String.valueOf(notPrimary.getMessage()),
                Map.copyOf(details),
                notPrimary.retryAfter().orElse(null),
                notPrimary);
    }
}
