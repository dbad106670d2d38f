// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.Op;
import io.tintype.client.internal.net.Retrier;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
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
    private final GetRequest asked;
    private final Op op;
    private final Retrier retrier;
    private final Opener opener;
    private final DownloadSink sink;

    private final Assembly assembly;
    private final Breaks breaks = new Breaks();
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
        this.assembly = new Assembly(asked);
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
        var unused = retrier.run(op, () -> opener.open(request, breaks.avoid(), op))
                .whenComplete((opened, thrown) -> {
                    if (thrown != null) {
                        openFailed(Retrier.unwrap(thrown));
                    } else {
                        guarded(opened, () -> begin(opened));
                    }
                });
    }

    private void begin(GetStream opened) {
        var first = opened.said();
        boolean begins = !assembly.hasBegun();
        assembly.opens(first);
        if (begins) {
            sink.opened(first);
        }
        op.onCancel(() -> opened.cancel("cancelled by the reader"));
        boolean delivered = accept(opened.first(), opened);
        if (assembly.isComplete()) {
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
            } else if (assembly.isComplete()) {
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
        assembly.checkNothing(from.address());
        sink.settle();
        over = true;
        from.done();
        try {
            sink.finished();
        } catch (RuntimeException | Error e) { // who waits has heard nothing yet
            sink.failed(e);
        }
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
        assembly.add(frame, data, from.address());
        op.progress(data.size());
        breaks.progress();
        if (assembly.isComplete()) {
            synchronized (this) {
                complete = true; // the sink need not ask for more
            }
        }
        sink.data(data);
        return true;
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
                        : CallFailure.of(
                                Reason.UNAVAILABLE, "'" + asked.getName() + "' ended at byte " + assembly.position()),
                address);
    }

    private void openFailed(Throwable thrown) {
        if (assembly.hasBegun() && thrown instanceof CallFailure failure && Breaks.isGone(failure.reason())) {
            goOn(failure, "");
        } else {
            fail(breaks.why(thrown));
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
        switch (breaks.after(failure, address, assembly.isWrongAsAWhole())) {
            case RESUME -> open(assembly.rest());
            case BEGIN_ANEW -> beginAnew(failure);
            case GIVE_UP -> giveUp(failure);
        }
    }

    private void beginAnew(CallFailure failure) {
        if (!sink.restart()) {
            giveUp(failure);
            return;
        }
        assembly.forget();
        synchronized (this) {
            complete = false;
        }
        open(asked);
    }

    private void giveUp(CallFailure failure) {
        fail(Breaks.isGone(failure.reason()) ? gone(failure) : failure);
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
}
