// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.coordinator.route.InBatches;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.CachePeerGrpc;
import io.tintype.proto.internal.v1.CoordinatorLiveness;
import io.tintype.proto.internal.v1.CountUserRequest;
import io.tintype.proto.internal.v1.CountUserResponse;
import io.tintype.proto.internal.v1.ForgetUserRequest;
import io.tintype.proto.v1.ErasedCache;
import io.tintype.proto.v1.UserCache;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * Asks all live coordinators what their caches keep of a user, and tells them to forget him. One that does not answer is part of
 * the answer. Thread-safe; never blocks.
 */
public final class CacheCare {
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(3);
    /** Forgetting on disk waits for the disk. */
    private static final Duration FORGETS_WITHIN = Duration.ofSeconds(10);

    private static final String RETRIEVAL = "retrieval";

    private final Supplier<Map<String, CoordinatorLiveness>> live;
    private final ChannelSource channels;
    private final String clusterId;

    /**
     * Over parts that outlive this object.
     *
     * @param live all live coordinators by id
     */
    public CacheCare(Supplier<Map<String, CoordinatorLiveness>> live, ChannelSource channels, String clusterId) {
        this.live = live;
        this.channels = channels;
        this.clusterId = clusterId;
    }

    private List<Map.Entry<String, CoordinatorLiveness>> retrieving() {
        return live.get().entrySet().stream()
                .filter(one -> one.getValue().getRolesList().contains(RETRIEVAL))
                .sorted(Map.Entry.comparingByKey())
                .toList();
    }

    /** What they keep of him. Never fails. */
    CompletableFuture<List<UserCache>> holdings(UserId user) {
        var request = CountUserRequest.newBuilder()
                .setClusterId(clusterId)
                .setUser(user.value())
                .build();
        return askAll(
                        CachePeerGrpc.getCountUserMethod(),
                        request,
                        ANSWERS_WITHIN,
                        CacheCare::held,
                        (one, error) -> List.of(of(one).setError(error).build()))
                .thenApply(all -> all.stream().flatMap(List::stream).toList());
    }

    private static List<UserCache> held(Map.Entry<String, CoordinatorLiveness> one, CountUserResponse answer) {
        return answer.getHoldingsList().stream()
                .map(holding -> of(one).setLayer(holding.getLayer())
                        .setPieces(holding.getPieces())
                        .setBytes(holding.getBytes())
                        .build())
                .toList();
    }

    private static UserCache.Builder of(Map.Entry<String, CoordinatorLiveness> one) {
        return UserCache.newBuilder()
                .setCoordinator(one.getKey())
                .setRegion(one.getValue().getRegion());
    }

    /** Has them forget him. Never fails. */
    CompletableFuture<List<ErasedCache>> forget(UserId user) {
        var request = ForgetUserRequest.newBuilder()
                .setClusterId(clusterId)
                .setUser(user.value())
                .build();
        return askAll(
                CachePeerGrpc.getForgetUserMethod(),
                request,
                FORGETS_WITHIN,
                (one, done) -> erased(one, ""),
                CacheCare::erased);
    }

    private static ErasedCache erased(Map.Entry<String, CoordinatorLiveness> one, String error) {
        return ErasedCache.newBuilder()
                .setCoordinator(one.getKey())
                .setRegion(one.getValue().getRegion())
                .setError(error)
                .build();
    }

    /** Asks each of them, and makes something of its answer, or of why it gave none. */
    private <Q, A, T> CompletableFuture<List<T>> askAll(
            MethodDescriptor<Q, A> method,
            Q request,
            Duration within,
            BiFunction<Map.Entry<String, CoordinatorLiveness>, A, T> answered,
            BiFunction<Map.Entry<String, CoordinatorLiveness>, String, T> failed) {
        return InBatches.run(
                retrieving(),
                one -> UnaryCalls.start(
                                channels.to(one.getValue().getAddress()),
                                method,
                                CallOptions.DEFAULT.withDeadlineAfter(within.toMillis(), TimeUnit.MILLISECONDS),
                                request)
                        .handle((answer, failure) -> failure == null
                                ? answered.apply(one, answer)
                                : failed.apply(one, Traces.text(failure, within))));
    }
}
