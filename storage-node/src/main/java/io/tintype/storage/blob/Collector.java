// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.UnsafeByteOperations;
import io.tintype.model.Limits;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.AbortUpload;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.proto.internal.v1.VersionStamp;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.RecordType;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds what is to be removed, a bounded amount a call. Chunks that nobody can be reading any more are local waste and
 * removed at once. That a blob is expired or an upload given up is for the log to say: it returns what the primary should
 * propose; others drop it.
 *
 * <p>Called by one thread at a time; blocks on the disk.
 */
public final class Collector {
    /**
     * For how much longer than the upload itself the mark of its end is kept. A chunk that comes from a primary when the
     * mark is gone would look like one of an abandoned upload, and take a committed blob's chunks with it; so replicas take
     * none of uploads older than {@link Limits#UPLOAD_LIFETIME}, and this is the room between the two.
     */
    static final Duration LATE_CHUNKS = Duration.ofHours(1);

    private final Disk disk;
    private final Keys keys;
    private final StateMachine machine;

    Collector(Disk disk, Keys keys, StateMachine machine) {
        this.disk = disk;
        this.keys = keys;
        this.machine = machine;
    }

    /**
     * What one call did and found. Immutable.
     *
     * @param proposals for the primary to append, if this is it
     * @param chunksRemoved chunks it removed from this disk
     * @param more whether another call now would find more
     */
    public record Collection(List<Proposal> proposals, int chunksRemoved, boolean more) {
        public Collection {
            proposals = List.copyOf(proposals);
        }
    }

    /**
     * Removes chunks that are due and finds expired blobs and abandoned uploads.
     *
     * @param nowMs the time, milliseconds since 1970
     * @param budget most chunks to remove, most blobs and most uploads to find; at least 1
     */
    public Collection collect(long nowMs, int budget) {
        var write = new Write();
        int removed = removeChunks(write, nowMs, budget);
        var proposals = new ArrayList<Proposal>();
        expiredBlobs(proposals, nowMs, budget);
        int blobs = proposals.size();
        int uploads = oldUploads(write, proposals, budget);
        if (!write.isEmpty()) {
            disk.committer().writeNow(write);
        }
        return new Collection(proposals, removed, removed >= budget || blobs >= budget || uploads >= budget);
    }

    private int removeChunks(Write write, long nowMs, int budget) {
        int left = budget;
        try (var scan =
                disk.scan(Family.GARBAGE, keys.garbageFrom(Keys.CHUNKS, 0), keys.garbageFrom(Keys.CHUNKS, nowMs + 1))) {
            for (; left > 0 && scan.valid(); scan.next()) {
                var in = Keys.read(scan.key());
                in.get();
                long dueMs = in.getLong();
                var user = Stored.readUser(in);
                var upload = Stored.readUpload(in);
                int from = in.getInt();
                int to = ByteBuffer.wrap(scan.value()).getInt();
                int stop = (int) Math.min(to, (long) from + left);
                for (int index = from; index < stop; index++) {
                    write.delete(Family.CHUNK, keys.chunk(user, upload, index));
                }
                left -= stop - from;
                write.delete(Family.GARBAGE, scan.key());
                if (stop < to) {
                    write.put(Family.GARBAGE, keys.garbageChunks(dueMs, user, upload, stop), scan.value());
                }
            }
        }
        return budget - left;
    }

    private void expiredBlobs(List<Proposal> proposals, long nowMs, int budget) {
        try (var scan =
                disk.scan(Family.GARBAGE, keys.garbageFrom(Keys.EXPIRY, 0), keys.garbageFrom(Keys.EXPIRY, nowMs + 1))) {
            for (int found = 0; found < budget && scan.valid(); found++, scan.next()) {
                var in = Keys.read(scan.key());
                in.get();
                in.getLong();
                var user = Stored.readUser(in);
                var delete = DeleteBlob.newBuilder()
                        .setName(Stored.readName(in).value())
                        .setPrecondition(Precondition.newBuilder()
                                .setVersion(Stored.parse(VersionStamp.parser(), scan.value(), "a version")))
                        .setExpired(true)
                        .build();
                proposals.add(Proposal.of(RecordType.DELETE, user, delete.toByteString()));
            }
        }
    }

    /** Uploads too old to be completed, by the log's clock: what is still staged is given up, marks are forgotten. */
    private int oldUploads(Write write, List<Proposal> proposals, int budget) {
        long oldest =
                machine.logTimeMs() - Limits.UPLOAD_LIFETIME.plus(LATE_CHUNKS).toMillis();
        if (oldest <= 0) {
            return 0;
        }
        int found = 0;
        try (var scan = disk.scan(Family.STAGE, keys.stageFrom(0), keys.stageFrom(oldest))) {
            for (; found < budget && scan.valid(); found++) {
                var in = Keys.read(scan.key());
                var upload = Stored.readUpload(in);
                var user = Stored.readUser(in);
                byte[] mark = keys.stage(upload, user, Keys.CLOSED);
                var closing = Closing.read(disk.get(Family.STAGE, mark));
                if (closing.isPresent()) {
                    forget(write, user, upload, closing.get());
                } else {
                    proposals.add(Proposal.of(
                            RecordType.ABORT_UPLOAD,
                            user,
                            AbortUpload.newBuilder()
                                    .setUploadId(UnsafeByteOperations.unsafeWrap(upload.toBytes()))
                                    .build()
                                    .toByteString()));
                }
                scan.seek(Keys.behindIndexes(mark));
            }
        }
        return found;
    }

    /** Chunks that came late to an upload that was over: entries go; the bytes too, unless they are a blob's. */
    private void forget(Write write, UserId user, UploadId upload, Closing closing) {
        byte[] mark = keys.stage(upload, user, Keys.CLOSED);
        try (var scan = disk.scan(Family.STAGE, keys.stage(upload, user, 0), mark)) {
            for (; scan.valid(); scan.next()) {
                int index = ByteBuffer.wrap(scan.key()).getInt(scan.key().length - Integer.BYTES);
                write.delete(Family.STAGE, scan.key());
                if (closing == Closing.ABORTED) {
                    write.delete(Family.CHUNK, keys.chunk(user, upload, index));
                }
            }
        }
        write.delete(Family.STAGE, mark);
    }
}
