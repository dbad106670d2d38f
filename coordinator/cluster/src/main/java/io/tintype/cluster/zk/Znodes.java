// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;

/**
 * Single operations on znodes, without waiting. Thread-safe.
 *
 * <p>A future that fails does so with a {@link KeeperException}. After {@link KeeperException.ConnectionLossException},
 * {@link KeeperException.OperationTimeoutException} or the end of the session, a write may or may not have been made:
 * {@link CompareAndSet} settles that. Futures are completed on ZooKeeper's event thread: what hangs on them must be
 * short and must not block.
 */
public interface Znodes {
    /** Reads a znode from the server at hand, which may lag behind; empty if there is none. */
    CompletableFuture<Optional<Znode>> get(String path);

    /** Brings the server at hand up to date: a read after it sees every write acknowledged before it. */
    CompletableFuture<Void> sync(String path);

    /** Replaces a znode that has this version; yields the new version. */
    CompletableFuture<Integer> set(String path, byte[] data, int version);

    /** Creates a persistent znode, and its parents where absent. */
    CompletableFuture<Void> create(String path, byte[] data);

    /** Creates a persistent znode without data, and its parents, where absent. */
    default CompletableFuture<Void> ensure(String path) {
        return create(path, new byte[0]).exceptionally(failure -> {
            if (ZkErrors.is(failure, Code.NODEEXISTS)) {
                return null;
            }
            throw new CompletionException(ZkErrors.unwrap(failure));
        });
    }

    /** Creates a znode that goes with this session. */
    CompletableFuture<Void> createEphemeral(String path, byte[] data);

    /**
     * Puts in place of a znode that has this version, at one moment, one that goes with this session. Its version is another: who
     * means to delete the former one does not meet this one.
     */
    CompletableFuture<Void> replaceByEphemeral(String path, int version, byte[] data);

    /** Deletes a znode that has this version. */
    CompletableFuture<Void> delete(String path, int version);

    /** Names of a znode's children; none if it is absent. */
    CompletableFuture<List<String>> children(String path);

    /** True once the session is closed for good: nothing that failed will ever succeed. */
    boolean isClosed();
}
