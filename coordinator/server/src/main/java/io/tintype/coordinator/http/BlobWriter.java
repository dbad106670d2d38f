// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.SynchronizationContext;
import io.tintype.checksum.Crc32c;
import io.tintype.coordinator.route.Broken;
import io.tintype.coordinator.route.UnaryProxy;
import io.tintype.coordinator.upload.PutStream;
import io.tintype.coordinator.upload.UploadGateway;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers one PUT of a blob. The body is read when the storage node can take more, a frame at a time; a client that waits for
 * "100 Continue" gets it only then.
 *
 * <p>Everything runs in one {@link SynchronizationContext}: the connection and the node may speak at the same time.
 */
final class BlobWriter implements PutStream.Listener {
    private static final Logger log = LoggerFactory.getLogger(BlobWriter.class);

    /** Bytes of a frame; the last one may have fewer. */
    private static final int FRAME_BYTES = Limits.INLINE_BYTES;

    /** While a frame fills for longer than this, the node is told: it ends uploads of which it has heard nothing for a while. */
    private static final Duration SLOW = Duration.ofSeconds(10);

    /** Has nothing: more is on its way. */
    private static final PutRequest STILL_COMING = PutRequest.getDefaultInstance();

    private final SynchronizationContext inOrder = new SynchronizationContext((thread, failure) -> broke(failure));
    private final UploadGateway gateway;
    private final Request request;
    private final Response response;
    private final Callback callback;
    private final PutHeader header;
    private final OptionalInt declaredCrc;
    private final InstantSource clock;

    // Confined to inOrder:
    private @Nullable PutStream stream;
    private Content.@Nullable Chunk chunk;
    private byte[] frame = {};
    private int filled;
    private long sent;
    private long toldAtMs;
    private int crc;
    private boolean lastSent;
    private boolean done;

    /** Checks the headers; throws {@link TintypeException} where they are not legal. */
    BlobWriter(
            UploadGateway gateway,
            PutHeader.Builder header,
            InstantSource clock,
            Request request,
            Response response,
            Callback callback) {
        this.gateway = gateway;
        this.clock = clock;
        this.toldAtMs = clock.millis();
        this.request = request;
        this.response = response;
        this.callback = callback;
        this.declaredCrc = BlobHeaders.declaredCrc(request.getHeaders());
        if (request.getLength() >= 0) {
            header.setSize(request.getLength());
        }
        this.header = header.build();
    }

    /** Begins; everything else happens as node and client allow. */
    void begin() {
        inOrder.execute(() -> {
            try {
                stream = gateway.put(PutRequest.newBuilder().setHeader(header).build(), this);
            } catch (TintypeException e) {
                finishWith(e);
            }
        });
    }

    @Override
    public void onDemand() {
        inOrder.execute(this::fill);
    }

    /** Reads until a frame is full or the body ends, or goes on when the connection has more. */
    private void fill() {
        while (!done && !lastSent) {
            if (chunk == null) {
                chunk = request.read();
                if (chunk == null) {
                    waitForMore();
                    return;
                }
                if (Content.Chunk.isFailure(chunk)) {
                    bodyFailed(chunk.getFailure());
                    return;
                }
            }
            take(chunk);
            if (done) {
                return; // refused, and the chunk given back
            }
            if (!chunk.hasRemaining()) {
                boolean last = chunk.isLast();
                chunk.release();
                chunk = null;
                if (last) {
                    sendLast();
                    return;
                }
            }
            if (filled == FRAME_BYTES) {
                sendOn(PutRequest.newBuilder().setFrame(cutFrame()).build());
                return;
            }
        }
    }

    private void waitForMore() {
        if (filled > 0 && clock.millis() - toldAtMs >= SLOW.toMillis()) {
            sendOn(STILL_COMING); // the node asks for another message then, and so for this frame again
        } else {
            request.demand(() -> inOrder.execute(this::fill));
        }
    }

    private void take(Content.Chunk from) {
        var bytes = from.getByteBuffer();
        if (filled == frame.length) {
            long left = header.hasSize() ? header.getSize() - sent - filled : FRAME_BYTES;
            int more = (int) Math.max(bytes.remaining(), Math.min(left, FRAME_BYTES));
            frame = Arrays.copyOf(frame, Math.min(FRAME_BYTES, filled + more));
        }
        int count = Math.min(bytes.remaining(), frame.length - filled);
        bytes.get(frame, filled, count);
        filled += count;
        if (sent + filled > gateway.maxBlobBytes()) {
            fail(new TintypeException(
                    Reason.BLOB_TOO_LARGE,
                    "The body has more than " + gateway.maxBlobBytes()
                            + " bytes, which is the limit. Nothing was stored."));
        }
    }

    private DataFrame cutFrame() {
        int frameCrc = Crc32c.of(ByteBuffer.wrap(frame, 0, filled));
        var cut = DataFrame.newBuilder()
                .setOffset(sent)
                .setData(UnsafeByteOperations.unsafeWrap(frame, 0, filled))
                .setCrc32C(frameCrc)
                .build();
        crc = Crc32c.combine(crc, frameCrc, filled);
        sent += filled;
        frame = new byte[0];
        filled = 0;
        return cut;
    }

    private void sendLast() {
        if (done) {
            return;
        }
        var last = PutRequest.newBuilder();
        if (filled > 0) {
            last.setFrame(cutFrame());
        }
        if (declaredCrc.isPresent() && declaredCrc.getAsInt() != crc) {
            fail(new TintypeException(
                    Reason.CHECKSUM_MISMATCH,
                    "The body's CRC32C is " + BlobHeaders.crc(crc) + ", not "
                            + BlobHeaders.crc(declaredCrc.getAsInt()) + " as " + BlobHeaders.CRC32C
                            + " says. Nothing was stored."));
            return;
        }
        lastSent = true;
        sendOn(last.setFinish(PutFinish.newBuilder().setSize(sent).setCrc32C(crc))
                .build());
        if (stream != null) {
            stream.end();
        }
    }

    private void sendOn(PutRequest message) {
        toldAtMs = clock.millis();
        if (stream != null) {
            stream.send(message);
        }
    }

    private void bodyFailed(Throwable failure) {
        chunk = null;
        if (failure instanceof TimeoutException) {
            fail(new TintypeException(
                    Reason.INCOMPLETE_UPLOAD, "The body stopped coming for too long. Nothing was stored."));
        } else {
            log.debug("a client broke off an upload", failure);
            done = true;
            cancelStream("the client broke off");
            callback.failed(failure);
        }
    }

    @Override
    public void onStored(PutResponse stored) {
        inOrder.execute(() -> {
            if (!done) {
                boolean createOnly = header.getCondition().getAbsent();
                response.setStatus(createOnly ? HttpStatus.CREATED_201 : HttpStatus.OK_200);
                response.getHeaders()
                        .put(HttpHeader.ETAG, '"' + stored.getHead().getEtag() + '"');
                ReadDemand.write(stored.getSession(), response.getHeaders());
                Json.write(response, callback, describe(stored));
                done = true; // not before: where this fails, the client is to be told
            }
        });
    }

    @Override
    public void onFailed(TintypeException failure) {
        inOrder.execute(() -> {
            if (!done) {
                finishWith(failure);
            }
        });
    }

    /** A step threw what nobody expected. The upload ends with it: nobody else would tell the client. */
    private void broke(Throwable failure) {
        log.error("an HTTP upload failed", failure);
        if (!done) {
            var cause = Broken.of(failure);
            fail(lastSent ? UnaryProxy.unknown(cause) : cause);
        }
    }

    private void fail(TintypeException failure) {
        cancelStream("the body is refused");
        finishWith(failure);
    }

    private void finishWith(TintypeException failure) {
        done = true;
        if (chunk != null) {
            chunk.release();
            chunk = null;
        }
        Failures.answer(response, callback, failure);
    }

    private void cancelStream(String why) {
        if (stream != null) {
            stream.cancel(why);
        }
    }

    private static Map<String, Object> describe(PutResponse stored) {
        BlobHead head = stored.getHead();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("user", head.getUser());
        body.put("name", head.getName());
        body.put("etag", head.getEtag());
        body.put("size", head.getSize());
        body.put("crc32c", BlobHeaders.crc(head.getCrc32C()));
        body.put("replicas", List.copyOf(stored.getReplicasList()));
        return body;
    }
}
