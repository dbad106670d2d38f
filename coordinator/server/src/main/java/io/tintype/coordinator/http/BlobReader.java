// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.retrieval.GetStream;
import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Answers one GET of a blob. A frame is asked for when the one before it has gone to the client's connection, so that a slow
 * client costs one frame.
 *
 * <p>Every frame's checksum is verified before it leaves: HTTP clients could not do so. Where one is wrong, or the node fails
 * in the middle, the connection is cut, so that no client takes a part for the whole.
 */
final class BlobReader implements GetStream.Listener<GetResponse> {
    /** How often a blob may change between looking at it and reading it. */
    private static final int TRIES = 3;

    private final RetrievalGateway gateway;
    private final Request request;
    private final Response response;
    private final Callback callback;
    private final GetRequest.Builder wanted;
    private final Optional<RangeHeader> range;
    private final ReadConditions conditions;

    private @Nullable GetStream stream;
    private boolean begun;
    private boolean done;
    private boolean partial;
    private long position;
    private long end;
    private int tries;

    BlobReader(RetrievalGateway gateway, BlobPath path, Request request, Response response, Callback callback) {
        this.gateway = gateway;
        this.request = request;
        this.response = response;
        this.callback = callback;
        this.range = RangeHeader.parse(request.getHeaders().get(HttpHeader.RANGE));
        this.conditions = ReadConditions.of(request.getHeaders());
        this.wanted = GetRequest.newBuilder()
                .setUser(path.user().value())
                .setName(String.valueOf(path.nameOrNull()))
                .setOptions(ReadDemand.of(request.getHeaders()));
        if (ReadDemand.isExact(wanted.getOptions())) {
            wanted.setIfVersion(Wire.version(conditions.exact()));
        }
    }

    /** Begins; everything else happens as nodes and client allow. */
    void begin() {
        conditions.onlyUnwanted().ifPresent(version -> wanted.setIfNotVersion(Wire.version(version)));
        if (range.isEmpty()) {
            read();
        } else if (range.get().needsSize() || request.getHeaders().contains(HttpHeader.IF_RANGE)) {
            lookThenRead(range.get());
        } else {
            wanted.setRange(range.get().toWire(0));
            partial = true;
            read();
        }
    }

    private void lookThenRead(RangeHeader asked) {
        var head = HeadRequest.newBuilder()
                .setUser(wanted.getUser())
                .setName(wanted.getName())
                .setOptions(wanted.getOptions());
        if (ReadDemand.isExact(wanted.getOptions())) {
            head.setIfVersion(wanted.getIfVersion());
        }
        var unused = gateway.head(head.build()).whenComplete((answer, failure) -> {
            if (failure != null) {
                fail(Errors.fromWire(failure));
                return;
            }
            var found = answer.getHead();
            partial = ReadConditions.rangeApplies(request.getHeaders().get(HttpHeader.IF_RANGE), found);
            if (partial && asked.needsSize() && found.getSize() == 0) {
                fail(unsatisfiable(found.getSize()));
                return;
            }
            if (partial) {
                wanted.setRange(asked.toWire(found.getSize()));
            } else {
                wanted.clearRange();
            }
            wanted.setIfVersion(found.getVersion());
            read();
        });
    }

    private static TintypeException unsatisfiable(long size) {
        return new TintypeException(
                Reason.RANGE_NOT_SATISFIABLE, "The blob has " + size + " bytes; none of them is in the range.");
    }

    private void read() {
        tries++;
        var begunStream = gateway.get(wanted.build(), this);
        stream = begunStream;
        begunStream.demand();
    }

    @Override
    public void onMessage(GetResponse message) {
        if (done) {
            return;
        }
        if (!begun) {
            begun = true;
            if (!beginAnswer(message)) {
                done = true;
                cancel("answered without bytes");
                return;
            }
        }
        if (message.hasFrame() && message.getFrame().getData().size() > 0) {
            send(message.getFrame());
        } else if (position == end) {
            finish();
        } else {
            demand();
        }
    }

    /** Sets status and headers; false where no bytes follow, and the answer is complete. */
    private boolean beginAnswer(GetResponse first) {
        var head = first.getHead();
        var verdict = first.getNotModified() ? ReadConditions.Verdict.NOT_MODIFIED : conditions.judge(head);
        switch (verdict) {
            case NOT_MODIFIED -> {
                notModified(response, callback, head);
                return false;
            }
            case FAILED -> {
                Failures.answer(response, callback, conflict(head));
                return false;
            }
            case SEND -> {}
        }
        BlobHeaders.write(head, response.getHeaders());
        ReadDemand.write(first.getFreshness(), response.getHeaders());
        long size = head.getSize();
        if (partial) {
            position = wanted.getRange().getOffset();
            long length = wanted.getRange().getLength();
            end = length == 0 || length > size - position ? size : position + length;
            response.setStatus(HttpStatus.PARTIAL_CONTENT_206);
            response.getHeaders().put(HttpHeader.CONTENT_RANGE, "bytes " + position + "-" + (end - 1) + "/" + size);
        } else {
            end = size;
            response.setStatus(HttpStatus.OK_200);
        }
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, end - position);
        return true;
    }

    static void notModified(Response response, Callback callback, BlobHead head) {
        BlobHeaders.write(head, response.getHeaders());
        response.getHeaders().remove(HttpHeader.CONTENT_TYPE);
        response.setStatus(HttpStatus.NOT_MODIFIED_304);
        response.write(true, BufferUtil.EMPTY_BUFFER, callback);
    }

    static TintypeException conflict(BlobHead head) {
        return new TintypeException(
                Reason.VERSION_CONFLICT,
                "The current version is not the one that If-Match asks for.",
                Map.of(TintypeException.CURRENT_VERSION, head.getEtag()));
    }

    private void send(DataFrame frame) {
        var data = frame.getData();
        if (Crc32c.of(data) != frame.getCrc32C()) {
            fail(new TintypeException(
                    Reason.CORRUPT_DATA, "Bytes from " + frame.getOffset() + " on were damaged on their way here."));
            return;
        }
        if (frame.getOffset() != position || data.size() > end - position) {
            fail(new TintypeException(Reason.INTERNAL, "The storage node sent other bytes than were asked for."));
            return;
        }
        position += data.size();
        boolean last = position == end;
        if (last) {
            done = true;
            response.write(true, data.asReadOnlyByteBuffer(), callback);
        } else {
            response.write(false, data.asReadOnlyByteBuffer(), Callback.from(this::demand, this::clientGone));
        }
    }

    private void finish() {
        done = true;
        response.write(true, BufferUtil.EMPTY_BUFFER, callback);
    }

    private void clientGone(Throwable failure) {
        cancel("the client has gone");
        callback.failed(failure);
    }

    private void demand() {
        if (stream != null) {
            stream.demand();
        }
    }

    private void cancel(String why) {
        if (stream != null) {
            stream.cancel(why);
        }
    }

    @Override
    public void onEnd() {
        if (!done) {
            fail(new TintypeException(
                    Reason.INTERNAL, "The storage node ended the blob at " + position + " instead of " + end + "."));
        }
    }

    @Override
    public void onFailed(TintypeException failure) {
        if (done) {
            return;
        }
        boolean changedMeanwhile =
                failure.reason() == Reason.VERSION_CONFLICT && wanted.hasIfVersion() && tries < TRIES;
        if (changedMeanwhile && !begun && range.isPresent()) {
            lookThenRead(range.get());
        } else {
            fail(failure);
        }
    }

    private void fail(TintypeException failure) {
        done = true;
        cancel("the answer failed");
        Failures.answer(response, callback, failure);
    }
}
