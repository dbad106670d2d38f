// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.ReplicaEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Bytes of images beside the log: staged before their record is proposed, at the primary and, as far as messages arrive, at
 * the in-sync followers; a follower holds a record back until its chunks are on its disk, and fetches those it lacks.
 */
final class SimChunks {
    /** To take a record is to have its chunks. */
    static final String FIRST = "CHUNKS_COME_BEFORE_THEIR_RECORD";

    private static final long RETRY = 100 * SimNet.MILLI;

    private SimChunks() {}

    /** Puts the chunks of proposals on disks, before the proposals come. */
    static void stage(Sim sim, SimNode primary, List<Long> values) {
        for (long value : values) {
            if (Rec.hasChunk(value) && primary.isUp()) {
                take(primary, List.of(value));
                for (var member : sim.zk.current().config().inSync()) {
                    var follower = sim.node(member.node());
                    if (follower != primary && sim.random.nextInt(20) > 0) {
                        sim.net.datagram(primary.index, follower.index, () -> take(follower, List.of(value)));
                    }
                }
            }
        }
    }

    private static void take(SimNode node, List<Long> values) {
        if (node.isUp() && !node.disk.seen.installing) {
            node.write(image -> values.forEach(value -> image.chunks.set(value.intValue())));
        }
    }

    /** In front of a follower's log, for one stream. */
    static final class Gate {
        private final Sim sim;
        private final SimStream stream;
        private final int life;
        private final Deque<ReplicaEvent> waiting = new ArrayDeque<>();
        private boolean fetching;
        private int fetches;

        Gate(Sim sim, SimStream stream) {
            this.sim = sim;
            this.stream = stream;
            this.life = stream.follower.life();
        }

        /** What came over the stream; goes on to the core when its chunks are here, all in order. */
        void take(ReplicaEvent event) {
            if (!(event instanceof ReplicaEvent.AppendReceived)) {
                waiting.clear(); // a stream that ends while chunks are missing leaves no trace
            }
            waiting.add(event);
            pass();
        }

        private void pass() {
            while (!waiting.isEmpty() && stream.isOpenAtFollower() && stream.follower.isLife(life)) {
                if (!missing(waiting.peek()).isEmpty() && sim.keeps(FIRST)) {
                    fetch();
                    return;
                }
                stream.follower.deliver(life, waiting.remove());
            }
        }

        private List<Long> missing(ReplicaEvent event) {
            if (!(event instanceof ReplicaEvent.AppendReceived append)) {
                return List.of();
            }
            return sim.cargo(append.append()).stream()
                    .filter(Rec::hasChunk)
                    .map(Rec::value)
                    .filter(value -> !stream.follower.disk.seen.chunks.get(value.intValue()))
                    .toList();
        }

        /** All that is lacking for what waits. Lost on the way: another time. */
        private void fetch() {
            if (fetching) {
                return;
            }
            fetching = true;
            int asked = ++fetches;
            sim.coverage.count("chunks fetched");
            var missing =
                    waiting.stream().flatMap(event -> missing(event).stream()).toList();
            var follower = stream.follower;
            var primary = stream.primary;
            sim.net.datagram(follower.index, primary.index, () -> {
                if (primary.isUp()) {
                    var found = missing.stream()
                            .filter(value -> primary.disk.seen.chunks.get(value.intValue()))
                            .toList();
                    sim.net.datagram(primary.index, follower.index, () -> {
                        if (follower.isLife(life)) {
                            SimChunks.take(follower, found);
                            ended(asked);
                        }
                    });
                }
            });
            sim.queue.after(RETRY, () -> ended(asked));
        }

        private void ended(int fetch) {
            if (fetching && fetch == fetches) {
                fetching = false;
                pass();
            }
        }
    }
}
