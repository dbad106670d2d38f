// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.MessageLite;
import io.tintype.model.BlobName;
import io.tintype.model.RequestId;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ActivateUser;
import io.tintype.proto.internal.v1.ClaimUser;
import io.tintype.proto.internal.v1.CopiedHead;
import io.tintype.proto.internal.v1.CopiedOutcome;
import io.tintype.proto.internal.v1.CopiedOutcomes;
import io.tintype.proto.internal.v1.CopyUser;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.internal.v1.DropUser;
import io.tintype.proto.internal.v1.EraseUser;
import io.tintype.proto.internal.v1.FreezeUser;
import io.tintype.proto.internal.v1.HaltUser;
import io.tintype.proto.internal.v1.ImportUser;
import io.tintype.proto.internal.v1.InstallUser;
import io.tintype.proto.internal.v1.Manifest;
import io.tintype.proto.internal.v1.PurgeUser;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.proto.internal.v1.ReleaseUser;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.proto.internal.v1.UnfreezeUser;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.log.LogPosition;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The state machine of one shard among several on one disk: records take effect at once. Blobs are empty. For tests. */
final class UserShard {
    final ShardStore store;
    final int id;
    long nowMs = 1_700_000_000_000L;
    int usersLimit = 1_000;

    /** The monotonic clock. */
    long nanos;

    UserShard(Disk disk, int id, Set<MoveRule> rules) {
        this.id = id;
        this.store = ShardStore.open(disk, new ShardId(id), 1 << 16, rules, () -> nanos);
    }

    Outcome append(RecordType type, UserId user, @Nullable RequestId request, MessageLite payload) {
        var record = new LogRecord(
                1, store.machine().applied().seq() + 1, 1, ++nowMs, type, user, request, payload.toByteString());
        return store.machine().apply(List.of(record)).get(0).outcome();
    }

    StoredUser user(UserId user) {
        return store.reader().users().user(user).orElse(StoredUser.getDefaultInstance());
    }

    /** Claims by what the directory says now. */
    Outcome claim(UserId user, long generation) {
        return claim(user, generation, store.reader().appliedAt());
    }

    /** Claims by what the directory said when it was asked at a time. */
    Outcome claim(UserId user, long generation, LogPosition askedAt) {
        return append(
                RecordType.USER_CLAIM,
                user,
                null,
                ClaimUser.newBuilder()
                        .setGeneration(generation)
                        .setUsersLimit(usersLimit)
                        .setAskedEpoch(askedAt.epoch())
                        .setAskedSequence(askedAt.seq())
                        .build());
    }

    Outcome put(UserId user, String name, @Nullable RequestId request, int mark) {
        return append(
                RecordType.PUT_COMMIT,
                user,
                request,
                PutCommit.newBuilder()
                        .setName(name)
                        .setManifest(Manifest.newBuilder().setChunkSize(1 << 20))
                        .setContentType("image/png")
                        .putMetadata("mark", Integer.toString(mark))
                        .setVersionNonce(mark)
                        .setRequestDigest(mark)
                        .build());
    }

    Outcome delete(UserId user, String name, @Nullable RequestId request) {
        return append(
                RecordType.DELETE,
                user,
                request,
                DeleteBlob.newBuilder().setName(name).setVersionNonce(7).build());
    }

    Outcome begin(UserId user, long generation, long move, int from) {
        return begin(user, generation, move, from, store.reader().appliedAt());
    }

    Outcome begin(UserId user, long generation, long move, int from, LogPosition askedAt) {
        return append(
                RecordType.USER_IMPORT,
                user,
                null,
                ImportUser.newBuilder()
                        .setGeneration(generation)
                        .setMove(move)
                        .setFrom(from)
                        .setUsersLimit(usersLimit)
                        .setAskedEpoch(askedAt.epoch())
                        .setAskedSequence(askedAt.seq())
                        .build());
    }

    Outcome freeze(UserId user, long generation, long move, int to) {
        return append(
                RecordType.USER_FREEZE,
                user,
                null,
                FreezeUser.newBuilder()
                        .setGeneration(generation)
                        .setMove(move)
                        .setTo(to)
                        .build());
    }

    Outcome unfreeze(UserId user, long move, long generation) {
        return append(
                RecordType.USER_UNFREEZE,
                user,
                null,
                UnfreezeUser.newBuilder()
                        .setMove(move)
                        .setGeneration(generation)
                        .build());
    }

    Outcome release(UserId user, long move, long generation, int to) {
        return append(
                RecordType.USER_RELEASE,
                user,
                null,
                ReleaseUser.newBuilder()
                        .setMove(move)
                        .setGeneration(generation)
                        .setTo(to)
                        .build());
    }

    Outcome activate(UserId user, long move) {
        return append(
                RecordType.USER_ACTIVATE,
                user,
                null,
                ActivateUser.newBuilder().setMove(move).build());
    }

    Outcome drop(UserId user, long move, long generation, int home) {
        return append(
                RecordType.USER_DROP,
                user,
                null,
                DropUser.newBuilder()
                        .setMove(move)
                        .setGeneration(generation)
                        .setHome(home)
                        .build());
    }

    Outcome purge(UserId user, long move, int limit) {
        return purge(user, move, limit, 0);
    }

    Outcome purge(UserId user, long move, int limit, long directoryGeneration) {
        return append(
                RecordType.USER_PURGE,
                user,
                null,
                PurgeUser.newBuilder()
                        .setMove(move)
                        .setLimit(limit)
                        .setGeneration(directoryGeneration)
                        .build());
    }

    Outcome erase(UserId user, long generation, int limit) {
        return append(
                RecordType.USER_ERASE,
                user,
                null,
                EraseUser.newBuilder().setGeneration(generation).setLimit(limit).build());
    }

    Outcome halt(UserId user, boolean halted) {
        return append(
                RecordType.USER_HALT,
                user,
                null,
                HaltUser.newBuilder().setHalted(halted).build());
    }

    Outcome install(UserId user, InstallUser install) {
        return append(RecordType.USER_INSTALL, user, null, install);
    }

    Outcome copy(UserId user, CopyUser copy) {
        return append(RecordType.USER_COPY, user, null, copy);
    }

    /** What a target copies to have all that this shard has of a user now. */
    List<CopyUser> content(UserId user, long move, UserShard target) {
        var copies = new ArrayList<CopyUser>();
        var here = store.reader().exports().heads(user, "", "", 10_000);
        here.heads()
                .forEach((name, head) -> copies.add(CopyUser.newBuilder()
                        .setMove(move)
                        .setHead(CopiedHead.newBuilder().setName(name).setHead(head))
                        .build()));
        target.store.reader().exports().heads(user, "", "", 10_000).heads().keySet().stream()
                .filter(name -> !here.heads().containsKey(name))
                .forEach(name -> copies.add(
                        CopyUser.newBuilder().setMove(move).setDropped(name).build()));
        var outcomes = CopiedOutcomes.newBuilder().setAsOfMs(nowMs);
        store.reader().exports().outcomes(user, nowMs, new byte[0], 10_000).outcomes().stream()
                .map(one -> CopiedOutcome.newBuilder(one))
                .forEach(outcomes::addOutcomes);
        copies.add(CopyUser.newBuilder().setMove(move).setOutcomes(outcomes).build());
        return copies;
    }

    /** What this shard, as source, says that a target must have. */
    InstallUser summary(UserId user, long move) {
        long from = store.reader().exports().outcomesFromMs(nowMs);
        var counted = store.reader().exports().count(user, nowMs, from);
        return InstallUser.newBuilder()
                .setMove(move)
                .setUser(user(user))
                .setOutcomes(counted.count())
                .setOutcomesDigest(counted.digest())
                .setOutcomesFromMs(from)
                .build();
    }

    boolean has(UserId user, String name) {
        return store.reader().head(user, BlobName.of(name), nowMs).isPresent();
    }
}
