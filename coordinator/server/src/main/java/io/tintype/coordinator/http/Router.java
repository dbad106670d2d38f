// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.coordinator.rendition.RenditionSpec;
import io.tintype.coordinator.rendition.Renditions;
import io.tintype.coordinator.retrieval.RetrievalGateway;
import io.tintype.coordinator.upload.UploadGateway;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.DeleteRequest;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.wire.Wire;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Finds out what a request wants and has it done. Runs on Jetty's threads; never blocks. */
final class Router extends Handler.Abstract.NonBlocking {
    private final @Nullable UploadGateway upload;
    private final @Nullable RetrievalGateway retrieval;
    private final @Nullable Renditions renditions;
    private final StatusPages status;
    private final Access access;
    private final Cors cors;
    private final Compression compression;
    private final InstantSource clock;

    /**
     * @param upload null: this coordinator takes no changes
     * @param retrieval null: this coordinator serves no reads
     * @param renditions null: it makes no renditions
     */
    Router(
            @Nullable UploadGateway upload,
            @Nullable RetrievalGateway retrieval,
            @Nullable Renditions renditions,
            StatusPages status,
            Access access,
            Cors cors,
            Compression compression,
            InstantSource clock) {
        this.upload = upload;
        this.retrieval = retrieval;
        this.renditions = renditions;
        this.status = status;
        this.access = access;
        this.cors = cors;
        this.compression = compression;
        this.clock = clock;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        var answer = cors.on(request, response);
        try {
            route(request, answer, callback);
        } catch (RuntimeException e) {
            Failures.answer(answer, callback, e);
        }
        return true;
    }

    private void route(Request request, Response response, Callback callback) {
        String path = request.getHttpURI().getPath();
        if (status.answer(path, request, response, callback)) {
            return;
        }
        if (StatusPages.has(path)) {
            notAllowed(request, response, callback, "GET, HEAD");
            return;
        }
        var target = BlobPath.parse(path == null ? "" : path);
        if (target.isEmpty()) {
            Failures.answer(
                    response,
                    callback,
                    HttpStatus.NOT_FOUND_404,
                    new TintypeException(
                            Reason.INVALID_ARGUMENT,
                            "There is nothing at this path. Blobs are at /v1/users/{user}/blobs/{name}."));
            return;
        }
        boolean isListing = target.get().nameOrNull() == null;
        if (cors.isPreflight(request)) {
            cors.answerPreflight(request, response, callback, isListing ? listingMethods() : blobMethods());
            return;
        }
        String query = access.check(request);
        if (isListing) {
            listing(target.get(), query, request, response, callback);
        } else {
            blob(target.get(), query, request, response, callback);
        }
    }

    private String listingMethods() {
        return retrieval == null ? "" : "GET";
    }

    private String blobMethods() {
        String reads = retrieval == null ? "" : "GET, HEAD";
        String writes = upload == null ? "" : "PUT, DELETE";
        return reads + (reads.isEmpty() || writes.isEmpty() ? "" : ", ") + writes;
    }

    private void listing(BlobPath path, @Nullable String query, Request request, Response response, Callback callback) {
        if (!request.getMethod().equals("GET") || retrieval == null) {
            notAllowed(request, response, callback, listingMethods());
            return;
        }
        var wanted = Listing.request(path.user(), query).toBuilder()
                .setOptions(ReadDemand.of(request.getHeaders()))
                .build();
        Failures.orAnswer(retrieval.list(wanted), response, callback, page -> {
            response.setStatus(HttpStatus.OK_200);
            response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
            ReadDemand.write(page.getFreshness(), request, response.getHeaders());
            Json.write(response, callback, Listing.toJson(page));
        });
    }

    private void blob(BlobPath path, @Nullable String query, Request request, Response response, Callback callback) {
        String method = request.getMethod();
        boolean reads = method.equals("GET") || method.equals("HEAD");
        var rendition = reads && retrieval != null ? RenditionQuery.parse(query) : Optional.<RenditionSpec>empty();
        if (rendition.isPresent() && retrieval != null) {
            rendition(retrieval, path, rendition.get(), request, response, callback);
        } else if (method.equals("GET") && retrieval != null) {
            new BlobReader(retrieval, choice(retrieval), path, request, response, callback).begin();
        } else if (method.equals("HEAD") && retrieval != null) {
            head(retrieval, path, request, response, callback);
        } else if (method.equals("PUT") && upload != null) {
            var header = BlobHeaders.read(path, request.getHeaders(), ThreadLocalRandom.current());
            new BlobWriter(upload, header, clock, request, response, callback).begin();
        } else if (method.equals("DELETE") && upload != null) {
            delete(upload, path, request, response, callback);
        } else {
            notAllowed(request, response, callback, blobMethods());
        }
    }

    private void rendition(
            RetrievalGateway gateway,
            BlobPath path,
            RenditionSpec spec,
            Request request,
            Response response,
            Callback callback) {
        if (renditions == null) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT,
                    "This coordinator makes no renditions (renditions.enabled). Leave w, h, fit and format out.");
        }
        new RenditionReader(gateway, renditions, choice(gateway), spec, path, request, response, callback).begin();
    }

    private Representation.Choice choice(RetrievalGateway gateway) {
        return new Representation.Choice(gateway, compression, clock);
    }

    private void head(RetrievalGateway gateway, BlobPath path, Request request, Response response, Callback callback) {
        var conditions = ReadConditions.of(request.getHeaders());
        var wanted = HeadRequest.newBuilder()
                .setUser(path.user().value())
                .setName(String.valueOf(path.nameOrNull()))
                .setOptions(ReadDemand.of(request.getHeaders()));
        if (ReadDemand.isExact(wanted.getOptions())) {
            wanted.setIfVersion(Wire.version(conditions.exact()));
        }
        Failures.orAnswer(gateway.head(wanted.build()), response, callback, answer -> {
            var found = answer.getHead();
            var chosen = choice(gateway)
                    .of(found, request.getHeaders())
                    .identity(); // of what is compressed no length is known
            switch (conditions.judge(found)) {
                case NOT_MODIFIED -> BlobReader.notModified(response, callback, chosen, answer.getFreshness());
                case FAILED -> Failures.answer(response, callback, BlobReader.conflict(found));
                case SEND -> {
                    chosen.write(response.getHeaders());
                    ReadDemand.write(answer.getFreshness(), request, response.getHeaders());
                    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, found.getSize());
                    response.setStatus(HttpStatus.OK_200);
                    response.write(true, BufferUtil.EMPTY_BUFFER, callback);
                }
            }
        });
    }

    private static void delete(
            UploadGateway gateway, BlobPath path, Request request, Response response, Callback callback) {
        var wanted = DeleteRequest.newBuilder()
                .setUser(path.user().value())
                .setName(String.valueOf(path.nameOrNull()))
                .setRequestId(Wire.bytes(BlobHeaders.requestId(request.getHeaders(), ThreadLocalRandom.current())))
                .setRetryAgeMs(BlobHeaders.retryAge(request.getHeaders()))
                .setStrict(BlobHeaders.strict(request.getHeaders()));
        var condition = BlobHeaders.condition(request.getHeaders());
        if (condition != null && condition.getAbsent()) {
            throw new TintypeException(
                    Reason.INVALID_ARGUMENT, "If-None-Match: * makes no sense of a DELETE; leave it out.");
        }
        if (condition != null) {
            wanted.setCondition(condition);
        }
        Failures.orAnswer(gateway.delete(wanted.build()), response, callback, answer -> {
            response.setStatus(HttpStatus.NO_CONTENT_204);
            ReadDemand.write(answer.getSession(), response.getHeaders());
            response.write(true, BufferUtil.EMPTY_BUFFER, callback);
        });
    }

    private static void notAllowed(Request request, Response response, Callback callback, String allowed) {
        var failure = new TintypeException(
                Reason.INVALID_ARGUMENT,
                "This coordinator does not take " + request.getMethod() + " here; it takes: "
                        + (allowed.isEmpty() ? "nothing" : allowed)
                        + ". Reads need one of role retrieval, changes one of role upload.");
        Failures.answer(response, callback, HttpStatus.METHOD_NOT_ALLOWED_405, failure, allowed);
    }
}
