// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.Ack;
import io.tintype.storage.replica.Hello;
import io.tintype.storage.replica.Refusal;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaAction.DropFollower;
import io.tintype.storage.replica.ReplicaAction.RefuseFollower;
import io.tintype.storage.replica.ReplicaAction.SendAppend;
import io.tintype.storage.replica.ReplicaAction.SendAttach;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The streams that followers opened to this replica. Confined to the shard's loop, but for {@link #accept}. */
final class FollowerStreams {
    private final Feeder.Source source;
    private final Inbox<Input> inbox;
    private final AtomicLong lastStream = new AtomicLong();
    private final Map<Long, Feeder> feeders = new HashMap<>();
    private boolean lingering;

    FollowerStreams(Feeder.Source source, Inbox<Input> inbox) {
        this.source = source;
        this.inbox = inbox;
    }

    /** Takes a stream in; the core says what becomes of it. Any thread. */
    FollowerLink.Events accept(Hello hello, FollowerLink link) {
        long stream = lastStream.incrementAndGet();
        inbox.post(new Input.Task(() -> feeders.put(stream, new Feeder(source, link, this::linger))));
        inbox.post(new Input.Event(new ReplicaEvent.HelloReceived(stream, hello)));
        return new FollowerLink.Events() {
            private final AtomicReference<@Nullable Ack> newest = new AtomicReference<>();

            @Override
            public void acked(Ack ack) {
                // Each says all that those before it said, so one that waits is replaced.
                if (newest.getAndSet(ack) == null) {
                    inbox.post(new Input.Acked(stream, newest));
                }
            }

            @Override
            public void ready() {
                inbox.post(new Input.Task(() -> pump(stream)));
            }

            @Override
            public void lost(@Nullable Refusal refusal) {
                inbox.post(new Input.Task(() -> remove(stream)));
                inbox.post(new Input.Event(new ReplicaEvent.FollowerLost(stream, refusal)));
            }
        };
    }

    /** Carries out an action, if it is one of these. */
    boolean execute(ReplicaAction action) {
        if (action instanceof SendAppend append) {
            var feeder = feeders.get(append.stream());
            if (feeder != null) {
                feeder.send(append);
            }
        } else if (action instanceof SendAttach attach) {
            var feeder = feeders.get(attach.stream());
            if (feeder != null) {
                feeder.attach(attach.attach());
            }
        } else if (action instanceof RefuseFollower refuse) {
            var feeder = remove(refuse.stream());
            if (feeder != null) {
                feeder.link().refuse(refuse.refusal());
            }
        } else if (action instanceof DropFollower drop) {
            var feeder = remove(drop.stream());
            if (feeder != null) {
                feeder.link().close();
            }
        } else {
            return false;
        }
        return true;
    }

    /** Records that the follower furthest behind has not been sent. */
    long behind() {
        long most = 0;
        for (var feeder : feeders.values()) {
            most = Math.max(most, feeder.behind());
        }
        return most;
    }

    /** Ends all streams. */
    void close() {
        feeders.values().forEach(feeder -> {
            feeder.end();
            feeder.link().close();
        });
        feeders.clear();
    }

    /** Part of the follower's log is durable, so more may be sent. */
    void acked(long stream, Ack ack) {
        var feeder = feeders.get(stream);
        if (feeder != null) {
            feeder.acked(ack.persistedSeq());
        }
    }

    /** One timer serves all followers, however many commits come meanwhile. */
    private void linger() {
        if (!lingering) {
            lingering = true;
            source.threads()
                    .later(
                            ShardLimits.COMMIT_LINGER.toMillis(),
                            () -> source.loop().execute(() -> {
                                lingering = false;
                                feeders.values().forEach(Feeder::tellCommitted);
                            }));
        }
    }

    private void pump(long stream) {
        var feeder = feeders.get(stream);
        if (feeder != null) {
            feeder.pump();
        }
    }

    private @Nullable Feeder remove(long stream) {
        var feeder = feeders.remove(stream);
        if (feeder != null) {
            feeder.end();
        }
        return feeder;
    }
}
