// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.cluster.config.Meaning;
import java.time.Duration;

/**
 * How the HTTP interface listens and what it puts up with.
 */
public record HttpSettings(
        @Meaning("Whether it listens at all.") boolean enabled,
        @Meaning("TCP port; 0 takes a free one.") int port,

        @Meaning("A connection on which nothing moves for this long is closed; 1 s to 1 h.")
        Duration idleTimeout,

        @Meaning("Request line and headers must have come this long after they began; 1 s to 10 min.")
        Duration headerTimeout,

        @Meaning("Request line and headers together; 1 KiB to 1 MiB.")
        int maxHeaderBytes,

        @Meaning("Whether text, SVG and the like are compressed for clients that take gzip.")
        boolean gzip,

        CorsSettings cors,
        SignedUrlSettings signedUrls) {
    /** The port where none is named. */
    public static final int DEFAULT_PORT = 7480;

    /** Port 7480, 60 s, 20 s, 32 KiB, with gzip; pages of other origins get nothing, and nobody needs a signature. */
    public static final HttpSettings DEFAULTS = new HttpSettings(
            true,
            DEFAULT_PORT,
            Duration.ofSeconds(60),
            Duration.ofSeconds(20),
            32 << 10,
            true,
            CorsSettings.NONE,
            SignedUrlSettings.NONE);

    public HttpSettings {
        require(port >= 0 && port < 65_536, "http.port", port, "0 to 65535");
        require(
                idleTimeout.toMillis() >= 1_000 && idleTimeout.toHours() <= 1,
                "http.idleTimeout",
                idleTimeout,
                "1 s to 1 h");
        require(
                headerTimeout.toMillis() >= 1_000 && headerTimeout.toMinutes() <= 10,
                "http.headerTimeout",
                headerTimeout,
                "1 s to 10 min");
        require(
                maxHeaderBytes >= 1 << 10 && maxHeaderBytes <= 1 << 20,
                "http.maxHeaderBytes",
                maxHeaderBytes,
                "1024 to 1048576");
    }

    /** The same on another port. */
    public HttpSettings withPort(int other) {
        return new HttpSettings(enabled, other, idleTimeout, headerTimeout, maxHeaderBytes, gzip, cors, signedUrls);
    }

    /** The same for pages of other origins. */
    public HttpSettings withCors(CorsSettings others) {
        return new HttpSettings(enabled, port, idleTimeout, headerTimeout, maxHeaderBytes, gzip, others, signedUrls);
    }

    /** The same with signed URLs. */
    public HttpSettings withSignedUrls(SignedUrlSettings others) {
        return new HttpSettings(enabled, port, idleTimeout, headerTimeout, maxHeaderBytes, gzip, cors, others);
    }

    /** The same with other patience with connections. */
    public HttpSettings withTimeouts(Duration idle, Duration headers) {
        return new HttpSettings(enabled, port, idle, headers, maxHeaderBytes, gzip, cors, signedUrls);
    }

    private static void require(boolean holds, String setting, Object value, String wanted) {
        if (!holds) {
            throw new IllegalArgumentException("Setting " + setting + " is " + value + "; it must be " + wanted + ".");
        }
    }
}
