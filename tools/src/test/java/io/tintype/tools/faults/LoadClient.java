// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.faults;

import io.tintype.client.BlobNotFoundException;
import io.tintype.client.BlobSource;
import io.tintype.client.Consistency;
import io.tintype.client.DeleteOptions;
import io.tintype.client.GetOptions;
import io.tintype.client.OutcomeUnknownException;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.client.UserNotFoundException;
import io.tintype.client.VersionConflictException;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import io.tintype.storage.history.BlobKey;
import io.tintype.storage.history.Call;
import io.tintype.storage.history.Condition;
import io.tintype.storage.history.HistoryRecorder;
import io.tintype.storage.history.Result;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** One client: puts, overwrites, deletes, changes under conditions, reads, and writes it all down. Runs on one thread. */
final class LoadClient implements Runnable {
    /** So many changes that were made show that a client gets on. */
    static final int A_FEW = 5;

    private static final int SMALL_BYTES = 8 << 10;
    private static final int LARGE_BYTES = 300 << 10;
    private static final int LARGE_SPREAD = 500 << 10;
    private static final int LARGE_PERCENT = 2;
    private static final int NEAR_PERCENT = 30;
    private static final Duration STALE = Duration.ofSeconds(30);
    private static final int DIGEST_BYTES = 12;

    /** Versions that readers of stale answers saw say nothing about what the client may see next. */
    private final int number;

    private final TintypeClient sdk;
    private final HistoryRecorder recorder;
    private final List<BlobKey> keys;
    private final SplittableRandom random;
    private final Map<BlobKey, Version> seen = new HashMap<>();
    private final AtomicInteger changed = new AtomicInteger();
    private volatile boolean ended;

    LoadClient(int number, TintypeClient sdk, HistoryRecorder recorder, List<BlobKey> keys, SplittableRandom random) {
        this.number = number;
        this.sdk = sdk;
        this.recorder = recorder;
        this.keys = keys;
        this.random = random;
    }

    @Override
    public void run() {
        while (!ended) {
            one();
        }
    }

    /** It goes on until its operation under way has ended. */
    void end() {
        ended = true;
    }

    /** How many changes were made, by their answers. Reads and refused conditions would not show that writes go on. */
    int changed() {
        return changed.get();
    }

    private void one() {
        var key = keys.get(random.nextInt(keys.size()));
        int draw = random.nextInt(100);
        if (draw < 34) {
            put(key, Condition.ANY);
        } else if (draw < 40) {
            put(key, Condition.ABSENT);
        } else if (draw < 48) {
            put(key, known(key));
        } else if (draw < 54) {
            delete(key, Condition.ANY);
        } else if (draw < 58) {
            delete(key, known(key));
        } else if (draw < 85) {
            read(key);
        } else {
            readStale(key);
        }
    }

    private Condition known(BlobKey key) {
        var version = seen.get(key);
        return version == null ? Condition.ANY : new Condition.Is(version);
    }

    private void put(BlobKey key, Condition condition) {
        var bytes = content();
        var options = PutOptions.DEFAULT;
        if (condition instanceof Condition.Absent) {
            options = options.ifAbsent();
        } else if (condition instanceof Condition.Is is) {
            options = options.ifVersion(is.version());
        }
        var asked = options;
        record(key, new Call.Put(digest(bytes), condition), () -> {
            var version = sdk.put(user(key), name(key), BlobSource.of(bytes), asked)
                    .info()
                    .version();
            seen.put(key, version);
            return new Result.Written(version);
        });
    }

    private void delete(BlobKey key, Condition condition) {
        var options = condition instanceof Condition.Is is
                ? DeleteOptions.DEFAULT.withIfVersion(is.version())
                : DeleteOptions.DEFAULT;
        record(key, new Call.Delete(condition), () -> {
            var deleted = sdk.delete(user(key), name(key), options);
            seen.remove(key);
            return new Result.Deleted(deleted.existed() ? deleted.version() : null, deleted.existed());
        });
    }

    /** A read that shows all that was acknowledged before, from the primary or a near replica; returns whether it was answered. */
    boolean read(BlobKey key) {
        boolean near = random.nextInt(100) < NEAR_PERCENT;
        return record(key, new Call.Read(), () -> {
            var found = get(key, near ? Consistency.near() : Consistency.linearizable());
            seen.put(key, found.version());
            return found;
        });
    }

    /** A read that may show something older. */
    void readStale(BlobKey key) {
        record(key, new Call.Read(Call.Promise.STALE), () -> get(key, Consistency.boundedStaleness(STALE)));
    }

    private Result.Found get(BlobKey key, Consistency consistency) {
        var blob = sdk.get(user(key), name(key), GetOptions.DEFAULT.withConsistency(consistency));
        return new Result.Found(blob.info().version(), digest(blob.bytes()));
    }

    private boolean record(BlobKey key, Call call, Supplier<Result> action) {
        var underWay = recorder.begin(number, key, call);
        var result = Result.UNKNOWN;
        try {
            result = action.get();
        } catch (BlobNotFoundException | UserNotFoundException e) {
            result = call instanceof Call.Read ? Result.MISSING : Result.FAILED;
        } catch (VersionConflictException e) {
            result = new Result.Conflict(e.current().orElse(null));
        } catch (OutcomeUnknownException e) {
            result = Result.UNKNOWN;
        } catch (TintypeException e) {
            // The SDK says that nothing was changed, and is held to it.
            result = Result.FAILED;
        } finally {
            underWay.end(result);
        }
        if (result instanceof Result.Written || result instanceof Result.Deleted) {
            changed.incrementAndGet();
        }
        return !(result instanceof Result.Unknown || result instanceof Result.Failed);
    }

    private byte[] content() {
        int size = random.nextInt(100) < LARGE_PERCENT
                ? LARGE_BYTES + random.nextInt(LARGE_SPREAD)
                : 1 + DIGEST_BYTES + random.nextInt(SMALL_BYTES);
        var bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String digest(byte[] bytes) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String user(BlobKey key) {
        return key.user().value();
    }

    private static String name(BlobKey key) {
        return key.name().value();
    }
}
