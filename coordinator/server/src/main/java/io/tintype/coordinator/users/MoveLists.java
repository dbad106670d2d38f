// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.v1.ListMovesRequest;
import io.tintype.proto.v1.ListMovesResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;

/** Lists moves that are under way: directory shard after directory shard, page after page. Immutable; never blocks. */
final class MoveLists {
    /** Moves that a directory shard tells in one answer, and a page has, at most. */
    static final int MOST = 10_000;

    /** The directory shard to go on with, and the user behind whom. */
    private static final Pattern TOKEN = Pattern.compile("([0-9]{1,9})/(.*)", Pattern.DOTALL);

    private final List<ShardId> directories;
    private final Asked asked;

    /** Asks a directory shard for moves of users behind one; so many at most, 0: as many as it tells. */
    interface Asked {
        CompletableFuture<io.tintype.proto.internal.v1.ListMovesResponse> of(ShardId directory, String after, int max);
    }

    /** @param directories the directory shards, in order */
    MoveLists(List<ShardId> directories, Asked asked) {
        this.directories = List.copyOf(directories);
        this.asked = asked;
    }

    /** The moves asked for. Fails with INVALID_ARGUMENT where the page token is none. */
    CompletableFuture<ListMovesResponse> list(ListMovesRequest request) {
        var token = TOKEN.matcher(request.getPageToken());
        boolean begun = token.matches();
        if (!begun && !request.getPageToken().isEmpty()) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "page_token is '" + request.getPageToken() + "', which is no next_page_token of a page before");
        }
        if (!begun && request.getMax() == 0) {
            return first();
        }
        int from = begun ? Integer.parseInt(token.group(1)) : 0;
        var left = directories.stream().filter(id -> id.value() >= from).toList();
        boolean within = begun && !left.isEmpty() && left.get(0).value() == from;
        int most = Integer.compareUnsigned(request.getMax() - 1, MOST) < 0 ? request.getMax() : MOST;
        return fill(ListMovesResponse.newBuilder(), left, within ? token.group(2) : "", most);
    }

    /** What each tells first. */
    private CompletableFuture<ListMovesResponse> first() {
        var all = CompletableFuture.completedFuture(ListMovesResponse.newBuilder());
        for (var directory : directories) {
            all = all.thenCombine(asked.of(directory, "", 0), (list, part) -> {
                add(list, part);
                return list.setMore(list.getMore() || !part.getNextAfter().isEmpty());
            });
        }
        return all.thenApply(ListMovesResponse.Builder::build);
    }

    private CompletableFuture<ListMovesResponse> fill(
            ListMovesResponse.Builder page, List<ShardId> left, String after, int most) {
        if (left.isEmpty()) {
            return CompletableFuture.completedFuture(page.build());
        }
        if (page.getMovesCount() >= most) {
            return CompletableFuture.completedFuture(page.setMore(true)
                    .setNextPageToken(left.get(0).value() + "/" + after)
                    .build());
        }
        return asked.of(left.get(0), after, most - page.getMovesCount()).thenCompose(part -> {
            add(page, part);
            return part.getNextAfter().isEmpty()
                    ? fill(page, left.subList(1, left.size()), "", most)
                    : fill(page, left, part.getNextAfter(), most);
        });
    }

    private static void add(ListMovesResponse.Builder page, io.tintype.proto.internal.v1.ListMovesResponse part) {
        part.getMovesList().forEach(one -> page.addMoves(MoveViews.of(UserId.of(one.getUser()), one.getEntry(), null)));
    }
}
