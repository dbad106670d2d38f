// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import com.dynatrace.hash4j.hashing.Hashing;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which coordinator keeps which pieces: weighted rendezvous hashing (Thaler and Ravishankar, 1998), by which whoever joins or
 * leaves moves only his own share. Pure and immutable; two views of the ring that differ cost misses and nothing else.
 *
 * <p>A piece's place does not depend on its version, so that a blob stays where it is when it is replaced.
 *
 * @param members in any order
 */
public record Ring(List<Member> members) {
    /** Nobody. */
    public static final Ring EMPTY = new Ring(List.of());

    /** No member is asked while it has more than this times the average of what is under way. */
    static final double LOAD_BOUND = 1.25;

    private static final double TWO_TO_53 = 9_007_199_254_740_992.0;
    private static final int FRACTION_SHIFT = 11;

    public Ring {
        members = List.copyOf(members);
    }

    /**
     * One coordinator.
     *
     * @param id its id
     * @param address where it serves gRPC
     * @param weight its share is proportional to this, at least 1
     */
    public record Member(String id, String address, int weight) {}

    private record Scored(Member member, double score) {}

    /** The members in the order in which they are to keep this piece; the first is its owner. */
    List<Member> ranking(PieceKey key) {
        long hash = hash(key);
        List<Scored> scored = new ArrayList<>(members.size());
        for (var member : members) {
            scored.add(new Scored(member, score(member, hash)));
        }
        scored.sort(Comparator.comparingDouble(Scored::score)
                .reversed()
                .thenComparing(s -> s.member().id()));
        return scored.stream().map(Scored::member).toList();
    }

    /** Whether this member is among the first so many for a piece. */
    boolean isAmongFirst(int count, String id, PieceKey key) {
        var ranking = ranking(key);
        return ranking.stream().limit(count).anyMatch(member -> member.id().equals(id));
    }

    /** Whether a member with so much under way may be asked, given what is under way at all members together. */
    boolean hasRoom(int underWay, int underWayAtAll) {
        return underWay < Math.ceil(LOAD_BOUND * (underWayAtAll + 1) / members.size());
    }

    private static long hash(PieceKey key) {
        return Hashing.xxh3_64()
                .hashStream()
                .putString(key.user())
                .putString(key.name())
                .putInt(key.index())
                .getAsLong();
    }

    private static double score(Member member, long keyHash) {
        long mixed = Hashing.xxh3_64()
                .hashStream()
                .putString(member.id())
                .putLong(keyHash)
                .getAsLong();
        double uniform = ((mixed >>> FRACTION_SHIFT) + 0.5) / TWO_TO_53; // over 0, under 1
        return member.weight() / -Math.log(uniform);
    }
}
