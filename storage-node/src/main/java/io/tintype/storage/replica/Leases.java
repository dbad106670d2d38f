// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The leases that others granted to this primary. One is as old as the answered beat was when it was <em>sent</em>
 * ({@link Rule#LEASE_COUNTS_FROM_SENDING}), so that it ends before the grant, which counts from receiving. Confined to
 * the shard's loop.
 */
final class Leases {
    private final Context context;
    private final Map<NodeId, Grant> grants = new TreeMap<>();

    /** What may be served; null: something changed that it goes by. */
    private @Nullable ReadPermit permit;

    private record Grant(long incarnation, Now since) {}

    Leases(Context context) {
        this.context = context;
    }

    /** A beat was answered. Answers may come in any order. */
    void renew(ReplicaEvent.BeatAnswered event) {
        var since = context.keeps(Rule.LEASE_COUNTS_FROM_SENDING) ? event.sentAt() : context.now();
        long incarnation = event.answer().incarnation();
        var known = grants.get(event.from());
        if (known == null || known.incarnation() != incarnation || since.nanosSince(known.since()) > 0) {
            grants.put(event.from(), new Grant(incarnation, since));
        }
    }

    /** Something changed that {@link #permit} goes by. */
    void changed() {
        permit = null;
    }

    /** Records were applied, which may be what reads waited for. */
    void applied(boolean serving) {
        if (permit != null && !permit.isServing() && serving) {
            permit = null;
        }
    }

    /**
     * What may be served under a configuration and the change of it that is being asked for: a lease is needed from
     * everybody in either who could be elected. The same object until something {@linkplain #changed changes} it.
     */
    ReadPermit permit(long epoch, boolean serving, ShardConfig config, @Nullable ShardConfig asked) {
        if (permit == null) {
            permit = found(epoch, serving, config, asked);
        }
        return permit;
    }

    private ReadPermit found(long epoch, boolean serving, ShardConfig config, @Nullable ShardConfig asked) {
        var since = new ArrayList<Now>();
        boolean leased = collect(config.inSync(), since);
        if (context.keeps(Rule.ELECTABLE_GRANT_LEASES)) {
            leased &= collect(config.electable(), since);
        }
        if (asked != null && context.keeps(Rule.PENDING_GRANT_LEASES)) {
            leased &= collect(asked.inSync(), since) && collect(asked.electable(), since);
        }
        boolean bothClocks = context.keeps(Rule.LEASE_NEEDS_BOTH_CLOCKS);
        return new ReadPermit(epoch, serving, leased, since, context.timing.leaseNanos(), bothClocks);
    }

    private boolean collect(Set<Member> grantors, List<Now> since) {
        for (var grantor : grantors) {
            if (!grantor.node().equals(context.self.node())) {
                var grant = grants.get(grantor.node());
                if (grant == null || grant.incarnation() != grantor.incarnation()) {
                    return false;
                }
                since.add(grant.since());
            }
        }
        return true;
    }
}
