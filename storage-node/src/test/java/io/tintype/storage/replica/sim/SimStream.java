// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.Refusal;
import io.tintype.storage.replica.ReplicaEvent;
import org.jspecify.annotations.Nullable;

/** A replication stream between two processes; ends when either dies, closes it, or a message would be lost. */
final class SimStream {
    final SimNode follower;
    final SimNode primary;
    final long followerId;
    final long primaryId;
    private final int followerLife;
    private final int primaryLife;
    private final SimNet net;
    private final SimNet.Lane up;
    private final SimNet.Lane down;
    private final SimChunks.Gate gate;
    private boolean followerOpen = true;
    private boolean primaryOpen = true;

    SimStream(Sim sim, SimNode follower, SimNode primary, long followerId, long primaryId) {
        this.net = sim.net;
        this.follower = follower;
        this.primary = primary;
        this.followerId = followerId;
        this.primaryId = primaryId;
        this.followerLife = follower.life();
        this.primaryLife = primary.life();
        this.up = net.new Lane(follower.index, primary.index, this::snap);
        this.down = net.new Lane(primary.index, follower.index, this::snap);
        this.gate = new SimChunks.Gate(sim, this);
    }

    void toPrimary(ReplicaEvent event) {
        up.send(() -> {
            if (!primaryOpen) {
                return;
            }
            if (!primary.isLife(primaryLife)) {
                snap();
            } else {
                primary.deliver(primaryLife, event);
            }
        });
    }

    void toFollower(ReplicaEvent event) {
        down.send(() -> {
            if (!followerOpen) {
                return;
            }
            if (!follower.isLife(followerLife)) {
                snap();
            } else {
                gate.take(event);
            }
        });
    }

    boolean isOpenAtFollower() {
        return followerOpen;
    }

    /** The follower's side ends it, telling the primary what it has to tell. */
    void closedByFollower(@Nullable Refusal refusal) {
        followerOpen = false;
        toPrimary(new ReplicaEvent.FollowerLost(primaryId, refusal));
    }

    /** The primary's side ends it; an event of its own has told why. */
    void closedByPrimary(ReplicaEvent last) {
        primaryOpen = false;
        toFollower(last);
    }

    /** Both sides find out sooner or later. */
    private void snap() {
        up.close();
        down.close();
        net.later(net.detection(), () -> {
            if (followerOpen) {
                followerOpen = false;
                follower.deliver(followerLife, new ReplicaEvent.PrimaryLost(followerId, false));
            }
        });
        net.later(net.detection(), () -> {
            if (primaryOpen) {
                primaryOpen = false;
                primary.deliver(primaryLife, new ReplicaEvent.FollowerLost(primaryId, null));
            }
        });
    }

    boolean isFor(SimNode node, int life) {
        return (node == follower && life == followerLife) || (node == primary && life == primaryLife);
    }

    /** One of the processes died. */
    void died(SimNode node) {
        if (node == follower) {
            followerOpen = false;
        } else {
            primaryOpen = false;
        }
        snap();
    }
}
