// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.tintype.client.internal.net.CallFailure;
import io.tintype.client.internal.net.Op;
import io.tintype.client.internal.net.StallWatch;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One try at reading. The first message is asked for by itself; all others are only asked for by {@link #request}, so that
 * no more of them are ever in memory than its user wants. Thread-safe.
 */
final class GetStream extends ClientCall.Listener<Received> implements StallWatch.Watched {
    private final ClientCall<GetRequest, Received> call;
    private final String address;
    private final String name;
    private final boolean verified;
    private final StallWatch stalls;
    private final CompletableFuture<GetStream> opened = new CompletableFuture<>();

    private @Nullable Received first;
    private @Nullable Listener listener;
    private @Nullable Status end;
    private Metadata endTrailers = new Metadata();
    private @Nullable CallFailure clientFailure;
    private long awaited = 1;
    private long waitingSince = System.nanoTime();

    /**
     * Who is asked.
     *
     * @param channel leads there
     * @param address host:port
     * @param verified whether the primary has said that the version asked for is current: then the answer is not stale,
     *     whatever the replica says of itself
     */
    record Server(Channel channel, String address, boolean verified) {}

    /** Hears what follows the first message, one thing at a time. */
    interface Listener {
        /** The next message, of which nothing may be kept once this returns. */
        void message(Received message);

        /** Nothing follows; null: as it should be. */
        void end(@Nullable CallFailure failure);
    }

    private GetStream(Server server, GetRequest request, Op op, StallWatch stalls) {
        this.address = server.address();
        this.name = request.getName();
        this.verified = server.verified();
        this.stalls = stalls;
        var channel = server.channel();
        call = channel.newCall(LentBytes.GET, op.transferOptions());
    }

    /** Sends the request; the future completes with the first message, or fails with {@link CallFailure}. */
    static GetStream open(Server server, GetRequest request, Op op, StallWatch stalls) {
        var stream = new GetStream(server, request, op, stalls);
        stalls.add(stream);
        stream.call.start(stream, new Metadata());
        stream.call.request(1);
        stream.call.sendMessage(request);
        stream.call.halfClose();
        return stream;
    }

    CompletableFuture<GetStream> opened() {
        return opened;
    }

    String address() {
        return address;
    }

    /** The first message; only once {@link #opened}. */
    synchronized Received first() {
        if (first == null) {
            throw new IllegalStateException("not open");
        }
        return first;
    }

    /** What the first message says, as far as it is to be believed. */
    GetResponse said() {
        var message = first().message();
        return verified ? message.toBuilder().clearFreshness().build() : message;
    }

    /** Names who hears of what follows. Messages follow only those asked for from now on. */
    void listen(Listener next) {
        Status past;
        synchronized (this) {
            listener = next;
            past = end;
        }
        if (past != null) {
            next.end(failure(past, endTrailers));
        }
    }

    /** Asks for more messages. */
    void request(int messages) {
        synchronized (this) {
            if (awaited == 0) {
                waitingSince = System.nanoTime();
            }
            awaited += messages;
        }
        call.request(messages);
    }

    void cancel(String why) {
        call.cancel(why, null);
    }

    /** Gives up because of what was received: {@link Listener#end} will say so. */
    void cancel(CallFailure why) {
        synchronized (this) {
            clientFailure = why;
        }
        call.cancel(why.getMessage(), null);
    }

    @Override
    public void onMessage(Received message) {
        Listener hearer;
        synchronized (this) {
            awaited--;
            waitingSince = System.nanoTime();
            hearer = listener;
            if (first == null) {
                first = message;
                hearer = null;
            }
        }
        try {
            if (hearer != null) {
                hearer.message(message);
            } else {
                opened.complete(this);
            }
        } finally {
            message.giveBack();
        }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        stalls.remove(this);
        Listener hearer;
        synchronized (this) {
            end = status;
            endTrailers = trailers;
            hearer = listener;
        }
        var failure = failure(status, trailers);
        opened.completeExceptionally(
                failure != null
                        ? failure
                        : CallFailure.of(Status.INTERNAL.withDescription("an empty answer"), trailers, true));
        if (hearer != null) {
            hearer.end(failure);
        }
    }

    private synchronized @Nullable CallFailure failure(Status status, Metadata trailers) {
        if (clientFailure != null) {
            return clientFailure;
        }
        return status.isOk() ? null : CallFailure.of(status, trailers, true);
    }

    @Override
    public synchronized long waitingSinceNanos() {
        return awaited > 0 ? waitingSince : Long.MAX_VALUE;
    }

    @Override
    public void stalled(Duration timeout) {
        cancel(CallFailure.stalled("reading '" + name + "' from " + address, timeout, true));
    }
}
