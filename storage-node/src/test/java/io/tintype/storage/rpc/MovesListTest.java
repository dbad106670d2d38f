// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.proto.internal.v1.BeginMoveRequest;
import io.tintype.proto.internal.v1.CreateEntryRequest;
import io.tintype.proto.internal.v1.ListMovesRequest;
import io.tintype.proto.internal.v1.ListMovesResponse;
import io.tintype.proto.internal.v1.MovingEntry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Moves that a directory shard knows, told a page at a time. */
@Timeout(120)
final class MovesListTest {
    @TempDir
    private Path folder;

    @Test
    void allAreToldInOrderPageAfterPage() throws Exception {
        try (var rig = Rig.start(folder)) {
            for (var user : List.of("dora", "anton", "emil", "berta", "caesar")) {
                move(rig, user);
            }
            var told = new ArrayList<String>();
            var request = ListMovesRequest.newBuilder()
                    .setClusterId(Rig.CLUSTER)
                    .setShard(Rig.DIRECTORY)
                    .setMax(2);
            ListMovesResponse page;
            do {
                page = rig.peers.listMoves(request.build());
                assertThat(page.getMovesCount()).isBetween(1, 2);
                told.addAll(users(page));
                request.setAfter(page.getNextAfter());
            } while (!page.getNextAfter().isEmpty());
            assertThat(told).containsExactly("anton", "berta", "caesar", "dora", "emil");

            var all = rig.peers.listMoves(request.clearMax().clearAfter().build());
            assertThat(users(all)).isEqualTo(told);
            assertThat(all.getNextAfter()).isEmpty();
        }
    }

    private static void move(Rig rig, String user) {
        var entry = rig.peers
                .createEntry(CreateEntryRequest.newBuilder()
                        .setClusterId(Rig.CLUSTER)
                        .setShard(Rig.DIRECTORY)
                        .setUser(user)
                        .setHome(Rig.DATA)
                        .setPool("r1.standard")
                        .build())
                .getEntry();
        var begun = rig.peers.beginMove(BeginMoveRequest.newBuilder()
                .setClusterId(Rig.CLUSTER)
                .setShard(Rig.DIRECTORY)
                .setUser(user)
                .setGeneration(entry.getGeneration())
                .setTo(9)
                .setPool("r1.standard")
                .build());
        assertThat(begun.getBegun()).as(user).isTrue();
    }

    private static List<String> users(ListMovesResponse page) {
        return page.getMovesList().stream().map(MovingEntry::getUser).toList();
    }
}
