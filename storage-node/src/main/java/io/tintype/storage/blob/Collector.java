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
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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

    /**
     * For how much longer than that an upload stays that is neither a blob nor given up. If the primary had any of it, it
     * would have given it up by then: what is left are chunks that nobody else got from a primary that died.
     */
    static final Duration LEFT_BEHIND = Duration.ofDays(1);

    /** Kinds of what there is to be removed. */
    public enum Kind {
        /** Chunks that nobody can be reading any more. */
        CHUNKS,
        /** Blobs whose time is over. */
        BLOBS,
        /** Uploads that can be completed no more, and the marks that they are over. */
        UPLOADS
    }

    private final Disk disk;
    private final Keys keys;
    private final StateMachine machine;

    // Where the search for each kind goes on; null: at the first one. What was found before is in nobody's way then:
    // neither what does not go yet nor, for the disk, what was removed a moment ago.
    private byte @Nullable [] nextChunks;
    private byte @Nullable [] nextBlob;
    private byte @Nullable [] nextUpload;

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
     * @param more of which kinds another call now would find others
     */
    public record Collection(List<Proposal> proposals, int chunksRemoved, Set<Kind> more) {
        public Collection {
            proposals = List.copyOf(proposals);
            more = Set.copyOf(more);
        }
    }

    /** Looks for everything there may be; see below. */
    public Collection collect(long nowMs, int budget) {
        return collect(nowMs, budget, EnumSet.allOf(Kind.class));
    }

    /**
     * Removes chunks that are due and finds expired blobs and abandoned uploads. Each call goes on where the last one ended;
     * whoever calls until there is no more has found everything once, whatever became of the proposals.
     *
     * @param nowMs the time, milliseconds since 1970
     * @param budget most chunks to remove, most blobs and most uploads to find; at least 1
     * @param kinds what to look for
     */
    public Collection collect(long nowMs, int budget, Set<Kind> kinds) {
        var write = new Write();
        var proposals = new ArrayList<Proposal>();
        int removed = kinds.contains(Kind.CHUNKS) ? removeChunks(write, nowMs, budget) : 0;
        if (kinds.contains(Kind.BLOBS)) {
            expiredBlobs(proposals, nowMs, budget);
        }
        if (kinds.contains(Kind.UPLOADS)) {
            oldUploads(write, proposals, budget);
        }
        if (!write.isEmpty()) {
            disk.committer().writeNow(write);
        }
        return new Collection(proposals, removed, more(kinds));
    }

    private Set<Kind> more(Set<Kind> kinds) {
        var more = EnumSet.allOf(Kind.class);
        more.retainAll(kinds);
        if (nextChunks == null) {
            more.remove(Kind.CHUNKS);
        }
        if (nextBlob == null) {
            more.remove(Kind.BLOBS);
        }
        if (nextUpload == null) {
            more.remove(Kind.UPLOADS);
        }
        return more;
    }

    private int removeChunks(Write write, long nowMs, int budget) {
        byte[] first = nextChunks == null ? keys.garbageFrom(Keys.CHUNKS, 0) : nextChunks;
        nextChunks = null;
        int left = budget;
        try (var scan = disk.scan(Family.GARBAGE, first, keys.garbageFrom(Keys.CHUNKS, nowMs + 1))) {
            for (; scan.valid(); scan.next()) {
                if (left == 0) {
                    nextChunks = scan.key();
                    break;
                }
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
                    byte[] rest = keys.garbageChunks(dueMs, user, upload, stop);
                    write.put(Family.GARBAGE, rest, scan.value());
                    nextChunks = rest;
                    break;
                }
            }
        }
        return budget - left;
    }

    /** The log leaves those of users in a move; they are found again in a later round. */
    private void expiredBlobs(List<Proposal> proposals, long nowMs, int budget) {
        byte[] from = nextBlob == null ? keys.garbageFrom(Keys.EXPIRY, 0) : nextBlob;
        nextBlob = null;
        try (var scan = disk.scan(Family.GARBAGE, from, keys.garbageFrom(Keys.EXPIRY, nowMs + 1))) {
            for (int found = 0; scan.valid(); found++, scan.next()) {
                if (found == budget) {
                    nextBlob = scan.key();
                    break;
                }
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

    /**
     * Uploads too old to be completed, by the log's clock: what is still staged is given up, marks are forgotten. Since that
     * clock never goes back, no record can make a blob of them any more, whatever is still to be applied here.
     */
    private void oldUploads(Write write, List<Proposal> proposals, int budget) {
        long oldest =
                machine.logTimeMs() - Limits.UPLOAD_LIFETIME.plus(LATE_CHUNKS).toMillis();
        if (oldest <= 0) {
            return;
        }
        byte[] from = nextUpload == null ? keys.stageFrom(0) : nextUpload;
        nextUpload = null;
        try (var scan = disk.scan(Family.STAGE, from, keys.stageFrom(oldest))) {
            for (int found = 0; scan.valid(); found++) {
                if (found == budget) {
                    nextUpload = scan.key();
                    break;
                }
                var in = Keys.read(scan.key());
                var upload = Stored.readUpload(in);
                var user = Stored.readUser(in);
                byte[] mark = keys.stage(upload, user, Keys.CLOSED);
                var closing = Closing.read(disk.get(Family.STAGE, mark));
                if (closing.isPresent()) {
                    forget(write, user, upload, closing.get());
                } else if (upload.timeMs() < oldest - LEFT_BEHIND.toMillis()) {
                    forget(write, user, upload, Closing.ABORTED);
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
