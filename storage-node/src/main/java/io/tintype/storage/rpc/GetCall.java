// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetResponse;
import io.tintype.storage.blob.Chunk;
import io.tintype.storage.future.Futures;
import io.tintype.storage.shard.Freshness;
import io.tintype.storage.shard.ReadPoint;
import io.tintype.storage.shard.ShardReplica;
import io.tintype.trace.Trace;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One streamed read. Runs on reader threads, one at a time however often it is woken; sends while the transport is ready
 * and meanwhile holds at most one chunk read ahead.
 *
 * <p>Order: the head and the first chunk are read, then their freshness is confirmed, then they are sent. What follows
 * belongs to the same immutable version and needs no further proof. An error that depends on the head is confirmed too.
 */
final class GetCall implements Runnable, Stalls.Transfer {
    /** Chunks of one read that have a part of its trace: the others look the same. */
    private static final int TRACED_CHUNKS = 16;

    private final Toolbox box;
    private final ShardReplica shard;
    private final ReadTask task;
    private final ReadPoint point;
    private final ServerCallStreamObserver<GetResponse> out;
    private final Holding holding;
    private final HeadLook look;

    /** Times it was woken and has not looked yet. Above 0: a thread runs it, or soon will. */
    private final AtomicInteger wakes = new AtomicInteger();

    private volatile @Nullable Freshness freshness;
    private volatile @Nullable Throwable broken;
    private volatile boolean awaitsReady;
    private volatile boolean over;
    private volatile long movedAtNanos;

    // These belong to whoever runs it.
    private HeadLook.@Nullable Sought sought;
    private boolean confirming;
    private GetResponse.@Nullable Builder ahead;
    private long aheadBytes;
    private byte[] aheadArray = ChunkArrays.NONE;
    private int nextFrame;

    GetCall(
            Toolbox box,
            ShardReplica shard,
            ReadTask task,
            ReadPoint point,
            ServerCallStreamObserver<GetResponse> out) {
        this.box = box;
        this.shard = shard;
        this.task = task;
        this.point = point;
        this.out = out;
        this.holding = new Holding(box.downloads());
        this.look = new HeadLook(box, shard, task, point, this::wake);
        this.movedAtNanos = box.stalls().now();
    }

    /** Begins to read and send. */
    void start() {
        box.stalls().watch(this);
        wake();
    }

    /** The transport takes more. */
    void ready() {
        if (awaitsReady) {
            awaitsReady = false;
            wake();
        }
    }

    /** The call is over, and all that was sent has left. */
    void closed() {
        over = true;
        box.stalls().forget(this);
        holding.close();
    }

    @Override
    public long movedAtNanos() {
        return movedAtNanos;
    }

    @Override
    public boolean isUpload() {
        return false;
    }

    @Override
    public void giveUp(TintypeException failure) {
        broken = failure;
        wake();
    }

    /** Where it is over there is nothing to go on with: whoever was to wake it may do so late. */
    private void wake() {
        if (!over && wakes.getAndIncrement() == 0) {
            try {
                box.readers().execute(this);
            } catch (TintypeException overloaded) {
                end(overloaded); // nobody else runs it, nor ever will: wakes stays above 0
            }
        }
    }

    @Override
    public void run() {
        int seen;
        do {
            seen = wakes.get();
            if (!over) {
                movedAtNanos = box.stalls().now();
                try {
                    step();
                } catch (RuntimeException | Error e) {
                    end(e);
                }
            }
        } while (wakes.addAndGet(-seen) != 0);
    }

    /** Goes on as far as possible; returns early where it will be woken again. */
    private void step() {
        if (broken != null) {
            throw Futures.unchecked(broken);
        }
        var found = sought;
        if (found == null) {
            found = look.look();
            sought = found;
        }
        if (found == null || (found instanceof HeadLook.Found blob && !fetch(blob))) {
            return;
        }
        if (freshness == null && !confirm()) {
            return;
        }
        if (found instanceof HeadLook.Found blob) {
            send(blob);
        } else if (found instanceof HeadLook.Refused refused) {
            throw refused.why();
        }
    }

    private GetResponse.Builder firstMessage(HeadLook.Found blob) {
        return GetResponse.newBuilder()
                .setHead(Writes.head(task.request().getUser(), task.request().getName(), blob.head()))
                .setNotModified(blob.notModified());
    }

    /** Makes sure that the next message is at hand; false: memory is short, and it will be woken. */
    private boolean fetch(HeadLook.Found blob) {
        if (ahead != null) {
            return true;
        }
        if (blob.plan().frames() == 0) {
            ahead = firstMessage(blob);
            return true;
        }
        var slice = blob.plan().slice(nextFrame);
        isReady(); // gives back what has left: nobody may wait for memory that he holds himself
        if (!holding.takeOrWait(slice.chunkSize(), this::wake)) {
            return false;
        }
        aheadArray = box.readers().arrays().take(slice.chunkSize());
        var chunk = chunk(blob.head(), slice.chunk(), aheadArray);
        var frame = DataFrame.newBuilder().setOffset(slice.offset());
        if (slice.isWholeChunk()) {
            frame.setData(chunk.data()).setCrc32C(chunk.crc());
        } else {
            var data = chunk.data().substring(slice.from(), slice.to());
            frame.setData(data).setCrc32C(Crc32c.of(data));
        }
        ahead = (nextFrame == 0 ? firstMessage(blob) : GetResponse.newBuilder()).setFrame(frame);
        aheadBytes = slice.chunkSize();
        nextFrame++;
        return true;
    }

    private Chunk chunk(StoredHead found, int index, byte[] into) {
        var part = index < TRACED_CHUNKS ? task.trace().child("rocksdb chunk") : Trace.NONE;
        try {
            return box.keys()
                    .open(task.user(), index, shard.reader().chunk(task.user(), found.getManifest(), index, into));
        } finally {
            part.end();
        }
    }

    /** Whether the transport takes more, and hence what was sent before has left; if not, it will be woken. */
    private boolean isReady() {
        awaitsReady = true;
        if (!out.isReady()) {
            return false;
        }
        awaitsReady = false;
        holding.keepOnly(ahead == null ? 0 : aheadBytes);
        return true;
    }

    private boolean confirm() {
        if (confirming) {
            return false;
        }
        var proof = shard.confirm(point);
        if (proof.isDone()) {
            freshness = proof.join();
            return true;
        }
        confirming = true;
        var part = task.trace().child("confirm freshness");
        var unused = proof.whenComplete((proven, failure) -> {
            part.end(failure);
            freshness = proven;
            if (failure != null) {
                broken = failure;
            }
            wake();
        });
        return false;
    }

    private void send(HeadLook.Found blob) {
        while (ahead != null) {
            if (!isReady()) {
                return;
            }
            if (ahead.hasHead() && freshness != null) {
                ahead.setFreshness(Reads.freshness(freshness));
            }
            var message = ahead.build();
            ahead = null;
            boolean last = nextFrame == blob.plan().frames();
            out.onNext(message); // is encoded by then: its array is free for the next chunk
            box.readers().arrays().giveBack(aheadArray);
            aheadArray = ChunkArrays.NONE;
            movedAtNanos = box.stalls().now();
            if (last) {
                over = true;
                box.stalls().forget(this);
                out.onCompleted();
            } else if (!fetch(blob)) {
                return;
            }
        }
    }

    /** Answers with a failure, unless it was answered already or nobody waits for an answer. */
    private void end(Throwable failure) {
        if (over) {
            return;
        }
        over = true;
        box.stalls().forget(this);
        box.failures().end(out, failure, new Failures.Call("Get", null, task.trace()));
    }
}
