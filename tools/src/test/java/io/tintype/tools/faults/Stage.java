// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a fault can strike in one run. Used by one thread.
 *
 * <p>Of three disks only one may be lost at a time: that is what is promised. So all faults of a run that destroy what a
 * disk held strike the same node.
 */
final class Stage {
    private final FaultCluster cluster;
    private final View view;
    private final Load load;
    private final SplittableRandom random;
    private @Nullable Site condemned;

    Stage(FaultCluster cluster, View view, Load load, SplittableRandom random) {
        this.cluster = cluster;
        this.view = view;
        this.load = load;
        this.random = random;
    }

    FaultCluster cluster() {
        return cluster;
    }

    View view() {
        return view;
    }

    Load load() {
        return load;
    }

    SplittableRandom random() {
        return random;
    }

    /** The node that leads most shards of data. */
    Site primary() {
        return view.busiest();
    }

    /** A node that leads none, or fewer than that one. */
    Site backup() {
        var primary = primary();
        return any(
                cluster.nodes().stream().filter(node -> !node.equals(primary)).toList());
    }

    /** The node whose disk is lost in this run: the first time, what is given. */
    Site condemned(Supplier<Site> first) {
        var known = condemned;
        if (known == null) {
            known = first.get();
            condemned = known;
        }
        return known;
    }

    <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
