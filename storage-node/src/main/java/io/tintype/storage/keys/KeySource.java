// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import com.google.protobuf.ByteString;
import io.tintype.model.UserId;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where keys of users are kept: outside of the nodes' disks and of their backups, and the same for all nodes of a cluster.
 *
 * <p>Thread-safe. Every method may block, and fails with {@link io.tintype.model.TintypeException} UNAVAILABLE where the
 * source cannot be reached or says nothing sensible; repeating is always right.
 *
 * <p>Always: while a user has a key, everybody is given that one, also when several ask for a first one at once; and what
 * was destroyed is never given again, nor another key under the same id.
 */
public interface KeySource extends AutoCloseable {
    /**
     * Makes sure that this is the source which a node worked with before, and not another one in its place, such as an empty
     * one: whatever is sealed with keys of that would be lost with it. To be called before anything else, once.
     *
     * @param memory the node's data directory, where a source may keep a small file by which it is known again
     * @throws IllegalArgumentException where it is another one, saying what to do
     */
    default void recognise(Path memory) {}

    /** The user's key; a new one, on whatever it is kept on for good, if he has none. */
    UserKey current(UserId user);

    /** The user's key; empty if he has none. */
    Optional<UserKey> find(UserId user);

    /**
     * Destroys a key of the user's for good; does nothing where he has none, or another one by now, which is somebody else's.
     *
     * @param id of the key
     */
    void destroy(UserId user, ByteString id);

    /** Lets go of what it holds. */
    @Override
    void close();
}
