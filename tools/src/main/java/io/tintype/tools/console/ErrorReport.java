// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.console;

import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.wire.Errors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/**
 * The one place that turns a failure of a command into its exit code, a text that says what to do next, and with {@code
 * --json} an object on standard error. Stateless.
 */
public final class ErrorReport implements IExecutionExceptionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(ErrorReport.class);

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult line) {
        var report = explain(failure);
        LOG.debug("command failed", failure);
        if (OutputOptions.isJsonAsked(line)) {
            command.getErr().println(Json.line(Map.of("error", report.asMap())));
        } else {
            command.getErr().println("tintype: " + report.text());
            if (!report.hint().isEmpty()) {
                command.getErr().println("  " + report.hint());
            }
        }
        command.getErr().flush();
        return report.code().number();
    }

    /** What a failure means to the person at the keyboard. */
    public static Explained explain(Throwable failure) {
        Throwable cause = unwrap(failure);
        if (cause instanceof CommandFailure f) {
            return new Explained(f.code(), f.code().name(), text(f), "");
        }
        if (cause instanceof TintypeException || cause instanceof StatusRuntimeException) {
            var known = Errors.fromWire(cause);
            return new Explained(
                    ExitCode.of(known.reason()),
                    known.reason().name(),
                    text(known),
                    hint(known.reason(), Errors.isAnswer(cause)));
        }
        if (cause instanceof NoSuchFileException f) {
            return new Explained(ExitCode.NOT_FOUND, "FILE_NOT_FOUND", f.getFile() + ": no such file or directory", "");
        }
        if (cause instanceof AccessDeniedException f) {
            return new Explained(ExitCode.FAILURE, "ACCESS_DENIED", f.getFile() + ": permission denied", "");
        }
        if (cause instanceof FileAlreadyExistsException f) {
            return new Explained(ExitCode.FAILURE, "FILE_EXISTS", f.getFile() + ": exists already", "");
        }
        if (cause instanceof FileSystemException f && f.getReason() != null) {
            return new Explained(ExitCode.FAILURE, "FAILURE", f.getFile() + ": " + f.getReason(), "");
        }
        return new Explained(
                ExitCode.FAILURE, "FAILURE", describe(cause), "TINTYPE_LOG=DEBUG shows where this comes from.");
    }

    private static Throwable unwrap(Throwable failure) {
        Throwable cause = failure;
        while (isWrapping(cause) && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause instanceof StatusException e ? e.getStatus().asRuntimeException(e.getTrailers()) : cause;
    }

    /** What breaks off a blob's stream comes as an IOException. */
    private static boolean isWrapping(Throwable failure) {
        return failure instanceof CompletionException
                || failure instanceof ExecutionException
                || failure instanceof UncheckedIOException
                || (failure instanceof IOException && failure.getCause() instanceof TintypeException);
    }

    private static String text(Throwable failure) {
        var message = failure.getMessage();
        return message == null ? failure.getClass().getSimpleName() : message;
    }

    private static String describe(Throwable failure) {
        return failure.getMessage() == null
                ? failure.getClass().getSimpleName()
                : failure.getClass().getSimpleName() + ": " + failure.getMessage();
    }

    /** What to do next, where the message of the server cannot know it. */
    private static String hint(Reason reason, boolean answered) {
        return switch (reason) {
            case BLOB_NOT_FOUND -> "See what there is: tintype ls USER";
            case VERSION_CONFLICT -> "See what there is now: tintype head USER NAME";
            case USER_NOT_FOUND -> "A user exists from his first put on, or after: tintype user register USER";
            case SHARD_NOT_FOUND -> "See which there are: tintype shard ls";
            case POOL_NOT_FOUND -> "See which there are: tintype pool ls";
            case UNAVAILABLE ->
                answered
                        ? "A server answered so. See how the cluster is: tintype cluster status"
                        : "Is a cluster running there? `tintype dev` starts one; --server HOST:PORT names another.";
            case OUTCOME_UNKNOWN -> "The change may or may not have been made; look before you repeat it.";
            case NO_PRIMARY, NOT_ENOUGH_REPLICAS -> "See which nodes are up: tintype node ls; tintype shard ls";
            case DISK_FULL -> "Free space on the storage nodes' disks, or add nodes.";
            default -> "";
        };
    }

    /**
     * A failure in words. Immutable.
     *
     * @param code what the process ends with
     * @param reason for programs: a {@link Reason}, or what befell a local file
     * @param text what happened, to what
     * @param hint what to do next; empty where the text says it
     */
    public record Explained(ExitCode code, String reason, String text, String hint) {
        Map<String, Object> asMap() {
            var map = new LinkedHashMap<String, Object>();
            map.put("reason", reason);
            map.put("message", text);
            map.put("exitCode", code.number());
            if (!hint.isEmpty()) {
                map.put("hint", hint);
            }
            return map;
        }
    }
}
