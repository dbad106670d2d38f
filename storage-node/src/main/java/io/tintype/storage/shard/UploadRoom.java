// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.storage.disk.Committer;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.replica.ShardConfig;
import java.time.Duration;

/**
 * Whether a shard that is led here has room for what is asked. An upload needs it on this disk and on as many others as a
 * write needs: so those disks stop well before they are full, and deletes, which free room, still get through to all of
 * them. Thread-safe; never blocks.
 */
final class UploadRoom {
    /** Somebody with room leads the shard soon: worth the client's wait. */
    private static final Duration HANDOVER_TAKES = Duration.ofMillis(500);

    private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

    /**
     * What a primary saw of the room of its members. One value, since a number counted in one configuration says nothing of
     * another: members that join would look like full ones. Immutable.
     *
     * @param roomy how many of the members in sync have room for uploads, the primary included
     */
    record Seen(ShardConfig config, int roomy) {
        /** Whether enough are in sync for a write, and too few of them have room. Where too few are, replication refuses. */
        boolean isShort() {
            return config.hasEnoughInSync() && roomy < config.minInSync();
        }
    }

    private final ShardIdentity identity;
    private final Committer committer;
    private final NodeId self;
    private final Board board;

    UploadRoom(ShardIdentity identity, NodeId self, Committer committer, Board board) {
        this.identity = identity;
        this.self = self;
        this.committer = committer;
        this.board = board;
    }

    /**
     * Lets a change in, or not.
     *
     * @throws TintypeException DISK_FULL with when to try again, UNAVAILABLE when the disk has failed
     */
    void admit(RecordType type, long bytes) {
        switch (type) {
            case PUT_COMMIT, USER_IMPORT, USER_COPY -> admitUpload(bytes);
            // What ends a move, or frees room.
            case EPOCH_START,
                    DELETE,
                    ABORT_UPLOAD,
                    USER_FREEZE,
                    USER_INSTALL,
                    USER_ACTIVATE,
                    USER_UNFREEZE,
                    USER_RELEASE,
                    USER_DROP,
                    USER_PURGE,
                    USER_ERASE,
                    USER_HALT,
                    DIR_COMMIT,
                    DIR_ERASE,
                    DIR_ERASED,
                    DIR_ABORT -> committer.admitEssential();
            case USER_CLAIM, USER_QUOTA, DIR_CREATE, DIR_REHOME, DIR_BEGIN -> committer.admit(bytes);
        }
    }

    /** As {@link #admit}, for the bytes of an upload. */
    void admitUpload(long bytes) {
        try {
            committer.admitUpload(bytes);
        } catch (TintypeException e) {
            throw e.reason() == Reason.DISK_FULL && board.canGiveRoom ? handingOver(e) : e;
        }
        var seen = board.room;
        if (seen != null && seen.isShort()) {
            throw tooFull(seen);
        }
    }

    private TintypeException tooFull(Seen seen) {
        var config = seen.config();
        return new TintypeException(
                Reason.DISK_FULL,
                "shard " + identity.id() + " takes no uploads: the disks of "
                        + (config.inSync().size() - seen.roomy())
                        + " of its replicas are too full, and a write needs " + config.minInSync() + " with room ("
                        + inSync(config) + "). Delete images, free space, or add nodes.",
                RETRY_AFTER);
    }

    private TintypeException handingOver(TintypeException full) {
        return new TintypeException(
                Reason.DISK_FULL,
                "node " + self + ": " + full.getMessage() + " Shard " + identity.id()
                        + " is about to be led by a node that has room.",
                full.details(),
                HANDOVER_TAKES,
                full);
    }

    private static String inSync(ShardConfig config) {
        return String.join(
                ", ",
                config.inSync().stream()
                        .map(member -> member.node().value())
                        .sorted()
                        .toList());
    }
}
