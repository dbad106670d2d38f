// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.coordinator.rendition.ImageFormat;
import io.tintype.coordinator.rendition.Rendition;
import io.tintype.coordinator.rendition.RenditionRefusal;
import io.tintype.coordinator.rendition.RenditionSpec;
import io.tintype.coordinator.rendition.Renditions;
import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.wire.Errors;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/**
 * Answers one GET or HEAD of a rendition: finds out which version of the image is current, as for the image itself, and sends
 * the rendition of that version. Ranges are answered with the whole, as the RFC allows.
 */
final class RenditionReader {
    /** How often an image may be replaced while its rendition is made. */
    private static final int TRIES = 3;

    private final RetrievalGateway gateway;
    private final Renditions renditions;
    private final Representation.Choice choice;
    private final RenditionSpec spec;
    private final ReadConditions conditions;
    private final Request request;
    private final Response response;
    private final Callback callback;
    private final HeadRequest wanted;
    private int tries;

    /** Checks the headers; throws {@link TintypeException} where they are not legal. */
    RenditionReader(
            RetrievalGateway gateway,
            Renditions renditions,
            Representation.Choice choice,
            RenditionSpec spec,
            BlobPath path,
            Request request,
            Response response,
            Callback callback) {
        this.gateway = gateway;
        this.renditions = renditions;
        this.choice = choice;
        this.spec = spec;
        this.request = request;
        this.response = response;
        this.callback = callback;
        this.conditions = ReadConditions.of(request.getHeaders());
        this.wanted = HeadRequest.newBuilder()
                .setUser(path.user().value())
                .setName(String.valueOf(path.nameOrNull()))
                .setOptions(ReadDemand.of(request.getHeaders()))
                .build();
        if (ReadDemand.isExact(wanted.getOptions())) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "Renditions are of the current version; leave Tintype-Consistency: exact out.");
        }
    }

    /** Begins; everything else happens as nodes and client allow. */
    void begin() {
        tries++;
        // A lease may go on naming a version that is no more: after that, it is for the node to say which one is
        // current.
        var asked = tries == 1 ? wanted : wanted.toBuilder().clearOptions().build();
        Failures.orAnswer(gateway.head(asked), response, callback, this::judge);
    }

    private void judge(HeadResponse answer) {
        var head = answer.getHead();
        // Strong tags alone count for If-Match, and renditions have none.
        boolean named =
                conditions.match().isPresent() && !conditions.match().get().any();
        if (named || conditions.judge(head) == ReadConditions.Verdict.FAILED) {
            Failures.answer(response, callback, BlobReader.conflict(head));
            return;
        }
        if (isUnchanged(head)) {
            write(answer, HttpStatus.NOT_MODIFIED_304);
            response.write(true, BufferUtil.EMPTY_BUFFER, callback);
            return;
        }
        var waiting = renditions.get(head, spec);
        request.addFailureListener(
                gone -> { // as over HTTP/2, where clients can say so
                    if (waiting.cancel(false)) {
                        callback.failed(gone);
                    }
                });
        var unused = waiting.thenAccept(made -> sendOrRelease(answer, made)).whenComplete((done, failure) -> {
            if (failure != null && !waiting.isCancelled()) {
                fail(Errors.isBug(failure) ? failure : Errors.fromWire(failure));
            }
        });
    }

    /** Its tag is another than the image's, and weak: which bytes exactly come out is the libraries' affair. */
    private String tag(BlobHead head) {
        return "W/\"" + head.getEtag() + '.' + spec.text() + '"';
    }

    private boolean isUnchanged(BlobHead head) {
        var tags = BlobHeaders.joined(request.getHeaders(), HttpHeader.IF_NONE_MATCH);
        if (tags == null) {
            return conditions.judge(head) == ReadConditions.Verdict.NOT_MODIFIED;
        }
        return tags.trim().equals("*") || tags.contains(tag(head).substring(2));
    }

    private void write(HeadResponse answer, int status) {
        var head = answer.getHead();
        var out = response.getHeaders();
        response.setStatus(status);
        out.put(HttpHeader.ETAG, tag(head));
        out.put("X-Content-Type-Options", "nosniff");
        choice.of(head, request.getHeaders()).writeOfVersion(out);
        ReadDemand.write(answer.getFreshness(), request, out);
    }

    private void sendOrRelease(HeadResponse answer, Rendition rendition) {
        Sending sending;
        try {
            sending = begin(answer, rendition);
        } catch (RuntimeException | Error e) {
            rendition.release();
            throw e;
        }
        sending.write(); // which gives it back, however it ends
    }

    private Sending begin(HeadResponse answer, Rendition rendition) {
        write(answer, HttpStatus.OK_200);
        Deque<ByteBuffer> unsent = new ArrayDeque<>(rendition.buffers());
        if (unsent.isEmpty()) {
            unsent.add(BufferUtil.EMPTY_BUFFER);
        }
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, ImageFormat.contentTypeOf(unsent.getFirst()));
        response.getHeaders()
                .put(
                        HttpHeader.CONTENT_LENGTH,
                        unsent.stream().mapToLong(ByteBuffer::remaining).sum());
        return new Sending(unsent, rendition);
    }

    /** Sends a rendition, which may lie in several buffers, and gives it back. */
    private final class Sending implements Callback {
        private final Deque<ByteBuffer> unsent;
        private final Rendition rendition;
        private final AtomicBoolean over = new AtomicBoolean();

        Sending(Deque<ByteBuffer> unsent, Rendition rendition) {
            this.unsent = unsent;
            this.rendition = rendition;
        }

        void write() {
            var next = unsent.removeFirst();
            try {
                response.write(unsent.isEmpty(), next, this);
            } catch (RuntimeException | Error notBegun) { // Jetty, whose callback this mostly is, would tell nobody
                if (ends()) {
                    fail(notBegun);
                }
            }
        }

        @Override
        public void succeeded() {
            if (!unsent.isEmpty()) {
                write();
            } else if (ends()) {
                callback.succeeded();
            }
        }

        @Override
        public void failed(Throwable failure) {
            if (ends()) {
                callback.failed(failure);
            }
        }

        /** Gives the rendition back, once: another may have its bytes then. */
        private boolean ends() {
            boolean first = over.compareAndSet(false, true);
            if (first) {
                rendition.release();
            }
            return first;
        }
    }

    private void fail(Throwable failure) {
        boolean replaced = failure instanceof TintypeException cause && cause.reason() == Reason.VERSION_GONE;
        if (replaced && tries < TRIES) {
            begin();
        } else if (failure instanceof RenditionRefusal refusal) {
            int status =
                    refusal.isNoImage() ? HttpStatus.UNSUPPORTED_MEDIA_TYPE_415 : HttpStatus.UNPROCESSABLE_ENTITY_422;
            Failures.answer(response, callback, status, refusal);
        } else {
            Failures.answer(response, callback, failure);
        }
    }
}
