// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.RuntimeJsonMappingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Histories in files: one operation a line, as JSON, in the order of invocation. Fields are those of {@link Line}; absent
 * is null. For looking at a run afterwards, with this class or with any tool that reads JSON lines.
 *
 * <p>Any thread, one at a time per file.
 */
public final class HistoryFile {
    /** Most operations that {@link #read} takes. */
    public static final int MAX_OPERATIONS = 5_000_000;

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
            .build();
    private static final ObjectWriter WRITER = MAPPER.writerFor(Line.class);
    private static final ObjectReader READER = MAPPER.readerFor(Line.class);

    private HistoryFile() {}

    /**
     * One line.
     *
     * @param client who
     * @param user whose blob
     * @param name which
     * @param from nanoseconds of the run's clock before the request
     * @param to after the answer
     * @param call put, delete or read
     * @param digest of the content put
     * @param condition of a change: an entity tag, or "absent"
     * @param promise of a read: linearizable, session or stale
     * @param result written, deleted, found, missing, conflict, failed or unknown
     * @param version that the result names
     * @param shown digest of the content that a read found
     * @param existed whether a delete found anything
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Line(
            int client,
            String user,
            String name,
            long from,
            long to,
            String call,
            @Nullable String digest,
            @Nullable String condition,
            @Nullable String promise,
            String result,
            @Nullable String version,
            @Nullable String shown,
            @Nullable Boolean existed) {}

    /** Writes all operations, replacing a file that is there. */
    public static void write(Path file, History history) throws IOException {
        try (var out = Files.newBufferedWriter(file)) {
            for (var operation : history.operations()) {
                WRITER.writeValue(out, line(operation));
                out.write('\n');
            }
        }
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IOException naming the line, if it is no history or has more than {@link #MAX_OPERATIONS} lines
     */
    public static History read(Path file) throws IOException {
        var operations = new ArrayList<Operation>();
        try (var lines = READER.<Line>readValues(Files.newBufferedReader(file))) {
            while (lines.hasNextValue()) {
                if (operations.size() == MAX_OPERATIONS) {
                    throw new IOException("more than " + MAX_OPERATIONS + " operations");
                }
                operations.add(operation(lines.nextValue()));
            }
        } catch (IOException | IllegalArgumentException | TintypeException | RuntimeJsonMappingException e) {
            throw new IOException(
                    file + " is no history: operation " + (operations.size() + 1) + ": " + e.getMessage(), e);
        }
        return new History(operations);
    }

    private static Line line(Operation o) {
        var put = o.call() instanceof Call.Put p ? p : null;
        var read = o.call() instanceof Call.Read r ? r : null;
        var version = version(o.result());
        return new Line(
                o.client(),
                o.key().user().value(),
                o.key().name().value(),
                o.invokedNanos(),
                o.returnedNanos(),
                name(o.call()),
                put == null ? null : put.digest(),
                condition(o.call()),
                read == null ? null : name(read.promise()),
                name(o.result()),
                version == null ? null : version.etag(),
                o.result() instanceof Result.Found found ? found.digest() : null,
                o.result() instanceof Result.Deleted deleted ? deleted.existed() : null);
    }

    private static String name(Object value) {
        var name = value instanceof Enum<?> constant
                ? constant.name()
                : value.getClass().getSimpleName();
        return name.toLowerCase(Locale.ROOT);
    }

    private static @Nullable String condition(Call call) {
        Condition condition = Condition.ANY;
        if (call instanceof Call.Put put) {
            condition = put.condition();
        } else if (call instanceof Call.Delete delete) {
            condition = delete.condition();
        }
        if (condition instanceof Condition.Is is) {
            return is.version().etag();
        }
        return condition instanceof Condition.Absent ? "absent" : null;
    }

    private static @Nullable Version version(Result result) {
        if (result instanceof Result.Written written) {
            return written.version();
        }
        if (result instanceof Result.Deleted deleted) {
            return deleted.version();
        }
        if (result instanceof Result.Found found) {
            return found.version();
        }
        return result instanceof Result.Conflict conflict ? conflict.current() : null;
    }

    private static Operation operation(Line line) {
        return new Operation(
                line.client(), BlobKey.of(line.user(), line.name()), line.from(), line.to(), call(line), result(line));
    }

    private static Call call(Line line) {
        var condition = condition(line.condition());
        return switch (line.call()) {
            case "put" -> new Call.Put(need(line.digest(), "digest"), condition);
            case "delete" -> new Call.Delete(condition);
            case "read" ->
                new Call.Read(
                        Call.Promise.valueOf(need(line.promise(), "promise").toUpperCase(Locale.ROOT)));
            default -> throw new IllegalArgumentException("no such call: " + line.call());
        };
    }

    private static Condition condition(@Nullable String text) {
        if (text == null) {
            return Condition.ANY;
        }
        return text.equals("absent") ? Condition.ABSENT : new Condition.Is(version(text));
    }

    private static Result result(Line line) {
        var version = line.version() == null ? null : version(line.version());
        return switch (line.result()) {
            case "written" -> new Result.Written(need(version, "version"));
            case "deleted" -> new Result.Deleted(version, need(line.existed(), "existed"));
            case "found" -> new Result.Found(need(version, "version"), need(line.shown(), "shown"));
            case "missing" -> Result.MISSING;
            case "conflict" -> new Result.Conflict(version);
            case "failed" -> Result.FAILED;
            case "unknown" -> Result.UNKNOWN;
            default -> throw new IllegalArgumentException("no such result: " + line.result());
        };
    }

    private static Version version(String etag) {
        return Version.parseEtag(etag).orElseThrow(() -> new IllegalArgumentException("no version: " + etag));
    }

    private static <T> T need(@Nullable T value, String field) {
        if (value == null) {
            throw new IllegalArgumentException("lacks " + field);
        }
        return value;
    }
}
