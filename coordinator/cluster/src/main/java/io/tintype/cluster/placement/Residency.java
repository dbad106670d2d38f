// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.placement;

import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * In which regions bytes of a pool's users may be, and are. The one home of that rule: whoever places a replica, moves a
 * user or keeps his bytes on a disk asks {@link #allows}. Immutable and pure.
 *
 * @param unpinned whether bytes may leave the pool's own region at all
 * @param observers regions that are to hold a copy of every shard; none where pinned
 * @param servingOrEmpty region whose nodes lead and vote; empty: the pool's own, and always so where pinned
 */
public record Residency(boolean unpinned, List<String> observers, String servingOrEmpty) {
    /** Nothing leaves the pool's region. */
    public static final Residency PINNED = new Residency(false, List.of(), "");

    /** Most regions with copies. */
    public static final int MAX_OBSERVERS = 4;

    public Residency {
        observers = List.copyOf(observers);
    }

    /**
     * Whether a byte of the pool's users, in a replica, a chunk, a cache on disk, or on its way between two pools, may be
     * in a region.
     */
    public boolean allows(PoolId pool, String region) {
        return allows(unpinned, pool, region);
    }

    /** The same where all that is known of a pool is whether it is pinned. */
    public static boolean allows(boolean unpinned, PoolId pool, String region) {
        return unpinned || pool.region().equals(region);
    }

    /** The region whose nodes lead and vote. */
    public String servingRegion(PoolId pool) {
        return servingOrEmpty.isEmpty() ? pool.region() : servingOrEmpty;
    }

    /**
     * The same, served by another region; the one that served before is to keep copies, as long as there is one more to be
     * named.
     *
     * @param to a region with copies, or the pool's own; throws {@link TintypeException} INVALID_ARGUMENT otherwise
     */
    public Residency switchedTo(PoolId pool, String to) {
        var from = servingRegion(pool);
        if (to.equals(from)) {
            return this;
        }
        if (!observers.contains(to)) {
            throw invalid("Pool " + pool + " has no copies in region '" + to + "'"
                    + (observers.isEmpty() ? "" : ", only in " + String.join(", ", observers))
                    + "; it is served by " + from
                    + ". Name the region in observers first, and wait until its copies are"
                    + " there.");
        }
        var left = new ArrayList<>(observers);
        left.set(left.indexOf(to), from);
        return new Residency(unpinned, left, to.equals(pool.region()) ? "" : to);
    }

    /** Checks against the pool it is of; throws {@link TintypeException} INVALID_ARGUMENT, which names the remedy. */
    void check(PoolId pool) {
        if (observers.size() > MAX_OBSERVERS) {
            throw invalid("observers names " + observers.size() + " regions; give at most " + MAX_OBSERVERS);
        }
        if (new HashSet<>(observers).size() != observers.size()) {
            throw invalid("observers names a region twice: " + String.join(", ", observers));
        }
        for (var region : observers) {
            var unusedCheckOfTheName = new PoolId(region, pool.tier());
            if (region.equals(servingRegion(pool))) {
                throw invalid(
                        "observers names " + region + ", where the pool's voters stand; a copy there is a replica:"
                                + " raise replication_factor instead");
            }
            requireAllowed(pool, region, "observers names");
        }
        if (!servingOrEmpty.isEmpty()) {
            requireAllowed(pool, servingOrEmpty, "serving_region is");
        }
    }

    private void requireAllowed(PoolId pool, String region, String what) {
        if (!allows(pool, region)) {
            throw invalid(what + " " + region + ", but pool " + pool + " is pinned to region " + pool.region()
                    + "; unpin it first if its users' bytes may leave that region");
        }
    }

    private static TintypeException invalid(String message) {
        return new TintypeException(Reason.INVALID_ARGUMENT, message);
    }
}
