// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.tintype.cluster.directory.UserHome;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.storage.future.Futures;
import io.tintype.storage.shard.ReadPoint;
import io.tintype.storage.shard.ShardReplica;
import org.jspecify.annotations.Nullable;

/**
 * Finds the head that one streamed read is about, and decides what is to be sent of it. Where the replica knows nothing of the
 * user the directory is asked, and then the replica again: he may have come here just before the directory answered.
 *
 * <p>Belongs to whoever runs the read. Blocks on the disk.
 */
final class HeadLook {
    /** What a look comes to, once its freshness is proven. */
    sealed interface Sought permits Found, Refused {}

    /**
     * There is something to send.
     *
     * @param head of the version
     * @param plan which of its bytes
     * @param notModified the reader has them already
     */
    record Found(StoredHead head, ReadPlan plan, boolean notModified) implements Sought {}

    /** There is nothing to send, and this is why. */
    record Refused(TintypeException why) implements Sought {}

    private final Toolbox box;
    private final ShardReplica shard;
    private final ReadTask task;
    private final ReadPoint point;
    private final Runnable wake;
    private volatile @Nullable UserHome home;
    private volatile @Nullable Throwable broken;
    private boolean asking;

    /** @param wake runs, on any thread, when a look that came to nothing is to be repeated */
    HeadLook(Toolbox box, ShardReplica shard, ReadTask task, ReadPoint point, Runnable wake) {
        this.box = box;
        this.shard = shard;
        this.task = task;
        this.point = point;
        this.wake = wake;
    }

    /**
     * Looks; null: not known yet.
     *
     * @throws TintypeException where the directory says that the user lives elsewhere, or this replica may not know him yet
     */
    @Nullable
    Sought look() {
        if (broken != null) {
            throw Futures.unchecked(broken);
        }
        var livesHere = home;
        if (asking && livesHere == null) {
            return null;
        }
        boolean doubtful =
                point.epoch() == 0 && Reads.wroteElsewhere(task.request().getOptions(), shard.id());
        if (doubtful && livesHere == null) {
            ask();
            return null;
        }
        long stay = doubtful ? UserGate.stay(shard, task.user()) : 0;
        var part = task.trace().child("rocksdb head");
        var head = shard.reader()
                .head(
                        task.user(),
                        task.name(),
                        box.clock().millis(),
                        Reads.mayLagMs(task.request().getOptions()));
        part.end();
        if (head.isPresent() || shard.reader().users().owned(task.user()).isPresent()) {
            if (doubtful && livesHere != null) {
                UserGate.requireStay(shard.id(), task.user(), livesHere, stay);
            }
            return head.isPresent() ? judge(head.get()) : nothing();
        }
        if (livesHere == null) {
            ask();
            return null;
        }
        UserGate.requireHeardOf(shard.id(), task.user(), livesHere, point.demand(), point.epoch() == 0);
        return nothing();
    }

    private Refused nothing() {
        return new Refused(Reads.noBlob(task.user(), task.name()));
    }

    private void ask() {
        asking = true;
        var unused = box.gate().livesOn(shard, task.user()).whenComplete((found, failure) -> {
            if (failure == null) {
                home = found;
            } else {
                broken = failure;
            }
            wake.run();
        });
    }

    private Sought judge(StoredHead head) {
        var version = Requests.version(head.getVersion());
        if (task.only() != null && !task.only().equals(version)) {
            return new Refused(Reads.otherVersion("if_version", task.only(), version));
        }
        if (version.equals(task.not())) {
            return new Found(head, ReadPlan.NOTHING, true);
        }
        try {
            var plan = task.request().hasRange()
                    ? ReadPlan.of(head.getManifest(), task.request().getRange())
                    : ReadPlan.whole(head.getManifest());
            return new Found(head, plan, false);
        } catch (TintypeException outside) {
            return new Refused(outside);
        }
    }
}
