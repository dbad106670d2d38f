// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.transfer;

import com.google.common.util.concurrent.MoreExecutors;
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
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One try at reading. The first message is asked for by itself; all others are only asked for by {@link #request}, so that
 * no more of them are ever in memory than its user wants. Thread-safe.
 *
 * <p>Hears from the transport on its own threads, and there does next to nothing: what takes time, or somebody's word, is
 * done one after the other by whoever waits for it. So nobody is woken for what concerns nobody, such as headers, or an end
 * after everything has come.
 */
final class GetStream extends ClientCall.Listener<Received> implements StallWatch.Watched {
    private final ClientCall<GetRequest, Received> call;
    private final String address;
    private final String name;
    private final boolean verified;
    private final StallWatch stalls;
    private final Executor hearing;
    private final CompletableFuture<GetStream> opened = new CompletableFuture<>();

    private @Nullable Received first;
    private @Nullable Listener listener;
    private @Nullable Status end;
    private Metadata endTrailers = new Metadata();
    private @Nullable CallFailure clientFailure;
    private long awaited = 1;
    private long waitingSince = System.nanoTime();
    private boolean done;

    /**
     * Who is asked.
     *
     * @param channel leads there
     * @param address host:port
     * @param verified whether the primary has said that the version asked for is current: then the answer is not stale,
     *     whatever the replica says of itself
     */
    record Server(Channel channel, String address, boolean verified) {}

    /**
     * Who looks after it.
     *
     * @param stalls end it when it stands still
     * @param workers do what comes in where no thread of the application waits for it
     */
    record Watch(StallWatch stalls, Executor workers) {}

    /** Hears what follows the first message, one thing at a time. */
    interface Listener {
        /** The next message, of which nothing may be kept once this returns. */
        void message(Received message);

        /** Nothing follows; null: as it should be. */
        void end(@Nullable CallFailure failure);
    }

    private GetStream(Server server, GetRequest request, Op op, Watch watch) {
        this.address = server.address();
        this.name = request.getName();
        this.verified = server.verified();
        this.stalls = watch.stalls();
        this.hearing = MoreExecutors.newSequentialExecutor(op.waitingOr(watch.workers()));
        var options = op.transferOptions().withExecutor(MoreExecutors.directExecutor());
        call = server.channel().newCall(LentBytes.GET, options);
    }

    /** Sends the request; the future completes with the first message, or fails with {@link CallFailure}. */
    static GetStream open(Server server, GetRequest request, Op op, Watch watch) {
        var stream = new GetStream(server, request, op, watch);
        watch.stalls().add(stream);
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

    /** Nobody wants to hear of it any more: all that was wanted has come, and how it ends is of no interest. */
    synchronized void done() {
        done = true;
        awaited = Math.max(1, awaited); // the end, without which the stream would be open for ever
        waitingSince = System.nanoTime();
    }

    @Override
    public void onMessage(Received message) {
        synchronized (this) {
            awaited--;
            waitingSince = System.nanoTime();
        }
        hear(() -> received(message));
    }

    private void received(Received message) {
        Listener hearer;
        synchronized (this) {
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
        boolean unheard;
        synchronized (this) {
            unheard = done;
        }
        if (!unheard) {
            hear(() -> closed(status, trailers));
        }
    }

    private void closed(Status status, Metadata trailers) {
        Listener hearer;
        synchronized (this) {
            if (done) {
                return;
            }
            end = status;
            endTrailers = trailers;
            hearer = listener;
        }
        var failure = failure(status, trailers);
        if (!opened.isDone()) { // else nobody needs a failure, and making one costs more than all else here
            opened.completeExceptionally(
                    failure != null
                            ? failure
                            : CallFailure.of(Status.INTERNAL.withDescription("an empty answer"), trailers, true));
        }
        if (hearer != null) {
            hearer.end(failure);
        }
    }

    private void hear(Runnable news) {
        try {
            hearing.execute(news);
        } catch (RejectedExecutionException closed) {
            news.run(); // the client was closed meanwhile: its workers are gone, and only failures are left to tell
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
