// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import io.tintype.checksum.Crc32c;
import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.Op;
import io.tintype.client.internal.net.Retrier;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One blob on its way to a sink: every frame is checked, the whole is checked before its last frame is handed out, and a
 * stream that breaks is taken up again where it broke, in the same version.
 *
 * <p>{@link #request} and {@link #cancel} may be called by any thread. Streams follow each other: the next one is opened
 * when the last word of the one before has been heard.
 */
public final class Download implements GetStream.Listener {
    private static final int MAX_RESTARTS = 3;

    private final GetRequest asked;
    private final Op op;
    private final Retrier retrier;
    private final Opener opener;
    private final DownloadSink sink;

    private final Set<String> avoid = new HashSet<>();
    private @Nullable BlobHead head;
    private long position;
    private long end;
    private Crc32c.Running sum = new Crc32c.Running();
    private int corruptions;
    private int restarts;
    private boolean over;

    // Guarded by this.
    private @Nullable GetStream stream;
    private long wanted = 1;
    private boolean complete;
    private boolean cancelled;

    /** Opens streams, wherever they are to be had. */
    interface Opener {
        /** Completes when the first message is there; fails with {@link CallFailure}. */
        CompletableFuture<GetStream> open(GetRequest request, Set<String> avoid, Op op);
    }

    Download(GetRequest asked, Op op, Retrier retrier, Opener opener, DownloadSink sink) {
        this.asked = asked;
        this.op = op;
        this.retrier = retrier;
        this.opener = opener;
        this.sink = sink;
    }

    /** Begins; the first frame comes without being asked for. */
    void start() {
        open(asked);
    }

    /** Asks for so many more frames. */
    public void request(int frames) {
        GetStream current;
        int ask;
        synchronized (this) {
            long before = Math.max(0, wanted);
            wanted += frames;
            ask = complete ? 0 : (int) (Math.max(0, wanted) - before);
            current = stream;
        }
        if (current != null && ask > 0) {
            current.request(ask);
        }
    }

    /** Wants nothing more; the sink hears {@link DownloadSink#failed} unless it was over already. */
    public void cancel() {
        GetStream current;
        synchronized (this) {
            cancelled = true;
            current = stream;
        }
        if (current != null) {
            current.cancel("cancelled by the reader");
        }
        op.cancel();
    }

    private void open(GetRequest request) {
        var unused = retrier.run(op, () -> opener.open(request, avoid, op)).whenComplete((opened, thrown) -> {
            if (thrown != null) {
                openFailed(Retrier.unwrap(thrown));
            } else {
                guarded(opened, () -> begin(opened));
            }
        });
    }

    private void begin(GetStream opened) {
        var first = opened.said();
        if (head == null) {
            head = first.getHead();
            position = asked.getRange().getOffset();
            long length = asked.getRange().getLength();
            long size = head.getSize();
            end = length == 0 || length > size - position ? size : position + length;
            if (first.getNotModified()) {
                end = position;
            }
            sink.opened(first);
        } else if (!first.getHead().getVersion().equals(head.getVersion())) {
            throw CallFailure.of(
                    Reason.VERSION_GONE, "'" + asked.getName() + "' changed while it was read; start over");
        }
        op.onCancel(() -> opened.cancel("cancelled by the reader"));
        boolean delivered = accept(opened.first(), opened);
        if (position == end) {
            finish(opened);
            return;
        }
        int ask;
        synchronized (this) {
            wanted -= delivered ? 1 : 0;
            stream = opened;
            ask = (int) Math.max(0, wanted);
        }
        opened.listen(this);
        if (ask > 0) {
            opened.request(ask);
        }
    }

    @Override
    public void message(Received message) {
        GetStream from;
        synchronized (this) {
            from = stream;
        }
        if (from == null || over) {
            return;
        }
        guarded(from, () -> {
            if (!accept(message, from)) {
                from.request(1);
            } else if (position == end) {
                finish(from);
            } else {
                synchronized (this) {
                    wanted--;
                }
            }
        });
    }

    /** Every byte is here and checked: how the stream ends changes nothing. */
    private void finish(GetStream from) {
        if (isWhole() && end == 0 && head().getCrc32C() != Crc32c.EMPTY && !asked.hasIfNotVersion()) {
            throw corrupt("it came empty, with another checksum", from);
        }
        over = true;
        from.done();
        sink.finished();
    }

    /** Runs what may find the stream wrong, or throw out of the sink. */
    private void guarded(GetStream from, Runnable step) {
        try {
            step.run();
        } catch (CallFailure wrong) {
            synchronized (this) {
                stream = from;
            }
            from.cancel(wrong);
            from.listen(this);
        } catch (RuntimeException | Error e) {
            from.cancel("the receiver failed");
            fail(e);
        }
    }

    /** Checks and hands on what a message carries; false: nothing. */
    private boolean accept(Received message, GetStream from) {
        return message.message().hasFrame()
                && message.take(data -> accept(message.message().getFrame(), data, from));
    }

    private boolean accept(DataFrame frame, Pieces data, GetStream from) {
        if (data.size() == 0) {
            return false;
        }
        if (frame.getOffset() != position || data.size() > end - position) {
            throw corrupt(
                    "bytes " + frame.getOffset() + " to " + (frame.getOffset() + data.size()) + " came where "
                            + position + " to at most " + end + " were due",
                    from);
        }
        if (data.crc() != frame.getCrc32C()) {
            throw corrupt("bytes from " + position + " on fail their checksum", from);
        }
        sum.add(frame.getCrc32C(), data.size());
        if (isWhole() && position + data.size() == end && sum.crc() != head().getCrc32C()) {
            throw corrupt("the whole fails its checksum", from);
        }
        position += data.size();
        op.progress(data.size());
        if (position == end) {
            synchronized (this) {
                complete = true; // the sink need not ask for more
            }
        }
        sink.data(data);
        return true;
    }

    private CallFailure corrupt(String what, GetStream from) {
        return CallFailure.of(Reason.CORRUPT_DATA, "'" + asked.getName() + "' from " + from.address() + ": " + what);
    }

    @Override
    public void end(@Nullable CallFailure failure) {
        if (over) {
            return;
        }
        String address;
        synchronized (this) {
            address = stream == null ? "" : stream.address();
            stream = null;
        }
        goOn(
                failure != null
                        ? failure
                        : CallFailure.of(Reason.UNAVAILABLE, "'" + asked.getName() + "' ended at byte " + position),
                address);
    }

    private void openFailed(Throwable thrown) {
        if (head != null && thrown instanceof CallFailure failure && isGone(failure.reason())) {
            goOn(failure, "");
        } else {
            fail(thrown);
        }
    }

    /** A stream broke: take it up again, begin anew, or give up. */
    private void goOn(CallFailure failure, String address) {
        synchronized (this) {
            if (cancelled) {
                fail(failure);
                return;
            }
        }
        var reason = failure.reason();
        if (reason == Reason.CORRUPT_DATA) {
            corruptions++;
            avoid.add(address);
            if (corruptions > 1) {
                fail(failure);
            } else {
                resumeOrBeginAnew(failure);
            }
        } else if (isGone(reason)) {
            beginAnew(failure);
        } else if (reason.isTransient()) {
            avoid.clear();
            resumeOrBeginAnew(failure);
        } else {
            fail(failure);
        }
    }

    private void resumeOrBeginAnew(CallFailure failure) {
        // Where the whole was found wrong nobody knows which part is, so none of it is kept.
        if (failure.reason() == Reason.CORRUPT_DATA && isWhole() && (end == 0 || sum.length() > position)) {
            beginAnew(failure);
        } else if (head == null) {
            open(asked);
        } else {
            long length = asked.getRange().getLength() == 0 ? 0 : end - position;
            var rest = asked.toBuilder().clearIfNotVersion().setIfVersion(head().getVersion());
            rest.getRangeBuilder().setOffset(position).setLength(length);
            open(rest.build());
        }
    }

    private void beginAnew(CallFailure failure) {
        restarts++;
        if (restarts > MAX_RESTARTS || !sink.restart()) {
            fail(isGone(failure.reason()) ? gone(failure) : failure);
            return;
        }
        head = null;
        sum = new Crc32c.Running();
        synchronized (this) {
            complete = false;
        }
        open(asked);
    }

    private CallFailure gone(CallFailure cause) {
        return CallFailure.of(new TintypeException(
                Reason.VERSION_GONE,
                "'" + asked.getName() + "' was replaced or deleted while it was read; start over",
                cause.failure().details(),
                null,
                cause));
    }

    private void fail(Throwable failure) {
        if (!over) {
            over = true;
            sink.failed(failure);
        }
    }

    private boolean isWhole() {
        return !asked.hasRange()
                || (asked.getRange().getOffset() == 0 && asked.getRange().getLength() == 0);
    }

    private static boolean isGone(Reason reason) {
        return reason == Reason.VERSION_GONE || reason == Reason.VERSION_CONFLICT || reason == Reason.BLOB_NOT_FOUND;
    }

    private BlobHead head() {
        if (head == null) {
            throw new IllegalStateException("not open");
        }
        return head;
    }
}
