// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Hellos of followers that heard of an epoch before the one who leads it did, or before its promise was durable. They are kept for
 * a moment instead of refused: the follower would come again a tick later, and all writes and reads would wait for it. To the
 * follower it is as if its hello were under way for longer. One a node, of the nodes that the configuration names. Confined to the
 * shard's loop.
 */
final class EarlyHellos {
    private final Context context;
    private final Map<NodeId, Kept> byNode = new TreeMap<>();

    private record Kept(ReplicaEvent.HelloReceived event, long sinceNanos) {}

    EarlyHellos(Context context) {
        this.context = context;
    }

    /** Keeps a hello, or refuses it where its node has no part in the shard. */
    void keep(ReplicaEvent.HelloReceived event) {
        var node = event.hello().follower().node();
        var known = context.config();
        if (known == null || !known.config().replicas().containsKey(node)) {
            refuse(event);
            return;
        }
        var before = byNode.put(node, new Kept(event, context.now().nanos()));
        if (before != null) {
            refuse(before.event());
        }
    }

    /** Hands out all that are kept. */
    List<ReplicaEvent.HelloReceived> take() {
        var all = byNode.values().stream().map(Kept::event).toList();
        byNode.clear();
        return all;
    }

    /** Refuses whoever was kept for so long that it would have come again. */
    void tick() {
        byNode.values().removeIf(kept -> {
            boolean late = context.now().nanos() - kept.sinceNanos() >= context.timing.retryNanos();
            if (late) {
                refuse(kept.event());
            }
            return late;
        });
    }

    /** A follower no longer waits. */
    void lost(long stream) {
        byNode.values().removeIf(kept -> kept.event().stream() == stream);
    }

    /** This replica is not the one that leads them, or no longer. */
    void refuseAll() {
        take().forEach(this::refuse);
    }

    void refuse(ReplicaEvent.HelloReceived event) {
        context.act(new ReplicaAction.RefuseFollower(
                event.stream(), new Refusal(RefuseReason.NOT_PRIMARY, context.promises.promised())));
    }
}
