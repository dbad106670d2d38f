// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.storage.blob.Chunk;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The keys that a node works with: those of its source, of which it remembers some for a while. Thread-safe.
 *
 * <p>A key that was destroyed is thus used for {@link #REMEMBERED_FOR} at most by a node that had it, for somebody who is
 * erased and hence can neither write nor be read.
 */
public final class UserKeys implements AutoCloseable {
    /** How long a key stays in memory. */
    public static final Duration REMEMBERED_FOR = Duration.ofMinutes(10);

    /** How many keys stay in memory. */
    public static final int REMEMBERED = 10_000;

    /** How many questions to the source may wait. */
    public static final int MOST_WAITING = PatientSource.WAITING;

    private final @Nullable PatientSource source;
    private final ChunkSeal seal = new ChunkSeal();
    private final Cache<UserId, UserKey> remembered = Caffeine.newBuilder()
            .maximumSize(REMEMBERED)
            .expireAfterWrite(REMEMBERED_FOR)
            .build();

    private UserKeys(@Nullable PatientSource source) {
        this.source = source;
    }

    /** Keys of a source, which is closed with this; one that hangs is waited for {@link PatientSource#PATIENCE} at most. */
    public static UserKeys of(KeySource source) {
        return new UserKeys(new PatientSource(source));
    }

    /** No keys at all: what is to be sealed is refused. */
    public static UserKeys none() {
        return new UserKeys(null);
    }

    /**
     * How chunks of a user who has a key are to be stored. Never blocks.
     *
     * @param blocking threads that may wait for the source
     * @return fails with UNAVAILABLE where there is no source, or it cannot be reached
     */
    public CompletableFuture<Sealing> sealing(UserId user, Executor blocking) {
        var known = remembered.getIfPresent(user);
        return known != null
                ? CompletableFuture.completedFuture(sealing(known))
                : CompletableFuture.supplyAsync(() -> sealing(current(user)), blocking);
    }

    private UserKey current(UserId user) {
        return remembered.get(user, unknown -> source(user).current(unknown));
    }

    private Sealing sealing(UserKey key) {
        return (user, index, chunk) -> chunk.sealed() ? chunk : seal.seal(key, user, index, chunk);
    }

    /**
     * What is inside a chunk: the same, where it is not sealed. May wait for the source.
     *
     * @throws TintypeException UNAVAILABLE where the key cannot be had, CORRUPT_DATA where it was destroyed, or the chunk
     *     is not what was sealed
     */
    public Chunk open(UserId user, int index, Chunk chunk) {
        if (!chunk.sealed()) {
            return chunk;
        }
        var key = ChunkSeal.isLongEnough(chunk) ? key(user) : null;
        if (key == null || !key.id().equals(ChunkSeal.keyId(chunk))) {
            throw new TintypeException(
                    Reason.CORRUPT_DATA, "the key that a blob of user '" + user + "' was sealed with was destroyed");
        }
        return seal.open(key, user, index, chunk);
    }

    private @Nullable UserKey key(UserId user) {
        return remembered.get(user, unknown -> source(user).find(unknown).orElse(null));
    }

    /** Questions to the source that wait for others to be answered, of at most {@link #MOST_WAITING}. */
    public int waiting() {
        return source == null ? 0 : source.waiting();
    }

    /** Whether there is a source, so that it can be said that a user has no key. */
    public boolean hasSource() {
        return source != null;
    }

    /**
     * The id of the key that a user has by the source, never by what is remembered. May wait for the source.
     *
     * @throws TintypeException UNAVAILABLE where it cannot be reached
     */
    public Optional<ByteString> idOf(UserId user) {
        return source == null ? Optional.empty() : source.find(user).map(UserKey::id);
    }

    /**
     * Destroys a key of a user's; one that came after it stays. May wait for the source.
     *
     * @throws TintypeException UNAVAILABLE where it cannot be reached: the key is as it was, or destroyed
     */
    public void destroy(UserId user, ByteString id) {
        source(user).destroy(user, id);
        remembered.invalidate(user);
    }

    private KeySource source(UserId user) {
        var from = source;
        if (from == null) {
            throw new TintypeException(
                    Reason.UNAVAILABLE,
                    "blobs of user '" + user
                            + "' are sealed with a key of his own, and this node has no source of keys;"
                            + " give it one (keys.source, see docs/operations.md)");
        }
        return from;
    }

    @Override
    public void close() {
        if (source != null) {
            source.close();
        }
    }
}
