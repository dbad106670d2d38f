// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;

/**
 * JSON as every command prints it: fields in camelCase, times as ISO 8601 in UTC, sizes in bytes, checksums as eight
 * hexadecimal digits. Stateless and thread-safe.
 */
public final class Json {
    private Json() {}

    /** The mapper is made when first needed: most commands never do, and it is slow to make. */
    private static final class Lazy {
        static final ObjectMapper MAPPER = new ObjectMapper();
        static final ObjectMapper INDENTING = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    }

    /** A record, map or list as indented JSON. */
    public static String document(Object value) {
        return write(Lazy.INDENTING, value);
    }

    /** Writes what {@link #document(Object)} makes, of whatever size, piece by piece; leaves the writer open. */
    public static void document(Object value, Writer to) throws IOException {
        Lazy.INDENTING.writer().without(JsonGenerator.Feature.AUTO_CLOSE_TARGET).writeValue(to, value);
    }

    /** Reads a document piece by piece. */
    public static JsonParser parser(InputStream from) throws IOException {
        return Lazy.MAPPER.createParser(from);
    }

    /** A record, map or list as JSON on one line. */
    public static String line(Object value) {
        return write(Lazy.MAPPER, value);
    }

    /** Reads what {@link #document} or {@link #line} wrote; throws IllegalArgumentException where it is something else. */
    public static <T> T read(String json, Class<T> type) {
        try {
            return Lazy.MAPPER.readValue(json, type);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("this is not what it should be: " + e.getOriginalMessage(), e);
        }
    }

    private static String write(ObjectMapper mapper, Object value) {
        try {
            return mapper.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("cannot be written as JSON: " + value.getClass(), e);
        }
    }
}
