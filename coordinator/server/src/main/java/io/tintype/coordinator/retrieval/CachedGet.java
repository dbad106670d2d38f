// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import io.grpc.Context;
import io.grpc.SynchronizationContext;
import io.tintype.coordinator.route.Broken;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.wire.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers one Get as a node would, with bytes from caches where they are. Everything runs in one context, in order. */
final class CachedGet implements GetStream {
    private static final Logger log = LoggerFactory.getLogger(CachedGet.class);

    /** How often a blob may be replaced between asking for its version and reading its first byte. */
    private static final int TRIES = 3;

    private final SynchronizationContext inOrder = new SynchronizationContext((thread, failure) -> broke(failure));
    private final Context context = Context.current();
    private final RetrievalGateway gateway;
    private final GetRequest request;
    private final Listener<GetResponse> listener;

    // Confined to inOrder:
    private int tries;
    private int wanted;
    private boolean headSent;
    private boolean done;
    /** The listener was told how it ended, or does not care any more. */
    private boolean told;

    private @Nullable GetResponse onlyHead;
    private @Nullable OpenBlob blob;
    private @Nullable GetStream bytes;

    CachedGet(RetrievalGateway gateway, GetRequest request, Listener<GetResponse> listener) {
        this.gateway = gateway;
        this.request = request;
        this.listener = listener;
    }

    void begin() {
        inOrder.execute(this::open);
    }

    private void open() {
        tries++;
        context.run(() -> {
            var opening = tries == 1 ? gateway.open(request) : gateway.openAtOnce(request);
            var unused = opening.whenComplete((opened, failure) -> inOrder.execute(() -> opened(opened, failure)));
        });
    }

    private void opened(@Nullable OpenBlob opened, @Nullable Throwable failure) {
        if (opened == null) {
            if (!done) {
                fail(Errors.fromWire(failure == null ? new IllegalStateException("no answer") : failure));
            }
            return;
        }
        if (done) {
            opened.close();
            return;
        }
        blob = opened;
        if (request.hasIfNotVersion()
                && request.getIfNotVersion().equals(opened.head().getVersion())) {
            onlyHead = first(opened).setNotModified(true).build();
            sendHead();
            return;
        }
        try {
            var stretch = opened.stretch(request.getRange());
            if (stretch.length() == 0) {
                onlyHead = first(opened).build();
                sendHead();
            } else {
                read(opened, stretch.first(), stretch.end());
            }
        } catch (TintypeException outside) {
            fail(outside);
        }
    }

    private void read(OpenBlob opened, long from, long to) {
        context.run(() -> bytes = opened.read(from, to, new Frames()));
        for (int i = 0; i < wanted && bytes != null; i++) {
            bytes.demand();
        }
    }

    private static GetResponse.Builder first(OpenBlob opened) {
        return GetResponse.newBuilder().setHead(opened.head()).setFreshness(opened.freshness());
    }

    /** Ends an answer that has no bytes, when it is asked for. */
    private void sendHead() {
        if (onlyHead != null && wanted > 0 && !done) {
            finish();
            listener.onMessage(onlyHead);
            told = true;
            listener.onEnd();
        }
    }

    @Override
    public void demand() {
        inOrder.execute(() -> {
            wanted++;
            if (bytes != null) {
                bytes.demand();
            } else {
                sendHead();
            }
        });
    }

    @Override
    public void release() {
        inOrder.execute(() -> {
            if (bytes != null) {
                bytes.release();
            }
        });
    }

    @Override
    public void cancel(String why) {
        inOrder.execute(() -> {
            told = true;
            finish();
            if (bytes != null) {
                bytes.cancel(why);
            }
        });
    }

    private void finish() {
        done = true;
        if (blob != null) {
            blob.close();
        }
    }

    /** A step threw what nobody expected. The read ends with it: nobody else would tell the caller. */
    private void broke(Throwable failure) {
        log.error("a read failed", failure);
        if (!told) {
            if (bytes != null) {
                bytes.cancel("the read failed");
            }
            fail(Broken.of(failure));
        }
    }

    private void fail(TintypeException failure) {
        told = true;
        finish();
        listener.onFailed(failure);
    }

    private final class Frames implements Listener<Frame> {
        @Override
        public void onMessage(Frame frame) {
            inOrder.execute(() -> {
                if (done || blob == null) {
                    return;
                }
                wanted--;
                var message = (headSent ? GetResponse.newBuilder() : first(blob)).setFrame(frame.message());
                headSent = true;
                listener.onMessage(message.build());
            });
        }

        @Override
        public void onEnd() {
            inOrder.execute(() -> {
                if (!done) {
                    told = true;
                    finish();
                    listener.onEnd();
                }
            });
        }

        @Override
        public void onFailed(TintypeException failure) {
            inOrder.execute(() -> {
                if (bytes != null) {
                    bytes.release(); // messages have copies
                }
                if (done) {
                    return;
                }
                if (failure.reason() != Reason.VERSION_GONE || headSent) {
                    fail(failure);
                    return;
                }
                bytes = null;
                if (blob != null) {
                    blob.close();
                }
                if (tries < TRIES) {
                    open();
                } else {
                    readPastCaches();
                }
            });
        }
    }

    /** The blob is replaced all the time: a node finds version and bytes in one step. */
    private void readPastCaches() {
        context.run(() -> bytes = gateway.uncached(request, new Passed()));
        for (int i = 0; i < wanted && bytes != null; i++) {
            bytes.demand();
        }
    }

    private final class Passed implements Listener<GetResponse> {
        @Override
        public void onMessage(GetResponse message) {
            inOrder.execute(() -> {
                if (!done) {
                    wanted--;
                    listener.onMessage(message);
                }
            });
        }

        @Override
        public void onEnd() {
            inOrder.execute(() -> {
                if (!done) {
                    told = true;
                    finish();
                    listener.onEnd();
                }
            });
        }

        @Override
        public void onFailed(TintypeException failure) {
            inOrder.execute(() -> {
                if (!done) {
                    fail(failure);
                }
            });
        }
    }
}
