// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import io.tintype.client.internal.Reading;
import io.tintype.client.internal.transfer.DownloadSink;
import io.tintype.client.internal.transfer.Pieces;
import io.tintype.proto.v1.GetResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Writes a download beside its target and moves it there once it is whole and right: a file that was there stays untouched
 * until then, and no part of a blob is ever seen under the name. Pipes and devices are written to as they are.
 */
final class FileSink implements DownloadSink {
    private static final int AHEAD = 2;

    private final Path target;
    private final CompletableFuture<BlobInfo> result = Futures.cancelling(this::cancel);
    private volatile @Nullable Reading reading;
    private @Nullable Path part;
    private @Nullable FileChannel channel;
    private @Nullable BlobInfo info;

    FileSink(Path target) {
        this.target = target;
    }

    CompletableFuture<BlobInfo> start(Reading download) {
        reading = download;
        download.request(AHEAD);
        download.start();
        return result;
    }

    private void cancel() {
        var from = reading;
        if (from != null) {
            from.cancel();
        }
    }

    @Override
    public void opened(GetResponse first) {
        info = Convert.info(first.getHead());
        if (channel != null) {
            return;
        }
        try {
            if (Files.exists(target) && !Files.isRegularFile(target)) {
                channel = FileChannel.open(target, StandardOpenOption.WRITE);
            } else {
                part = real(target).resolveSibling(".tintype-" + UUID.randomUUID() + ".part");
                channel = FileChannel.open(part, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to '" + target + "': " + e, e);
        }
    }

    private static Path real(Path path) throws IOException {
        return Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
    }

    @Override
    public void data(Pieces bytes) {
        try {
            for (ByteBuffer buffer : bytes.buffers()) {
                while (channel != null && buffer.hasRemaining()) {
                    channel.write(buffer);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("writing to '" + target + "' failed: " + e, e);
        }
        var from = reading;
        if (from != null) {
            from.request(1);
        }
    }

    @Override
    public boolean restart() {
        if (part == null || channel == null) {
            return false;
        }
        try {
            channel.truncate(0).position(0);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void settle() {
        try {
            if (channel != null) {
                channel.close();
            }
            if (part != null) {
                move(part, real(target));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("moving the finished file to '" + target + "' failed: " + e, e);
        }
    }

    @Override
    public void finished() {
        if (info != null) {
            result.complete(info);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    @Override
    public void failed(Throwable failure) {
        try {
            if (channel != null) {
                channel.close();
            }
            if (part != null) {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
        result.completeExceptionally(failure);
    }
}
