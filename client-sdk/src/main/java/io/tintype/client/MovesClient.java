// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.ClientCore;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import io.tintype.proto.v1.AbortMoveRequest;
import io.tintype.proto.v1.GetMoveRequest;
import io.tintype.proto.v1.ListMovesRequest;
import io.tintype.proto.v1.ListUsersRequest;
import io.tintype.proto.v1.Move;
import io.tintype.proto.v1.MoveResult;
import io.tintype.proto.v1.MoveState;
import io.tintype.proto.v1.MoveUserRequest;
import io.tintype.proto.v1.UsersGrpc;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Moves users between shards, bytes included, while they go on reading and writing. Thread-safe; each call blocks for one
 * answer, and a move goes on by itself.
 */
public final class MovesClient {
    /** Moves with the longest names of users and pools take half of what a message may. */
    private static final int MOVES_AT_ONCE = 1_000;

    private final ClientCore core;

    MovesClient(ClientCore core) {
        this.core = core;
    }

    /**
     * A user who lives on a shard.
     *
     * @param id his id
     * @param blobs his blobs
     * @param bytes their bytes
     */
    public record Resident(String id, long blobs, long bytes) {}

    /**
     * Begins to move a user. Where a move to the same place is under way that one is the answer; where he lives there
     * already, nothing is begun.
     *
     * @throws UserNotFoundException where nobody registered him and he has never written
     * @throws NotFoundException POOL_NOT_FOUND or SHARD_NOT_FOUND
     * @throws MoveConflictException where he is being moved elsewhere
     * @throws StorageFullException POOL_FULL or SHARD_FULL
     */
    public MoveInfo begin(String user, MoveTarget target) {
        return Futures.awaitChange(Futures.start(() -> Futures.map(
                core.change(
                        UsersGrpc.getMoveUserMethod(),
                        MoveUserRequest.newBuilder()
                                .setUser(Convert.user(user))
                                .setRegion(target.region())
                                .setTier(target.tier())
                                .setShard(target.shard())
                                .build()),
                answer -> info(answer.getMove()))));
    }

    /**
     * Tells how far a user's move is, or how his last one ended.
     *
     * @throws UserNotFoundException where nobody registered him and he has never written
     */
    public MoveInfo get(String user) {
        return Futures.await(Futures.start(() -> Futures.map(
                core.call(
                        UsersGrpc.getGetMoveMethod(),
                        GetMoveRequest.newBuilder().setUser(Convert.user(user)).build()),
                answer -> info(answer.getMove()))));
    }

    /**
     * Gives a move up, which is possible until the target has all of the user.
     *
     * @throws NotFoundException MOVE_NOT_FOUND where none is under way, or it is too late
     */
    public MoveInfo abort(String user) {
        return Futures.awaitChange(Futures.start(() -> Futures.map(
                core.change(
                        UsersGrpc.getAbortMoveMethod(),
                        AbortMoveRequest.newBuilder()
                                .setUser(Convert.user(user))
                                .build()),
                answer -> info(answer.getMove()))));
    }

    /** The moves that are under way, without progress; asks for page after page. */
    public List<MoveInfo> list() {
        var found = new ArrayList<MoveInfo>();
        String token = "";
        do {
            var request = ListMovesRequest.newBuilder()
                    .setMax(MOVES_AT_ONCE)
                    .setPageToken(token)
                    .build();
            var page = Futures.await(core.call(UsersGrpc.getListMovesMethod(), request));
            page.getMovesList().stream().map(MovesClient::info).forEach(found::add);
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        return found;
    }

    /**
     * All users who live on a shard, in the order of their ids' bytes; asks for page after page.
     *
     * @throws NotFoundException SHARD_NOT_FOUND
     */
    public List<Resident> residents(ShardId shard) {
        return residents(shard, Integer.MAX_VALUE);
    }

    /**
     * The same of the first ones only: a shard may have millions.
     *
     * @param most how many; a page more or less, since it asks for whole pages until it has so many
     */
    public List<Resident> residents(ShardId shard, int most) {
        var found = new ArrayList<Resident>();
        String token = "";
        do {
            var request = ListUsersRequest.newBuilder()
                    .setShard(shard.value())
                    .setPageToken(token)
                    .build();
            var page = Futures.await(core.call(UsersGrpc.getListUsersMethod(), request));
            page.getUsersList()
                    .forEach(user -> found.add(new Resident(user.getUser(), user.getBlobs(), user.getBytes())));
            token = page.getNextPageToken();
        } while (!token.isEmpty() && found.size() < most);
        return found;
    }

    private static MoveInfo info(Move move) {
        return new MoveInfo(
                Convert.user(move.getUser()),
                state(move.getState()),
                move.getToShard() == 0 ? Optional.empty() : Optional.of(new ShardId(move.getToShard())),
                move.getToShard() == 0
                        ? Optional.empty()
                        : Optional.of(new PoolId(move.getToRegion(), move.getToTier())),
                move.getNumber(),
                result(move.getResult()),
                Instant.ofEpochMilli(move.getSinceMs()),
                move.getBlobsTotal(),
                move.getBlobsDone(),
                move.getBytesTotal(),
                move.getBytesDone(),
                move.getBytesPerSecond());
    }

    private static MoveInfo.State state(MoveState state) {
        return switch (state) {
            case MOVE_STATE_UNSPECIFIED, MOVE_STATE_NONE -> MoveInfo.State.NONE;
            case MOVE_STATE_WAITING, UNRECOGNIZED -> MoveInfo.State.WAITING;
            case MOVE_STATE_COPYING -> MoveInfo.State.COPYING;
            case MOVE_STATE_READY -> MoveInfo.State.READY;
        };
    }

    private static MoveInfo.Result result(MoveResult result) {
        return switch (result) {
            case MOVE_RESULT_UNSPECIFIED, UNRECOGNIZED -> MoveInfo.Result.NONE;
            case MOVE_RESULT_DONE -> MoveInfo.Result.DONE;
            case MOVE_RESULT_ABORTED -> MoveInfo.Result.ABORTED;
            case MOVE_RESULT_FROZEN_TOO_LONG -> MoveInfo.Result.FROZEN_TOO_LONG;
            case MOVE_RESULT_TARGET_FULL -> MoveInfo.Result.TARGET_FULL;
            case MOVE_RESULT_MISMATCH -> MoveInfo.Result.MISMATCH;
            case MOVE_RESULT_OVER_QUOTA -> MoveInfo.Result.OVER_QUOTA;
        };
    }
}
