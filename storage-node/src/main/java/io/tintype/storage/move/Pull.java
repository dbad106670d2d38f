// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.CopiedOutcome;
import io.tintype.proto.internal.v1.CopiedOutcomes;
import io.tintype.proto.internal.v1.CopyUser;
import io.tintype.proto.internal.v1.InstallUser;
import io.tintype.proto.internal.v1.NamedHead;
import io.tintype.proto.internal.v1.ReadChangesResponse;
import io.tintype.storage.blob.Proposal;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.wire.Errors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Copies one user to the shard that this node leads, up to USER_INSTALL. Begins from the start each time, and compares, so
 * that what is here is not copied again. docs/moves.md says why what comes of it is whole.
 *
 * <p>Runs on one thread, which waits for what others do.
 */
final class Pull {
    /** A round of changes that took longer is not followed by the freeze. */
    private static final Duration SHORT = Duration.ofMillis(200);

    /** So many rounds are made at most before the user is frozen all the same. */
    private static final int ROUNDS = 50;

    private static final Duration STEP = Duration.ofMinutes(5);

    /**
     * Outcomes of one record, in bytes, unless one alone has more: with a blob's largest metadata about 33 KiB, far
     * below what a record holds.
     */
    private static final int OUTCOMES_BYTES = 32 << 10;

    private final Source source;
    private final ShardReplica target;
    private final UserId user;
    private final MoveStep.Pull what;
    private final ShardId from;
    private final BlobCopier copier;
    private final List<NodeId> replicas;
    private final MoveProgress progress;

    /**
     * @param replicas the source's, those to read from first
     */
    Pull(
            Source source,
            ShardReplica target,
            UserId user,
            MoveStep.Pull what,
            BlobCopier copier,
            List<NodeId> replicas,
            MoveProgress progress) {
        this.source = source;
        this.target = target;
        this.user = user;
        this.what = what;
        this.from = new ShardId(what.from());
        this.copier = copier;
        this.replicas = replicas;
        this.progress = progress;
    }

    /**
     * Copies all and installs it.
     *
     * @throws TintypeException where it cannot go on; CHECKSUM_MISMATCH where what came is not what the source has
     */
    void run() {
        long mark = compareAll();
        copyOutcomes();
        mark = catchUp(mark);
        long frozen = await(source.freeze(from, user, what.generation(), what.move(), target.id()))
                .getSequence();
        install(finish(mark, frozen));
    }

    /** The first pass; the source's record up to which its effect is known. */
    private long compareAll() {
        String after = "";
        long mark = 0;
        while (true) {
            var page = await(source.heads(from, user, after));
            if (after.isEmpty()) {
                mark = page.getSequence();
                progress.total(page.getUser().getBlobs(), page.getUser().getBytes());
            }
            var theirs = new LinkedHashMap<String, NamedHead>();
            page.getHeadsList().forEach(head -> theirs.put(head.getName(), head));
            String last =
                    page.getMore() ? page.getHeads(page.getHeadsCount() - 1).getName() : "";
            dropOthers(after, last, theirs);
            copy(theirs, page.getSequence());
            if (!page.getMore()) {
                return mark;
            }
            after = last;
        }
    }

    /** Drops what stands here between two names and not there. */
    private void dropOthers(String after, String upTo, Map<String, NamedHead> theirs) {
        var window = new Window();
        String begin = after;
        while (true) {
            var ours = target.reader().exports().heads(user, begin, upTo, Integer.MAX_VALUE);
            for (String name : ours.heads().keySet()) {
                if (!theirs.containsKey(name)) {
                    window.add(drop(name));
                }
                begin = name;
            }
            if (!ours.more()) {
                break;
            }
        }
        window.close();
    }

    private void copy(Map<String, NamedHead> theirs, long sequence) {
        var window = new Window();
        for (var head : theirs.values()) {
            var ours = target.reader().exports().head(user, head.getName());
            long bytes = head.getHead().getManifest().getSize();
            if (!head.hasHead()) {
                if (ours.isPresent()) {
                    window.add(drop(head.getName()));
                }
                continue;
            }
            if (ours.isPresent()
                    && ours.get().getVersion().equals(head.getHead().getVersion())) {
                progress.compared(bytes);
                continue;
            }
            window.add(copier.copy(head, sequence, replicas).thenAccept(copied -> progress.compared(bytes)));
        }
        window.close();
    }

    private CompletableFuture<?> drop(String name) {
        return append(
                CopyUser.newBuilder().setMove(what.move()).setDropped(name).build());
    }

    private void copyOutcomes() {
        var after = ByteString.EMPTY;
        while (true) {
            var page = await(source.outcomes(from, user, after));
            outcomes(page.getOutcomes());
            if (!page.getMore()) {
                return;
            }
            after = page.getLast();
        }
    }

    private void outcomes(CopiedOutcomes outcomes) {
        var window = new Window();
        var reader = target.reader();
        var lacking = reader.exports().lacking(user, outcomes.getOutcomesList(), reader.logTimeMs());
        for (var copy : copies(what.move(), outcomes.getAsOfMs(), lacking)) {
            window.add(append(copy));
        }
        window.close();
    }

    /** Outcomes as records of a move, each of a size that the log takes. */
    static List<CopyUser> copies(long move, long asOfMs, List<CopiedOutcome> outcomes) {
        var copies = new ArrayList<CopyUser>();
        var part = CopiedOutcomes.newBuilder().setAsOfMs(asOfMs);
        int bytes = 0;
        for (var one : outcomes) {
            int more = CodedOutputStream.computeMessageSize(CopiedOutcomes.OUTCOMES_FIELD_NUMBER, one);
            if (bytes > 0 && bytes + more > OUTCOMES_BYTES) {
                copies.add(copy(move, part));
                part.clearOutcomes();
                bytes = 0;
            }
            part.addOutcomes(one);
            bytes += more;
        }
        if (bytes > 0) {
            copies.add(copy(move, part));
        }
        return copies;
    }

    private static CopyUser copy(long move, CopiedOutcomes.Builder outcomes) {
        return CopyUser.newBuilder().setMove(move).setOutcomes(outcomes).build();
    }

    /**
     * Rounds of what changed, until one is short and the next would hardly be shorter; the record up to which the source's
     * effect is known.
     */
    private long catchUp(long mark) {
        long now = mark;
        long before = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long began = System.nanoTime();
            var changes = changes(now);
            if (changes.getTrimmed()) {
                now = compareAll();
                copyOutcomes();
                continue;
            }
            now = changes.getSequence();
            long took = System.nanoTime() - began;
            // While rounds are becoming shorter, the last one, for which he waits frozen, is too.
            if (!changes.getMore() && took < SHORT.toNanos() && took > before / 2) {
                return now;
            }
            before = took;
        }
        return now;
    }

    /** The last changes; what the source says there must be. */
    private InstallUser finish(long mark, long frozen) {
        long now = mark;
        while (true) {
            var changes = changes(now);
            if (changes.getTrimmed()) {
                throw new TintypeException(
                        Reason.UNAVAILABLE,
                        "the log of shard " + from + " was trimmed under the copy; it begins again");
            }
            now = changes.getSequence();
            if (now >= frozen && !changes.getMore()) {
                if (!changes.hasSummary() || changes.getSummary().getMove() != what.move()) {
                    throw new TintypeException(
                            Reason.MOVE_CONFLICT,
                            "user '" + user + "' is not frozen for move " + what.move() + " any more");
                }
                return changes.getSummary();
            }
        }
    }

    private ReadChangesResponse changes(long after) {
        var changes = await(source.changes(from, user, after));
        if (!changes.getTrimmed()) {
            var heads = new LinkedHashMap<String, NamedHead>();
            changes.getHeadsList().forEach(head -> heads.put(head.getName(), head));
            copy(heads, changes.getSequence());
            outcomes(changes.getOutcomes());
        }
        return changes;
    }

    private void install(InstallUser summary) {
        await(copier.append(new Proposal(RecordType.USER_INSTALL, user, null, summary.toByteString(), null)));
    }

    private CompletableFuture<?> append(CopyUser copy) {
        return copier.append(new Proposal(RecordType.USER_COPY, user, null, copy.toByteString(), null));
    }

    static <T> T await(CompletableFuture<T> step) {
        try {
            return step.get(STEP.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TintypeException(Reason.UNAVAILABLE, "this node is stopping");
        } catch (ExecutionException e) {
            throw Errors.fromWire(e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            throw new TintypeException(Reason.UNAVAILABLE, "a step of the move took longer than " + STEP);
        }
    }
}
