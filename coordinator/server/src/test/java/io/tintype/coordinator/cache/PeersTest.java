// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.proto.internal.v1.CoordinatorLiveness;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Whom coordinators ask for a piece, by how much it is read. */
final class PeersTest {
    private static final PieceKey PIECE = Pieces.key(1);
    private static final int COORDINATORS = 6;
    private static final int READS = 6_000;

    private final Map<String, Peers> all = new TreeMap<>();

    PeersTest() {
        var live = live("", COORDINATORS);
        live.keySet().forEach(id -> {
            var peers = new Peers(id, "eu");
            peers.update(live);
            all.put(id, peers);
        });
    }

    /** So many coordinators, at addresses that begin like this. */
    private static Map<String, CoordinatorLiveness> live(String prefix, int count) {
        var live = new HashMap<String, CoordinatorLiveness>();
        for (int i = 0; i < count; i++) {
            live.put(
                    prefix + "c" + i,
                    CoordinatorLiveness.newBuilder()
                            .setAddress(prefix + "c" + i + ":7400")
                            .setRegion("eu")
                            .setCacheProtocol(Peers.PROTOCOL)
                            .setCacheMib(64)
                            .build());
        }
        return live;
    }

    private List<String> ranking() {
        var ring = all.values().iterator().next().ring(); // the same for all
        return ring.ranking(PIECE).stream().map(Ring.Member::id).toList();
    }

    /** Who is asked first, by those who are not to have the piece themselves. */
    private Map<String, Integer> asked() {
        var counts = new HashMap<String, Integer>();
        for (int i = 0; i < READS; i++) {
            all.values()
                    .forEach(peers -> peers.askable(PIECE).stream()
                            .findFirst()
                            .ifPresent(first -> counts.merge(first.id(), 1, Integer::sum)));
        }
        return counts;
    }

    @Test
    void aPeerWhoCannotBeAskedIsAMissAndNotUnderWay() {
        String owner = ranking().get(0);
        var asker = all.entrySet().stream()
                .filter(one -> !one.getKey().equals(owner))
                .findFirst()
                .orElseThrow()
                .getValue();
        var layer = new PeerLayer(
                asker,
                address -> {
                    throw new NoClassDefFoundError("on purpose");
                },
                "cluster",
                System::nanoTime);
        for (int i = 0; i < 10; i++) {
            assertThat(layer.get(Pieces.spec(1, 100)).join()).isEmpty();
        }
        assertThat(layer.underWay()).isZero();
    }

    @Test
    void nothingIsKeptOfPeersWhoLeft() {
        var peers = new Peers("asker", "eu");
        var layer = new PeerLayer(
                peers,
                address -> {
                    throw new IllegalStateException("on purpose");
                },
                "cluster",
                System::nanoTime);
        for (int day = 0; day < 20; day++) {
            peers.update(live("day" + day, COORDINATORS));
            for (int i = 0; i < 200; i++) {
                layer.get(Pieces.spec(i, 100)).join();
            }
            assertThat(layer.known()).isBetween(2, COORDINATORS);
        }
    }

    @Test
    void aPieceLikeAnyOtherIsAskedOfItsOwnerAndKeptThereAlone() {
        String owner = ranking().get(0);
        assertThat(asked()).containsOnlyKeys(owner);
        all.forEach((id, peers) -> assertThat(peers.keeps(PIECE)).as(id).isEqualTo(id.equals(owner)));
    }

    @Test
    void readsOfAHotPieceAreSpreadOverSoManyOwnersAndKeptByAll() {
        for (int i = 0; i < READS; i++) {
            all.values().forEach(peers -> peers.read(PIECE));
        }
        var owners = ranking().subList(0, Peers.HOT_OWNERS);
        var counts = asked();
        int sum = counts.values().stream().mapToInt(Integer::intValue).sum();
        var besides = new ArrayList<>(counts.keySet());
        besides.removeAll(owners);
        assertThat(sum).as("everyone asks but the first owner").isEqualTo((COORDINATORS - 1) * READS);
        assertThat(owners)
                .allSatisfy(owner -> assertThat((double) counts.getOrDefault(owner, 0) / sum)
                        .as("the part that %s is asked for", owner)
                        .isBetween(0.2, 0.45));
        // An owner that would ask itself asks the next one instead.
        assertThat(besides.stream().mapToInt(counts::get).sum())
                .as("asked of others")
                .isLessThan(sum / 10);
        all.forEach((id, peers) -> assertThat(peers.keeps(PIECE)).as(id).isTrue());
    }
}
