// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.trace;

import io.tintype.cluster.config.Meaning;
import java.net.URI;

/** Whether and how much is traced. Immutable. */
public record TracingSettings(
        @Meaning("Where traces go, by OTLP over HTTP, such as http://127.0.0.1:4318; empty: nothing is traced.")
        String endpoint,

        @Meaning("Share of calls that are traced where their caller has not decided, 0 to 1.")
        double sampled) {
    /** Nothing is traced. */
    public static final TracingSettings OFF = new TracingSettings("", 0.01);

    private static final String PATH = "/v1/traces";

    public TracingSettings {
        require(endpoint.isEmpty() || isHttp(endpoint), "tracing.endpoint", endpoint, "empty, or http://host:port");
        require(sampled >= 0 && sampled <= 1, "tracing.sampled", sampled, "0 to 1");
    }

    /** Whether anything is traced. */
    public boolean enabled() {
        return !endpoint.isEmpty();
    }

    /** The address with OTLP's path, where none is named. */
    String url() {
        var path = URI.create(endpoint).getPath();
        return path == null || path.isEmpty() || path.equals("/") ? endpoint.replaceFirst("/$", "") + PATH : endpoint;
    }

    private static boolean isHttp(String text) {
        try {
            var uri = URI.create(text);
            return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null;
        } catch (IllegalArgumentException notOne) {
            return false;
        }
    }

    private static void require(boolean holds, String setting, Object value, String wanted) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "Setting " + setting + " is '" + value + "'; it must be " + wanted + ".");
        }
    }
}
