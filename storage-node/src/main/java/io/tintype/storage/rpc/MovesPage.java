// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.ListMovesRequest;
import io.tintype.proto.internal.v1.ListMovesResponse;
import io.tintype.proto.internal.v1.MovingEntry;
import io.tintype.storage.blob.ShardReader;
import java.util.Optional;

/**
 * A page of the users of a directory shard who are being moved. Immutable.
 *
 * @param after the last user of the page before; empty: it is the first
 * @param max users on it, at most
 */
record MovesPage(Optional<UserId> after, int max) {
    /** Moves that are listed at most. */
    static final int LISTED_MOVES = 10_000;

    /** The page that is asked for; one that is to be larger than {@link #LISTED_MOVES} is not. */
    static MovesPage of(ListMovesRequest request) {
        var after =
                request.getAfter().isEmpty() ? Optional.<UserId>empty() : Optional.of(UserId.of(request.getAfter()));
        return new MovesPage(
                after,
                Integer.compareUnsigned(request.getMax() - 1, LISTED_MOVES) < 0 ? request.getMax() : LISTED_MOVES);
    }

    /** Reads it, and says where the next one begins, if there is one. */
    ListMovesResponse read(ShardReader reader) {
        var moves = ListMovesResponse.newBuilder();
        var found = reader.users().moving().stream()
                .filter(user -> after.isEmpty() || user.compareTo(after.get()) > 0)
                .sorted()
                .limit(max + 1L)
                .toList();
        if (found.size() > max) {
            moves.setNextAfter(found.get(max - 1).value());
        }
        found.stream()
                .limit(max)
                .forEach(user -> reader.users()
                        .entry(user)
                        .filter(entry -> entry.getState() == DirectoryState.DIRECTORY_STATE_MOVING)
                        .ifPresent(entry -> moves.addMoves(
                                MovingEntry.newBuilder().setUser(user.value()).setEntry(entry))));
        return moves.build();
    }
}
