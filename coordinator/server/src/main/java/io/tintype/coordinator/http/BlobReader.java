// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.grpc.Context;
import io.tintype.coordinator.http.RangeHeader.Span;
import io.tintype.coordinator.retrieval.OpenBlob;
import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.ByteRange;
import io.tintype.proto.v1.Freshness;
import io.tintype.proto.v1.GetRequest;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.util.List;
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
 * Answers one GET of a blob: finds out which version is current, judges the request's conditions by it, and has its bytes
 * sent. Where the blob is replaced before the first byte has left, it begins anew.
 */
final class BlobReader {
    /** How often a blob may change between looking at it and reading it. */
    private static final int TRIES = 3;

    private final RetrievalGateway gateway;
    private final Representation.Choice choice;
    private final Request request;
    private final Response response;
    private final Callback callback;
    private final Optional<RangeHeader> range;
    private final ReadConditions conditions;
    private final GetRequest wanted;
    private final Context context = Context.current();
    private int tries;

    /** Checks the headers; throws {@link TintypeException} where they are not legal. */
    BlobReader(
            RetrievalGateway gateway,
            Representation.Choice choice,
            BlobPath path,
            Request request,
            Response response,
            Callback callback) {
        this.gateway = gateway;
        this.choice = choice;
        this.request = request;
        this.response = response;
        this.callback = callback;
        this.range = RangeHeader.parse(request.getHeaders().get(HttpHeader.RANGE));
        this.conditions = ReadConditions.of(request.getHeaders());
        var asked = GetRequest.newBuilder()
                .setUser(path.user().value())
                .setName(String.valueOf(path.nameOrNull()))
                .setOptions(ReadDemand.of(request.getHeaders()));
        if (ReadDemand.isExact(asked.getOptions())) {
            asked.setIfVersion(Wire.version(conditions.exact()));
        }
        conditions.onlyUnwanted().ifPresent(version -> asked.setIfNotVersion(Wire.version(version)));
        range.ifPresent(ranges -> asked.setRange(ByteRange.newBuilder().setOffset(ranges.hint())));
        this.wanted = asked.build();
    }

    /** Begins; everything else happens as nodes and client allow. */
    void begin() {
        tries++;
        var opening = tries == 1 ? gateway.open(wanted) : gateway.openAtOnce(wanted);
        var unused = opening.whenComplete((blob, failure) -> {
            if (failure != null) {
                Failures.answer(response, callback, failure);
            } else {
                context.run(() -> answerOrFail(blob));
            }
        });
    }

    private void answerOrFail(OpenBlob blob) {
        try {
            answer(blob);
        } catch (RuntimeException | Error e) { // nobody else would tell the client
            blob.close();
            fail(blob, Errors.isBug(e) ? e : Errors.fromWire(e));
        }
    }

    private void answer(OpenBlob blob) {
        var head = blob.head();
        var chosen = choice.of(head, request.getHeaders());
        switch (conditions.judge(head)) {
            case NOT_MODIFIED -> {
                blob.close();
                notModified(response, callback, chosen, blob.freshness());
            }
            case FAILED -> {
                blob.close();
                Failures.answer(response, callback, conflict(head));
            }
            case SEND -> send(blob, chosen, spans(head));
        }
    }

    /** The stretches to send; none: the whole blob. */
    private List<Span> spans(BlobHead head) {
        String ifRange = request.getHeaders().get(HttpHeader.IF_RANGE);
        return range.filter(asked -> ReadConditions.rangeApplies(ifRange, head))
                .map(asked -> asked.in(head.getSize()))
                .orElse(List.of());
    }

    private void send(OpenBlob blob, Representation wanted, List<Span> spans) {
        var gzip = wanted.gzip() ? choice.compression().begin() : null;
        try {
            send(blob, gzip == null ? wanted.identity() : wanted, gzip, spans);
        } catch (RuntimeException | Error e) {
            if (gzip != null) {
                gzip.close();
            }
            throw e;
        }
    }

    private void send(OpenBlob blob, Representation chosen, @Nullable GzipStream gzip, List<Span> spans) {
        var head = blob.head();
        long size = head.getSize();
        chosen.write(response.getHeaders());
        ReadDemand.write(blob.freshness(), request, response.getHeaders());
        if (spans.size() > 1) {
            var parts = Multipart.of(spans, head);
            response.setStatus(HttpStatus.PARTIAL_CONTENT_206);
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, parts.contentType());
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, parts.length());
            new SpanSender(blob, spans, parts, null, response, callback, failure -> fail(blob, failure)).begin();
            return;
        }
        boolean whole = spans.isEmpty();
        var span = whole ? new Span(0, size) : spans.get(0);
        response.setStatus(whole ? HttpStatus.OK_200 : HttpStatus.PARTIAL_CONTENT_206);
        if (gzip == null) {
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, span.length());
        }
        if (!whole) {
            response.getHeaders().put(HttpHeader.CONTENT_RANGE, span.contentRange(size));
        }
        if (span.length() == 0) {
            blob.close();
            response.write(true, BufferUtil.EMPTY_BUFFER, callback);
        } else {
            new SpanSender(
                            blob,
                            List.of(span),
                            Multipart.NONE,
                            gzip,
                            response,
                            callback,
                            failure -> fail(blob, failure))
                    .begin();
        }
    }

    private void fail(OpenBlob blob, Throwable failure) {
        blob.close();
        boolean replaced = failure instanceof TintypeException cause && cause.reason() == Reason.VERSION_GONE;
        if (replaced && !response.isCommitted() && tries < TRIES) {
            response.reset();
            begin();
            return;
        }
        boolean outside = failure instanceof TintypeException cause && cause.reason() == Reason.RANGE_NOT_SATISFIABLE;
        Failures.answer(
                response, callback, failure, outside ? "bytes */" + blob.head().getSize() : null);
    }

    static void notModified(Response response, Callback callback, Representation chosen, Freshness freshness) {
        chosen.write(response.getHeaders());
        ReadDemand.write(freshness, response.getRequest(), response.getHeaders());
        response.getHeaders().remove(HttpHeader.CONTENT_TYPE);
        response.getHeaders().remove(HttpHeader.CONTENT_ENCODING);
        response.setStatus(HttpStatus.NOT_MODIFIED_304);
        response.write(true, BufferUtil.EMPTY_BUFFER, callback);
    }

    static TintypeException conflict(BlobHead head) {
        return new TintypeException(
                Reason.VERSION_CONFLICT,
                "The current version is not the one that If-Match or If-Unmodified-Since asks for.",
                Map.of(TintypeException.CURRENT_VERSION, head.getEtag()));
    }
}
