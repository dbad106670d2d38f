// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.HttpCaching;
import io.tintype.client.PutOptions;
import io.tintype.model.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Mixed into {@code put}: what is stored beside the bytes, and under which condition. */
final class PutSettings {
    @Option(
            names = "--content-type",
            paramLabel = "TYPE",
            description = "Media type (default: what the file's name suggests).")
    private @Nullable String contentType;

    @Option(
            names = "--meta",
            paramLabel = "KEY=VALUE",
            description = "A property to keep with the blob; may be given again.")
    private Map<String, String> metadata = new LinkedHashMap<>();

    @Option(
            names = "--cache-control",
            paramLabel = "TEXT",
            description = "Cache-Control of answers over HTTP (default: that of the user's pool).")
    private String cacheControl = "";

    @Option(
            names = "--expires",
            paramLabel = "TIME",
            converter = InstantConverter.class,
            description = "Expires of answers over HTTP, such as 2030-01-31T12:00:00Z (default: none).")
    private @Nullable Instant expires;

    @Option(
            names = "--ttl",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "The blob ceases to exist after this time, such as 30m or 7d (default: never).")
    private @Nullable Duration timeToLive;

    @ArgGroup
    private @Nullable Conditions conditions;

    private static final class Conditions {
        @Option(names = "--if-absent", description = "Only if there is no blob of this name.")
        private boolean absent;

        @Option(
                names = "--if-version",
                paramLabel = "VERSION",
                converter = Versions.class,
                description = "Only if this is the current version.")
        private @Nullable Version version;
    }

    PutOptions options(String fileName) {
        var options = PutOptions.DEFAULT
                .withContentType(contentType == null ? ContentTypes.of(fileName) : contentType)
                .withMetadata(metadata)
                .withCaching(new HttpCaching(cacheControl, expires));
        if (timeToLive != null) {
            options = options.withTimeToLive(timeToLive);
        }
        if (conditions != null && conditions.version != null) {
            options = options.ifVersion(conditions.version);
        }
        return conditions != null && conditions.absent ? options.ifAbsent() : options;
    }
}
