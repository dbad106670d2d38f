// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import io.tintype.proto.internal.v1.CoordinatorLiveness;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What this coordinator knows of the others of its region, and which pieces it keeps itself: those it owns, and those that
 * are hot. Thread-safe.
 */
public final class Peers {
    /** Version of the protocol; coordinators of another one are no peers. */
    public static final int PROTOCOL = 1;

    /** Coordinators that keep a hot piece for others. */
    static final int HOT_OWNERS = 3;

    /** Of so many reads one is counted. */
    private static final int SAMPLE = 4;

    private final String self;
    private final String region;
    private final HotKeys hot = new HotKeys();
    private volatile Ring ring = Ring.EMPTY;

    /**
     * @param self id of this coordinator
     * @param region where it stands; bytes are never asked of coordinators in another one
     */
    public Peers(String self, String region) {
        this.self = self;
        this.region = region;
    }

    /** Takes note of who is live. */
    public void update(Map<String, CoordinatorLiveness> live) {
        List<Ring.Member> members = live.entrySet().stream()
                .filter(entry -> isPeer(entry.getValue()))
                .map(entry -> new Ring.Member(
                        entry.getKey(),
                        entry.getValue().getAddress(),
                        Math.max(1, entry.getValue().getCacheMib())))
                .toList();
        ring = new Ring(members);
    }

    private boolean isPeer(CoordinatorLiveness other) {
        return other.getCacheProtocol() == PROTOCOL && other.getRegion().equals(region);
    }

    /** Who is in the ring now. */
    public Ring ring() {
        return ring;
    }

    String self() {
        return self;
    }

    /** Whether this coordinator keeps the piece: alone, as its owner, or because it is hot. */
    boolean keeps(PieceKey key) {
        var now = ring;
        return now.members().size() < 2 || now.isAmongFirst(1, self, key) || hot.isHot(key);
    }

    /** Counts a read. */
    void read(PieceKey key) {
        if (ThreadLocalRandom.current().nextInt(SAMPLE) == 0) {
            hot.read(key);
        }
    }

    /** Those who may be asked for a piece, the first one first; none where this coordinator is to have it. */
    List<Ring.Member> askable(PieceKey key) {
        var now = ring;
        if (now.members().size() < 2) {
            return List.of();
        }
        var ranking = now.ranking(key);
        if (ranking.get(0).id().equals(self)) {
            return List.of();
        }
        int first = hot.isHot(key) ? ThreadLocalRandom.current().nextInt(Math.min(HOT_OWNERS, ranking.size())) : 0;
        return ranking.subList(first, ranking.size()).stream()
                .filter(member -> !member.id().equals(self))
                .limit(2)
                .toList();
    }
}
