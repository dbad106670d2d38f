// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.BlobInfo;
import io.tintype.client.BlobNotFoundException;
import io.tintype.client.GetOptions;
import io.tintype.client.TintypeClient;
import io.tintype.client.UserBlobs;
import io.tintype.client.VersionConflictException;
import io.tintype.client.VersionGoneException;
import io.tintype.tools.console.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Brings a folder to exactly what a user has at one moment: lists that, reads each version, and begins again with a new list
 * where some were replaced or deleted before they were read. What is there stays, so each round is shorter.
 */
final class ExportRun {
    private static final int BUFFER_BYTES = 256 << 10;

    private final TintypeClient client;
    private final String user;
    private final ExportFolder folder;
    private final int atOnce;
    private final LongAdder readBlobs = new LongAdder();
    private final LongAdder readBytes = new LongAdder();

    ExportRun(TintypeClient client, String user, ExportFolder folder, int atOnce) {
        this.client = client;
        this.user = user;
        this.folder = folder;
        this.atOnce = atOnce;
    }

    /** Blobs that were read, of all rounds. */
    long readBlobs() {
        return readBlobs.sum();
    }

    /** Their bytes. */
    long readBytes() {
        return readBytes.sum();
    }

    /**
     * One round.
     *
     * @param mostBlobs most blobs that he may have
     * @return what the folder holds, if all versions of the list could be read
     */
    Optional<UserBlobs> round(int mostBlobs) throws IOException, InterruptedException {
        UserBlobs state = client.users().blobs(user, mostBlobs);
        var next = new AtomicInteger();
        var gone = new LongAdder();
        var threads = Executors.newFixedThreadPool(atOnce);
        try (var progress = Progress.ofBytes("exporting", state.bytes())) {
            var workers = new ArrayList<Future<?>>();
            for (int i = 0; i < atOnce; i++) {
                workers.add(threads.submit((Callable<@Nullable Void>) () -> {
                    read(state.blobs(), next, gone, progress);
                    return null;
                }));
            }
            for (var worker : workers) {
                worker.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException disk) {
                throw disk;
            }
            throw e.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(e.getCause());
        } finally {
            threads.shutdownNow();
        }
        if (gone.sum() > 0) {
            return Optional.empty();
        }
        folder.finish(state);
        return Optional.of(state);
    }

    /** Reads one blob after the other until none is left, or a thread failed. */
    private void read(List<BlobInfo> blobs, AtomicInteger next, LongAdder gone, Progress progress) throws IOException {
        try {
            for (int i = next.getAndIncrement(); i < blobs.size(); i = next.getAndIncrement()) {
                var blob = blobs.get(i);
                if (!folder.has(blob) && !read(blob)) {
                    gone.increment();
                }
                progress.advance(blob.size());
            }
        } finally {
            next.set(blobs.size());
        }
    }

    /** Reads one version; false where it is not there any more. */
    private boolean read(BlobInfo blob) throws IOException {
        Path part = folder.part(blob.name());
        var sha = sha256();
        try (var in = client.open(user, blob.name(), GetOptions.DEFAULT.withIfVersion(blob.version()))) {
            try (var out = new DigestOutputStream(
                    Files.newOutputStream(part, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), sha)) {
                var buffer = new byte[BUFFER_BYTES];
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    out.write(buffer, 0, read);
                }
            }
            folder.take(part, blob, sha.digest());
            readBlobs.increment();
            readBytes.add(blob.size());
            return true;
        } catch (BlobNotFoundException | VersionConflictException | VersionGoneException changed) {
            return false;
        } catch (IOException e) {
            if (e.getCause() instanceof VersionGoneException) {
                return false; // replaced or deleted while it was read
            }
            throw e;
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
