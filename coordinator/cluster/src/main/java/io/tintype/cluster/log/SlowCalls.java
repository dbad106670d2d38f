// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.log;

import com.google.protobuf.Message;
import com.google.protobuf.MessageLite;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.tintype.proto.v1.PutRequest;
import io.tintype.trace.Trace;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Times gRPC calls for blobs, and has those that were slow written down: how long the request took to come, how long it was
 * until the first answer, and how long answers took to go. Thread-safe; to be placed inside of what begins traces.
 */
public final class SlowCalls implements ServerInterceptor {
    /** Services whose calls are timed; what operators and servers ask for may take its time. */
    private static final String BLOBS = "tintype.v1.Blob";

    /** Lasts as long as its client. */
    private static final String ENDLESS = "WatchHeads";

    private final SlowRequests slow;

    /** Tells these. */
    public SlowCalls(SlowRequests slow) {
        this.slow = slow;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        var method = call.getMethodDescriptor();
        if (!slow.isOn()
                || !method.getFullMethodName().startsWith(BLOBS)
                || ENDLESS.equals(method.getBareMethodName())) {
            return next.startCall(call, headers);
        }
        var timed = new Timed<>(call, slow);
        return new Heard<>(next.startCall(timed, headers), timed);
    }

    /** Answers of a call, and when what happened. Locked by itself: a caller may go while an answer is made. */
    private static final class Timed<Q, A> extends SimpleForwardingServerCall<Q, A> {
        private static final long NOT_YET = -1;

        private final SlowRequests slow;
        private final Trace trace = Trace.current();
        private final long began;
        private @Nullable Message first;
        private long received;
        private long sent;
        private long wholeAfter = NOT_YET;
        private long answeredAfter = NOT_YET;
        private boolean ended;

        Timed(ServerCall<Q, A> call, SlowRequests slow) {
            super(call);
            this.slow = slow;
            this.began = slow.now();
        }

        synchronized void heard(Object message) {
            if (message instanceof MessageLite lite) {
                received += lite.getSerializedSize();
            }
            if (first == null && !ended && message instanceof Message one) {
                // Without the bytes behind the header, which are given back before the call ends.
                first = one instanceof PutRequest put ? put.getHeader() : one;
            }
        }

        synchronized void heardAll() {
            wholeAfter = slow.now() - began;
        }

        @Override
        public void sendMessage(A message) {
            answers(message);
            super.sendMessage(message);
        }

        private synchronized void answers(Object message) {
            if (answeredAfter == NOT_YET) {
                answeredAfter = slow.now() - began;
            }
            if (message instanceof MessageLite lite) {
                sent += lite.getSerializedSize();
            }
        }

        @Override
        public void close(Status status, Metadata trailers) {
            end(status.getCode().name());
            super.close(status, trailers);
        }

        synchronized void end(String how) {
            long took = slow.now() - began;
            if (!ended && slow.isSlow(took, received + sent)) {
                var facts = first == null ? RequestFacts.NONE : RequestFacts.of(first);
                slow.tell(new SlowRequest(
                        getMethodDescriptor().getFullMethodName(),
                        facts.about(),
                        facts.request(),
                        trace.id().orElse(""),
                        how,
                        Duration.ofNanos(took),
                        spent(took),
                        received,
                        sent));
            }
            ended = true;
            first = null;
        }

        private String spent(long took) {
            if (wholeAfter == NOT_YET) {
                return "the request had not come whole";
            }
            var come = millis(wholeAfter) + " ms until the request had come, ";
            if (answeredAfter == NOT_YET) {
                return come + millis(took - wholeAfter) + " ms until it ended without an answer";
            }
            long answered = Math.max(wholeAfter, answeredAfter);
            return come + millis(answered - wholeAfter) + " ms until the first answer, " + millis(took - answered)
                    + " ms until the last";
        }

        private static long millis(long nanos) {
            return TimeUnit.NANOSECONDS.toMillis(nanos);
        }
    }

    /** What comes of a call. */
    private static final class Heard<Q> extends SimpleForwardingServerCallListener<Q> {
        private final Timed<Q, ?> call;

        Heard(ServerCall.Listener<Q> next, Timed<Q, ?> call) {
            super(next);
            this.call = call;
        }

        @Override
        public void onMessage(Q message) {
            call.heard(message);
            super.onMessage(message);
        }

        @Override
        public void onHalfClose() {
            call.heardAll();
            super.onHalfClose();
        }

        @Override
        public void onCancel() {
            call.end("CANCELLED");
            super.onCancel();
        }
    }
}
