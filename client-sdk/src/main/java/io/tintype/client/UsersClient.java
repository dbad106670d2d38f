// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.ClientCore;
import io.tintype.model.PoolId;
import io.tintype.proto.v1.EraseUserRequest;
import io.tintype.proto.v1.FreezeUserRequest;
import io.tintype.proto.v1.GetUsageRequest;
import io.tintype.proto.v1.LocateUserRequest;
import io.tintype.proto.v1.LookupUserRequest;
import io.tintype.proto.v1.RegisterUserRequest;
import io.tintype.proto.v1.SetUserQuotaRequest;
import io.tintype.proto.v1.UnfreezeUserRequest;
import io.tintype.proto.v1.UsersGrpc;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Users and their homes. Thread-safe.
 *
 * <p>Registering is only needed to choose a pool: the first write of an unknown user registers him by the coordinator's
 * policy.
 */
public final class UsersClient {
    private final ClientCore core;

    UsersClient(ClientCore core) {
        this.core = core;
    }

    /** Moves of users between shards. */
    public MovesClient moves() {
        return new MovesClient(core);
    }

    /** Registers a user in the coordinator's region and the default tier; answers the user there is where he exists. */
    public Registration register(String user) {
        return Futures.awaitChange(registerAsync(user, "", ""));
    }

    /**
     * Registers a user in a pool.
     *
     * @throws AlreadyExistsException where he exists in another
     * @throws NotFoundException POOL_NOT_FOUND
     */
    public Registration register(String user, PoolId pool) {
        return Futures.awaitChange(registerAsync(user, pool.region(), pool.tier()));
    }

    private CompletableFuture<Registration> registerAsync(String user, String region, String tier) {
        return Futures.start(() -> Futures.map(
                core.change(
                        UsersGrpc.getRegisterUserMethod(),
                        RegisterUserRequest.newBuilder()
                                .setUser(Convert.user(user))
                                .setRegion(region)
                                .setTier(tier)
                                .build()),
                answer -> new Registration(Convert.user(answer.getUser()), answer.getCreated())));
    }

    /**
     * Tells where a user lives.
     *
     * @throws UserNotFoundException where nobody registered him and he has never written
     */
    public UserInfo lookup(String user) {
        return Futures.await(Futures.start(() -> Futures.map(
                core.call(
                        UsersGrpc.getLookupUserMethod(),
                        LookupUserRequest.newBuilder()
                                .setUser(Convert.user(user))
                                .build()),
                answer -> Convert.user(answer.getUser()))));
    }

    /**
     * Lists exactly the blobs that a user has at one moment, by which each can then be read: {@link
     * GetOptions#withIfVersion}. Asks for page after page.
     *
     * @param mostBlobs most blobs to take into memory, about 500 bytes each; more is refused with {@link
     *     InvalidRequestException}
     * @throws UserNotFoundException where nobody registered him and he has never written
     */
    public UserBlobs blobs(String user, int mostBlobs) {
        return new ExportList(core, Convert.user(user), mostBlobs).read();
    }

    /**
     * Tells what a user has stored, exactly.
     *
     * @throws UserNotFoundException where nobody registered him and he has never written
     */
    public Usage usage(String user) {
        return Futures.await(Futures.start(() -> Futures.map(
                core.call(
                        UsersGrpc.getGetUsageMethod(),
                        GetUsageRequest.newBuilder().setUser(Convert.user(user)).build()),
                Convert::usage)));
    }

    /**
     * Tells every place that holds something of a user; every node is asked now.
     *
     * @throws UserNotFoundException where nobody registered him and he has never written
     */
    public UserLocation locate(String user) {
        return Futures.await(Futures.start(() -> Futures.map(
                core.call(
                        UsersGrpc.getLocateUserMethod(),
                        LocateUserRequest.newBuilder()
                                .setUser(Convert.user(user))
                                .build()),
                Convert::location)));
    }

    /**
     * Freezes a user: nothing of his is changed until he is unfrozen, by whomever; writes fail with {@link
     * UserFrozenException}. He can be read and moved.
     *
     * @throws UserNotFoundException where nobody registered him and he has never written
     */
    public Usage freeze(String user) {
        return Futures.awaitChange(Futures.start(() -> Futures.map(
                core.change(
                        UsersGrpc.getFreezeUserMethod(),
                        FreezeUserRequest.newBuilder()
                                .setUser(Convert.user(user))
                                .build()),
                answer -> Convert.usage(answer.getUsage()))));
    }

    /**
     * Lets a user go on who was frozen.
     *
     * @throws UserNotFoundException where nobody registered him and he has never written
     */
    public Usage unfreeze(String user) {
        return Futures.awaitChange(Futures.start(() -> Futures.map(
                core.change(
                        UsersGrpc.getUnfreezeUserMethod(),
                        UnfreezeUserRequest.newBuilder()
                                .setUser(Convert.user(user))
                                .build()),
                answer -> Convert.usage(answer.getUsage()))));
    }

    /**
     * Erases a user, or goes on with it: as far as one call gets. To be called again until {@link Erasure#isDone}.
     *
     * @param generation his, as {@link #lookup} tells it, so that a late repetition erases nobody else; of one who is being
     *     erased already it does not matter
     * @throws UserNotFoundException where nobody registered him and he has never written
     * @throws WrongStateException where he is of another generation
     */
    public Erasure erase(String user, long generation) {
        return Futures.awaitChange(Futures.start(() -> Futures.map(
                core.change(
                        UsersGrpc.getEraseUserMethod(),
                        EraseUserRequest.newBuilder()
                                .setUser(Convert.user(user))
                                .setGeneration(generation)
                                .build()),
                Convert::erasure)));
    }

    /**
     * Gives a user a quota of his own. What he has beyond it stays; writes that would make it more fail with {@link
     * QuotaExceededException}.
     *
     * @param bytes bytes he may have; 0: no limit; null: as it is
     * @param blobs blobs he may have; 0: no limit; null: as it is
     * @return what he has, and may have from now on
     * @throws UserNotFoundException where nobody registered him and he has never written
     * @throws InvalidRequestException where both are null or one is negative
     */
    public Usage setQuota(String user, @Nullable Long bytes, @Nullable Long blobs) {
        var request = SetUserQuotaRequest.newBuilder();
        if (bytes != null) {
            request.setBytesLimit(bytes);
        }
        if (blobs != null) {
            request.setBlobsLimit(blobs);
        }
        return setQuota(user, request);
    }

    /**
     * Takes a user's own quota away, so that his pool's holds.
     *
     * @return what he has, and may have from now on
     * @throws UserNotFoundException where nobody registered him and he has never written
     */
    public Usage resetQuota(String user) {
        return setQuota(user, SetUserQuotaRequest.newBuilder().setFromPool(true));
    }

    private Usage setQuota(String user, SetUserQuotaRequest.Builder request) {
        return Futures.awaitChange(Futures.start(() -> Futures.map(
                core.change(
                        UsersGrpc.getSetUserQuotaMethod(),
                        request.setUser(Convert.user(user)).build()),
                answer -> Convert.usage(answer.getUsage()))));
    }
}
