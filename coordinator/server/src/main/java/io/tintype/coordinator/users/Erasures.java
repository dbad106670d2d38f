// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.users;

import io.grpc.Deadline;
import io.tintype.cluster.directory.DirectoryClient;
import io.tintype.coordinator.route.InBatches;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryState;
import io.tintype.proto.internal.v1.ErasedPlace;
import io.tintype.proto.internal.v1.OwnershipState;
import io.tintype.proto.internal.v1.UserTrace;
import io.tintype.proto.v1.EraseUserResponse;
import io.tintype.proto.v1.ErasedCache;
import io.tintype.proto.v1.ErasedReplica;
import io.tintype.proto.v1.ErasedShard;
import io.tintype.proto.v1.ErasureState;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/**
 * Erases users. The directory says first that he is erased; then each shard that has anything of him, or may be about to, is
 * made to remove it; and when no shard has, the directory notes that, and all coordinators are told to forget him. Each call does as much of it as it can, whoever began,
 * so that the death of any process only makes it be asked again. Thread-safe; never blocks.
 */
public final class Erasures {
    private final DirectoryClient directory;
    private final DataShards shards;
    private final Traces traces;
    private final CacheCare caches;

    /** Over parts that outlive this object. */
    public Erasures(DirectoryClient directory, DataShards shards, Traces traces, CacheCare caches) {
        this.caches = caches;
        this.directory = directory;
        this.shards = shards;
        this.traces = traces;
    }

    /**
     * Goes on with it, or begins.
     *
     * @param generation of whom; 0: whoever there is
     */
    public CompletableFuture<EraseUserResponse> erase(UserId user, long generation, Deadline deadline) {
        return directory.entryEvenErased(user, deadline).thenCompose(entry -> {
            if (isErased(entry)) {
                return goOn(user, entry, deadline);
            }
            if (generation != 0 && generation != entry.getGeneration()) {
                throw new TintypeException(
                        Reason.WRONG_STATE,
                        "User '" + user + "' is of generation " + entry.getGeneration() + ", not " + generation
                                + ": he was moved, or it is somebody else. Look him up, and ask again.");
            }
            return begin(user, entry, deadline);
        });
    }

    private CompletableFuture<EraseUserResponse> begin(UserId user, DirectoryEntry entry, Deadline deadline) {
        return traces.of(user)
                .thenCompose(all -> directory.erase(user, entry.getGeneration(), places(all), deadline))
                .thenCompose(now -> isErased(now)
                        ? goOn(user, now, deadline)
                        : CompletableFuture.failedFuture(new TintypeException(
                                Reason.WRONG_STATE,
                                "User '" + user + "' was moved at the same moment. Look him up, and ask again.")));
    }

    private static List<ErasedPlace> places(Traces.All all) {
        return all.blobs()
                .map(Traces.Found::trace)
                .filter(UserTrace::getLeads)
                .map(trace -> ErasedPlace.newBuilder()
                        .setShard(trace.getShard())
                        .setState(trace.getRecord().getState())
                        .setBlobs(trace.getRecord().getBlobs())
                        .setBytes(trace.getRecord().getBytes())
                        .build())
                .toList();
    }

    private CompletableFuture<EraseUserResponse> goOn(UserId user, DirectoryEntry entry, Deadline deadline) {
        return traces.of(user)
                .thenCompose(all -> removeAll(user, entry, all, deadline))
                .thenCompose(done -> done && entry.getErasedAtMs() == 0
                        ? directory.endErasure(user, entry.getGeneration(), deadline)
                        : CompletableFuture.completedFuture(entry))
                .thenCompose(now -> traces.of(user)
                        .thenApply(all -> show(now, all))
                        .thenCombine(
                                told(user, now),
                                (shown, told) -> shown.addAllCaches(told).build()));
    }

    /** Only once no shard has anything of him: what is forgotten before could be read, and kept, anew. */
    private CompletableFuture<List<ErasedCache>> told(UserId user, DirectoryEntry entry) {
        return entry.getErasedAtMs() == 0 ? CompletableFuture.completedFuture(List.of()) : caches.forget(user);
    }

    /** Whether no shard has anything of him, and none can be about to. */
    private CompletableFuture<Boolean> removeAll(UserId user, DirectoryEntry entry, Traces.All all, Deadline deadline) {
        var where = new TreeSet<Integer>();
        all.blobs().map(Traces.Found::trace).forEach(trace -> where.add(trace.getShard()));
        // These may be about to take him in, though they have nothing of him yet.
        where.add(entry.getHome());
        where.add(entry.getTo());
        where.remove(0);
        return InBatches.run(
                        new ArrayList<>(where),
                        shard ->
                                shards.erase(user, new ShardId(shard), deadline).exceptionally(failure -> false))
                .thenApply(done -> all.complete() && done.stream().allMatch(one -> one));
    }

    private static EraseUserResponse.Builder show(DirectoryEntry entry, Traces.All all) {
        var answer = EraseUserResponse.newBuilder()
                .setState(
                        entry.getErasedAtMs() == 0
                                ? ErasureState.ERASURE_STATE_ERASING
                                : ErasureState.ERASURE_STATE_ERASED)
                .setBegunMs(entry.getSinceMs())
                .setErasedMs(entry.getErasedAtMs())
                .setKeyGone(entry.getKeyGone());
        if (entry.getErasedAtMs() != 0) {
            answer.setIdRefusedUntilMs(entry.getErasedAtMs() + Limits.ERASED_ID_REFUSED.toMillis());
        }
        entry.getErasedList()
                .forEach(place -> answer.addFound(ErasedShard.newBuilder()
                        .setShard(place.getShard())
                        .setWhat(what(place.getState()))
                        .setBlobs(place.getBlobs())
                        .setBytes(place.getBytes())));
        for (var node : all.nodes()) {
            if (!node.error().isEmpty()) {
                answer.addReplicas(ErasedReplica.newBuilder()
                        .setNode(node.node().id().value())
                        .setRegion(node.node().region())
                        .setError(node.error()));
            }
        }
        all.blobs()
                .forEach(found -> answer.addReplicas(ErasedReplica.newBuilder()
                        .setNode(found.node().id().value())
                        .setRegion(found.node().region())
                        .setShard(found.trace().getShard())
                        .setNamed(found.trace().hasRecord()
                                || found.trace().getHeads()
                                || found.trace().getOutcomes())
                        .setBytes(found.trace().getChunks())));
        return answer;
    }

    /** What a shard is to a user. */
    static String what(OwnershipState state) {
        return switch (state) {
            case OWNERSHIP_STATE_ACTIVE -> "home";
            case OWNERSHIP_STATE_FROZEN -> "source";
            case OWNERSHIP_STATE_IMPORTING, OWNERSHIP_STATE_READY -> "target";
            case OWNERSHIP_STATE_GONE -> "left";
            case OWNERSHIP_STATE_REFUSED -> "refused";
            case OWNERSHIP_STATE_ERASED -> "erasing";
            case OWNERSHIP_STATE_UNSPECIFIED, UNRECOGNIZED -> "nothing";
        };
    }

    private static boolean isErased(DirectoryEntry entry) {
        return entry.getState() == DirectoryState.DIRECTORY_STATE_DELETED;
    }
}
