// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import io.tintype.model.TintypeException;
import io.tintype.wire.SigningKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of a file, which is read again within {@value #LOOK_S} seconds of a change: keys are added and taken out of use
 * without a restart. A file that cannot be read changes nothing. Thread-safe; finding a key never blocks.
 */
final class SigningKeys implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SigningKeys.class);

    /** How often it is looked whether the file has changed. */
    static final long LOOK_S = 5;

    private static final long MOST_BYTES = 64 << 10;

    private final @Nullable Path file;
    private final @Nullable ScheduledExecutorService looking;
    private volatile Map<String, SigningKey> keys = Map.of();
    private String text = ""; // guarded by this

    private SigningKeys(@Nullable Path file) {
        this.file = file;
        this.looking = file == null
                ? null
                : Executors.newSingleThreadScheduledExecutor(work -> {
                    var thread = new Thread(work, "http-signing-keys");
                    thread.setDaemon(true);
                    return thread;
                });
    }

    /**
     * Those of a file; an empty name: none.
     *
     * @throws IllegalStateException if the file cannot be read or is no file of keys
     */
    static SigningKeys open(String name) {
        var keys = new SigningKeys(name.isEmpty() ? null : Path.of(name));
        try {
            keys.read();
        } catch (IOException | TintypeException e) {
            keys.close();
            throw new IllegalStateException(
                    "The signing keys in " + name + " cannot be used: " + e.getMessage()
                            + ". See http.signedUrls.keyFile.",
                    e);
        }
        if (keys.looking != null) {
            var unused = keys.looking.scheduleWithFixedDelay(keys::readAgain, LOOK_S, LOOK_S, TimeUnit.SECONDS);
        }
        return keys;
    }

    /** The key with this id. */
    Optional<SigningKey> find(String id) {
        return Optional.ofNullable(keys.get(id));
    }

    /** Reads the file, if there is one. */
    private synchronized void read() throws IOException {
        if (file == null) {
            return;
        }
        if (Files.size(file) > MOST_BYTES) {
            throw new IOException("it has more than " + MOST_BYTES + " bytes");
        }
        String now = Files.readString(file);
        if (!now.equals(text)) {
            keys = Map.copyOf(SigningKey.parse(now));
            text = now;
            log.info("{} signing keys are in use, of {}", keys.size(), file);
        }
    }

    /** The same, staying with the keys there are where it cannot be read. */
    void readAgain() {
        try {
            read();
        } catch (IOException | RuntimeException | Error e) { // the next look is to be had all the same
            log.warn(
                    "the signing keys in {} cannot be read again; those read before stay in use: {}",
                    file,
                    e.toString());
        }
    }

    @Override
    public void close() {
        if (looking != null) {
            looking.shutdownNow();
        }
    }
}
