// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ErrorReport;
import io.tintype.tools.console.ExitCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** The right to run a cluster in a data directory; the operating system takes it back when the process ends. */
final class DevLock implements AutoCloseable {
    private static final String NAME = "dev.lock";

    private final FileChannel channel;

    private DevLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Takes it, making the directory where there is none.
     *
     * @throws CommandFailure CONFLICT when another process has it; FAILURE when nothing can be written there
     */
    static DevLock take(Path directory) throws IOException {
        var file = directory.resolve(NAME);
        var channel = open(directory, file);
        if (tryLock(channel) == null) {
            channel.close();
            throw new CommandFailure(
                    ExitCode.CONFLICT,
                    "another tintype dev (process " + Files.readString(file).strip() + ") runs in " + directory
                            + "; use that one, stop it, or choose another directory with --data");
        }
        channel.truncate(0);
        channel.write(
                ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
        return new DevLock(channel);
    }

    private static FileChannel open(Path directory, Path file) throws IOException {
        try {
            Files.createDirectories(directory);
            return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (FileSystemException e) {
            throw new CommandFailure(
                    ExitCode.FAILURE,
                    "cannot keep data in " + directory + " ("
                            + ErrorReport.explain(e).text() + "); choose another directory with --data");
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /** Gives it back. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
