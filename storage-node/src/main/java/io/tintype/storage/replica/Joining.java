// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.Set;
import java.util.TreeSet;

/**
 * Whom a primary takes on as a follower when he says hello, and whom it may send a snapshot: never one whose
 * acknowledgements count, by the configuration or by the change being asked for. Confined to the shard's loop.
 */
final class Joining {
    private final Context context;
    private final long epoch;
    private final Followers followers;

    Joining(Context context, long epoch, Followers followers) {
        this.context = context;
        this.epoch = epoch;
        this.followers = followers;
    }

    void hello(ReplicaEvent.HelloReceived event, ShardConfig config, Reconfiguration reconfiguration) {
        var hello = event.hello();
        if (hello.promisedEpoch() > epoch && context.keeps(Rule.LOWER_EPOCHS_ARE_REFUSED)) {
            refuse(event.stream(), RefuseReason.STALE_EPOCH);
            context.meet(hello.promisedEpoch());
        } else if (!context.promises.mayAnswer()) {
            context.earlyHellos.keep(event);
        } else if (reconfiguration.handover().isWriting()) {
            refuse(event.stream(), RefuseReason.NOT_PRIMARY);
        } else if (!config.replicas().containsKey(hello.follower().node())) {
            refuse(event.stream(), RefuseReason.NOT_ASSIGNED);
        } else {
            boolean counted = counted(config, reconfiguration).contains(hello.follower());
            followers.hello(event.stream(), hello, config.cfg(), counted);
        }
    }

    private void refuse(long stream, RefuseReason reason) {
        context.act(new ReplicaAction.RefuseFollower(stream, new Refusal(reason, epoch)));
    }

    /** See {@link Leading#mayFeed}. */
    boolean mayFeed(Member member, ShardConfig config, Reconfiguration reconfiguration) {
        return followers.isToInstall(member)
                && !counted(config, reconfiguration).contains(member);
    }

    /** Everybody who may be elected, by the configuration or by the change being asked for. */
    private static Set<Member> counted(ShardConfig config, Reconfiguration reconfiguration) {
        var asked = reconfiguration.asked();
        if (asked == null) {
            return config.candidates();
        }
        var all = new TreeSet<>(config.candidates());
        all.addAll(asked.candidates());
        return all;
    }
}
