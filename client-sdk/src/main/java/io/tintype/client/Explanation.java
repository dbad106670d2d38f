// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.model.NodeInfo;
import io.tintype.model.ShardInfo;
import io.tintype.model.Version;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who would answer reads of a blob now, and how each of them sees it. Immutable.
 *
 * @param user the user
 * @param name the blob's name
 * @param shard the user's shard, as the map has it
 * @param lookup how long it took to learn where the user lives
 * @param nearCache what this client's near cache holds of the blob
 * @param coordinator what a coordinator answers, which passes the question on
 * @param caches what that coordinator's caches would do
 * @param replicas what each replica answers, nearest to this client first
 */
public record Explanation(
        String user,
        String name,
        ShardInfo shard,
        Duration lookup,
        NearCached nearCache,
        Answer coordinator,
        Caches caches,
        List<Replica> replicas) {
    public Explanation {
        replicas = List.copyOf(replicas);
    }

    /**
     * What the near cache holds.
     *
     * @param isOn whether there is one
     * @param ageOrNull how old the head held may be; null: none is held that could be used
     * @param versionOrNull the version that is current by that head; null: none is held, or there was no such blob
     * @param hasBytes whether its bytes are held too
     */
    public record NearCached(
            boolean isOn,
            @Nullable Duration ageOrNull,
            @Nullable Version versionOrNull,
            boolean hasBytes) {}

    /**
     * What somebody answered.
     *
     * @param by host:port
     * @param took time until the answer was here
     * @param versionOrNull the version it holds for current; null: see the failure
     * @param ageOrNull how old that is at most; null: it is current, or nothing is known
     * @param failureOrNull why there is no version: there is no such blob, it cannot be reached, and so on; null: there is one
     */
    public record Answer(
            String by,
            Duration took,
            @Nullable Version versionOrNull,
            @Nullable Duration ageOrNull,
            @Nullable String failureOrNull) {
        /** The version it holds for current. */
        public Optional<Version> version() {
            return Optional.ofNullable(versionOrNull);
        }
    }

    /**
     * What the caches of a coordinator would do with a read.
     *
     * @param coordinator its id; empty: see the failure
     * @param leaseAgeOrNull how old the head may be that it remembers; null: it remembers none, and asks a node
     * @param leasedOrNull the version that is current by that head; null: none is remembered, or there was no such blob
     * @param answeredBy the layer that would answer with the first bytes, of those below; empty: there is no such blob
     * @param layers its layers in the order in which they are asked, last the origin
     * @param failureOrNull why nothing is known; null: all of it is
     */
    public record Caches(
            String coordinator,
            @Nullable Duration leaseAgeOrNull,
            @Nullable Version leasedOrNull,
            String answeredBy,
            List<CacheLayer> layers,
            @Nullable String failureOrNull) {
        public Caches {
            layers = List.copyOf(layers);
        }
    }

    /**
     * One layer of a coordinator.
     *
     * @param name memory, disk, peers, memcached, origin
     * @param state {@code held}, {@code not_held}, {@code damaged}, {@code not_asked} or {@code unreachable}
     * @param at host:port of who was asked, where that is another process; else empty
     * @param age where held in a cache: since when
     * @param took time until the layer had answered
     */
    public record CacheLayer(String name, String state, String at, Duration age, Duration took) {}

    /**
     * A replica.
     *
     * @param node where it is
     * @param leads whether it is the primary, by the map
     * @param inSync whether it holds every acknowledged write, by the map
     * @param answer what it says
     */
    public record Replica(NodeInfo node, boolean leads, boolean inSync, Answer answer) {}

    /** The replica that linearizable reads go to. */
    public Optional<Replica> primary() {
        return replicas.stream().filter(Replica::leads).findFirst();
    }

    /** The replica that answers whoever puts up with any replica: the nearest that does. */
    public Optional<Replica> nearest() {
        return replicas.stream()
                .filter(replica -> replica.answer().version().isPresent())
                .findFirst();
    }
}
