// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.proto.v1.BlobHead;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/**
 * Which answers are compressed with gzip, and the few threads that do it. Thread-safe; never blocks.
 *
 * <p>Only types that shrink are compressed: images do not, but SVG, text and JSON do. An answer to a Range never is: ranges
 * count the blob's own bytes. What is compressed has a weak entity tag, since its bytes are others than those that the
 * strong tag names. When {@value #MOST_STREAMS} answers are being compressed, more go as they are.
 */
final class Compression implements AutoCloseable {
    /** Below this, nothing is won. */
    static final int LEAST_BYTES = 1024;
    /** Answers that are compressed at a time; each takes some 300 KiB besides its frame. */
    static final int MOST_STREAMS = 64;

    private static final int THREADS = 2;
    private static final Set<String> TYPES = Set.of(
            "application/json",
            "application/javascript",
            "application/xml",
            "application/wasm",
            "image/svg+xml",
            "image/bmp",
            "image/x-icon",
            "image/vnd.microsoft.icon",
            "font/ttf",
            "font/otf");

    private final @Nullable ThreadPoolExecutor threads;
    private final Semaphore streams = new Semaphore(MOST_STREAMS);

    /** @param enabled false: nothing is compressed */
    Compression(boolean enabled) {
        threads = enabled ? pool() : null;
    }

    private static ThreadPoolExecutor pool() {
        // The queue has one entry a stream at most.
        var pool = new ThreadPoolExecutor(
                THREADS, THREADS, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(MOST_STREAMS), work -> {
                    var thread = new Thread(work, "http-gzip");
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /** Whether answers with this blob depend on what encodings the client takes. */
    boolean applies(BlobHead head, HttpCaching caching) {
        return threads != null
                && head.getSize() >= LEAST_BYTES
                && isCompressible(head.getContentType())
                && !caching.noTransform();
    }

    /** Whether the answer to this request is to be compressed, where that applies. */
    static boolean isWanted(HttpFields request) {
        return !request.contains(HttpHeader.RANGE) && prefersGzip(request);
    }

    /** Begins to compress an answer; null: too many are being compressed, and it goes as it is. */
    @Nullable
    GzipStream begin() {
        Executor executor = threads;
        if (executor == null || !streams.tryAcquire()) {
            return null;
        }
        try {
            return new GzipStream(executor, streams::release);
        } catch (RuntimeException | Error e) { // as where there is no memory for it
            streams.release();
            throw e;
        }
    }

    /** Answers that are being compressed. */
    int streams() {
        return MOST_STREAMS - streams.availablePermits();
    }

    static boolean isCompressible(String contentType) {
        int end = contentType.indexOf(';');
        String type =
                (end < 0 ? contentType : contentType.substring(0, end)).trim().toLowerCase(Locale.ROOT);
        return type.startsWith("text/") || type.endsWith("+json") || type.endsWith("+xml") || TYPES.contains(type);
    }

    /** By Accept-Encoding (RFC 9110, section 12.5.3): gzip is acceptable, and not liked less than the bytes as they are. */
    static boolean prefersGzip(HttpFields request) {
        double gzip = -1;
        double any = -1;
        double identity = -1;
        for (HttpField field : request) {
            if (field.getHeader() == HttpHeader.ACCEPT_ENCODING) {
                for (String one : String.valueOf(field.getValue()).split(",", -1)) {
                    var parts = one.split(";", 2);
                    double quality = parts.length == 1 ? 1 : quality(parts[1]);
                    switch (parts[0].trim().toLowerCase(Locale.ROOT)) {
                        case "gzip", "x-gzip" -> gzip = Math.max(gzip, quality);
                        case "*" -> any = quality;
                        case "identity" -> identity = quality;
                        default -> {
                            // An encoding that is not spoken here.
                        }
                    }
                }
            }
        }
        double ofGzip = gzip >= 0 ? gzip : Math.max(any, 0);
        return ofGzip > 0 && ofGzip >= identity;
    }

    /** A weight; what is malformed counts as 0: then the bytes go as they are, which is never wrong. */
    private static double quality(String parameter) {
        String text = parameter.trim().toLowerCase(Locale.ROOT);
        if (!text.matches("q\\s*=\\s*(0(\\.\\d{0,3})?|1(\\.0{0,3})?)")) {
            return 0;
        }
        return Double.parseDouble(text.substring(text.indexOf('=') + 1).trim());
    }

    /** Frames that wait for a thread: one an answer at most. */
    int waiting() {
        return threads == null ? 0 : threads.getQueue().size();
    }

    @Override
    public void close() {
        if (threads != null) {
            threads.shutdownNow();
        }
    }
}
