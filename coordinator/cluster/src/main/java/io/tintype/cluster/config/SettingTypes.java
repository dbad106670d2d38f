// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.config;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;

/** How durations, sizes and paths are written in settings files. */
final class SettingTypes extends SimpleModule {
    private static final long serialVersionUID = 1L;

    private static final Pattern NUMBER_AND_UNIT = Pattern.compile("(\\d{1,18})\\s*([a-zA-Z]*)");
    private static final Map<String, Long> MILLIS =
            Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L, "d", 86_400_000L);
    private static final Map<String, Long> BYTES =
            Map.of("", 1L, "B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30, "TiB", 1L << 40);

    SettingTypes() {
        addSerializer(Duration.class, new DurationWriter());
        addDeserializer(Duration.class, new DurationReader());
        addSerializer(Path.class, new ToStringSerializer(Path.class));
        addDeserializer(Path.class, new PathReader());
        addDeserializer(long.class, new SizeReader());
    }

    private static long parse(JsonParser parser, DeserializationContext context, Map<String, Long> units, String wanted)
            throws IOException {
        String text = parser.getText().trim();
        var match = NUMBER_AND_UNIT.matcher(text);
        Long factor = match.matches() ? units.get(match.group(2)) : null;
        if (factor == null) {
            return context.reportInputMismatch(Long.class, "'%s' is not %s", text, wanted);
        }
        var value = new BigInteger(match.group(1)).multiply(BigInteger.valueOf(factor));
        if (value.bitLength() > 63) {
            return context.reportInputMismatch(Long.class, "'%s' is too large", text);
        }
        return value.longValue();
    }

    private static final class DurationReader extends StdScalarDeserializer<Duration> {
        private static final long serialVersionUID = 1L;

        DurationReader() {
            super(Duration.class);
        }

        @Override
        public Duration deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            return Duration.ofMillis(parse(parser, context, MILLIS, "a duration such as 500ms, 10s, 5m or 24h"));
        }
    }

    private static final class DurationWriter extends StdScalarSerializer<Duration> {
        private static final long serialVersionUID = 1L;

        DurationWriter() {
            super(Duration.class);
        }

        @Override
        public void serialize(Duration value, JsonGenerator out, SerializerProvider provider) throws IOException {
            out.writeString(value.toMillis() + "ms");
        }
    }

    /** Jackson's own takes a path for a URI, and stumbles over spaces. */
    private static final class PathReader extends StdScalarDeserializer<Path> {
        private static final long serialVersionUID = 1L;

        PathReader() {
            super(Path.class);
        }

        @Override
        public Path deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            return Path.of(parser.getText());
        }
    }

    private static final class SizeReader extends StdScalarDeserializer<Long> {
        private static final long serialVersionUID = 1L;

        SizeReader() {
            super(long.class);
        }

        @Override
        public Long deserialize(JsonParser parser, DeserializationContext context) throws IOException {
            return parse(parser, context, BYTES, "a size such as 4096, 512KiB, 64MiB or 10GiB");
        }
    }
}
