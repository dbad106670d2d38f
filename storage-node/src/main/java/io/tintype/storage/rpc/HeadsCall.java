// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import io.tintype.storage.shard.HeadWatch;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.trace.Trace;
import io.tintype.wire.HeadMessages;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One watcher of a shard's heads. Holds at most {@link #MAX_PENDING} changes that the transport does not take; a watcher who is
 * slower than that gets a gap instead, which makes him forget all of the shard. Thread-safe; never blocks.
 */
final class HeadsCall implements HeadWatch {
    private static final int MAX_PENDING = 4_000;
    private static final int MAX_IN_MESSAGE = 500;

    private final Toolbox box;
    private final ServerCallStreamObserver<WatchHeadsResponse> out;
    private final AtomicInteger waiting;

    // Guarded by this.
    private final ArrayDeque<Told> pending = new ArrayDeque<>();
    private @Nullable Runnable leave;
    private int counted;
    private boolean over;
    private boolean owesWord = true;
    private long epoch;
    private long sentUpTo;
    private long upTo;

    /**
     * To be made on gRPC's thread, before the service's method returns.
     *
     * @param waiting counts changes that wait, those of all watchers together
     */
    HeadsCall(Toolbox box, ServerCallStreamObserver<WatchHeadsResponse> out, AtomicInteger waiting) {
        this.box = box;
        this.out = out;
        this.waiting = waiting;
        out.setOnReadyHandler(this::drain);
        out.setOnCancelHandler(this::close);
        out.setOnCloseHandler(this::close);
    }

    /**
     * Begins to watch.
     *
     * @throws TintypeException as {@link ShardReplica#watchHeads}; the caller has to answer it. Where the call is over
     *     already, because the watch met the end of the replica's leadership, nothing is thrown
     */
    void begin(ShardReplica shard, WatchHeadsRequest request) {
        Runnable ends;
        try {
            ends = shard.watchHeads(this, request.getEpoch(), request.getAfterSequence());
        } catch (RuntimeException e) {
            if (endsNow()) {
                throw e;
            }
            return;
        }
        boolean gone;
        synchronized (this) {
            leave = ends;
            gone = over;
        }
        if (gone) {
            ends.run();
        }
    }

    /** Ends the call, which is left to be answered; false: it was over before. */
    private synchronized boolean endsNow() {
        boolean first = !over;
        over = true;
        count();
        return first;
    }

    @Override
    public void changed(long inEpoch, long after, long last, List<Told> changes) {
        synchronized (this) {
            boolean first = epoch == 0;
            epoch = inEpoch;
            if (first) {
                sentUpTo = after;
            }
            upTo = last;
            if (pending.size() + changes.size() > MAX_PENDING) {
                pending.clear();
                sentUpTo = last;
                owesWord = true;
            } else {
                pending.addAll(changes);
            }
            count();
        }
        drain();
    }

    @Override
    public void ended(TintypeException why) {
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            leave = null;
            count();
            box.failures().end(out, why, new Failures.Call("WatchHeads", null, Trace.NONE));
        }
    }

    /** Sends what the transport takes: under the lock, for messages must keep their order. */
    private synchronized void drain() {
        while (!over && epoch != 0 && out.isReady() && (owesWord || !pending.isEmpty())) {
            var message = WatchHeadsResponse.newBuilder().setEpoch(epoch).setAfterSequence(sentUpTo);
            long last = sentUpTo;
            while (!pending.isEmpty() && message.getChangesCount() < MAX_IN_MESSAGE) {
                var told = pending.remove();
                message.addChanges(HeadMessages.change(told.change()));
                last = told.seq();
            }
            sentUpTo = pending.isEmpty() ? upTo : last;
            owesWord = false;
            out.onNext(message.setSequence(sentUpTo).build());
        }
        count();
    }

    /** To be called under the lock, when what waits may have changed. */
    private void count() {
        int now = over ? 0 : pending.size();
        waiting.addAndGet(now - counted);
        counted = now;
    }

    private void close() {
        Runnable ends;
        synchronized (this) {
            over = true;
            ends = leave;
            leave = null;
            count();
        }
        if (ends != null) {
            ends.run();
        }
    }
}
