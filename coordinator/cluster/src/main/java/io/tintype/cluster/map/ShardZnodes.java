// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import io.tintype.cluster.zk.CasOutcome;
import io.tintype.cluster.zk.CompareAndSet;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Versioned;
import io.tintype.cluster.zk.ZkSession;
import io.tintype.cluster.zk.Znode;
import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.cluster.zk.ZnodeTree;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shard znodes as one storage node sees them: the assignments that name it, and the records of its own shards, which
 * it reads, watches and changes by compare-and-set. Thread-safe; nothing blocks.
 *
 * <p>Listeners are called on one thread of this object, one call at a time, and must not block. Futures are completed on
 * ZooKeeper's event thread: hand over at once.
 */
public final class ShardZnodes implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ShardZnodes.class);

    private final ZkSession session;
    private final SerialLoop loop = new SerialLoop("shard-znodes");
    private final CompareAndSet<ShardRecord> records;
    private final CompareAndSet<ShardAssignment> assignments;

    /** Over a session that outlives this object. */
    public ShardZnodes(ZkSession session) {
        this.session = session;
        this.records = new CompareAndSet<>(session.znodes(), ZnodeCodec.SHARD, ShardZnodes::sameWrite);
        this.assignments = new CompareAndSet<>(session.znodes(), ZnodeCodec.ASSIGNMENT, ShardAssignment::equals);
    }

    /** Learns which shards should be here. */
    public interface AssignmentListener {
        /** The node is named in this assignment, which is new or changed. */
        void assigned(ShardAssignment assignment);

        /** The node is no longer named in the shard's assignment, or that is gone. */
        void unassigned(ShardId shard);

        /**
         * This assignment, which is new or changed, does not name the node. Told of all shards there are; where it named the
         * node before, behind {@link #unassigned}.
         */
        void elsewhere(ShardAssignment assignment);

        /** All assignments there were at the (re)connection have been told. */
        void loaded();
    }

    /**
     * The shard's record as it is now, with every change acknowledged before this call; empty where there is none yet.
     * Fails while ZooKeeper is out of reach.
     */
    public CompletableFuture<Optional<Versioned<ShardRecord>>> read(ShardId shard) {
        return records.read(Paths.shard(shard.value()));
    }

    /** Where the shard should be, read likewise. */
    public CompletableFuture<Optional<Versioned<ShardAssignment>>> readAssignment(ShardId shard) {
        return assignments.read(Paths.assignment(shard.value()));
    }

    /**
     * Creates a shard's record, unless there is one already. See {@link CompareAndSet} for what the future promises.
     *
     * @param first must carry its writer and a nonce made for this call
     */
    public CompletableFuture<CasOutcome<ShardRecord>> create(ShardRecord first) {
        return records.create(Paths.shard(first.getShard()), first);
    }

    /**
     * Replaces a shard's record if it still has this znode version. See {@link CompareAndSet} for what the future
     * promises; one at a time per shard is the caller's duty.
     *
     * @param next must carry its writer and a nonce made for this call
     */
    public CompletableFuture<CasOutcome<ShardRecord>> replace(int version, ShardRecord next) {
        return records.set(Paths.shard(next.getShard()), version, next);
    }

    /**
     * Tells the shard's record now and after every change, as far as ZooKeeper is in reach; never an older one after a
     * newer one. A deleted record is not told of.
     */
    public ZkSession.Registration watch(ShardId shard, Consumer<Versioned<ShardRecord>> listener) {
        return follow(Paths.shard(shard.value()), (path, znode) -> {
            if (znode != null) {
                listener.accept(new Versioned<>(ZnodeCodec.SHARD.decode(path, znode.data()), znode.version()));
            }
        });
    }

    /**
     * All shards' records that name a node as replica, in sync or electable, as one look at every shard of the cluster finds
     * them: for what happens seldom. Fails when this is closed; takes as long as ZooKeeper is out of reach.
     */
    public CompletableFuture<List<ShardRecord>> recordsNaming(NodeId node) {
        var found = new CompletableFuture<List<ShardRecord>>();
        var records = new TreeMap<String, ShardRecord>();
        var tree = ZnodeTree.follow(session, Paths.SHARDS, loop, new ZnodeTree.Listener() {
            @Override
            public void changed(String path, @Nullable Znode znode) {
                records.remove(path);
                if (znode != null && idOf(path).isPresent()) {
                    try {
                        records.put(path, ZnodeCodec.SHARD.decode(path, znode.data()));
                    } catch (RuntimeException e) {
                        found.completeExceptionally(e);
                    }
                }
            }

            @Override
            public void loaded() {
                found.complete(records.values().stream()
                        .filter(record -> names(record, node.value()))
                        .toList());
            }
        });
        return found.whenComplete((result, failure) -> tree.close());
    }

    /** Whether a shard should have a replica on a node. */
    public static boolean names(ShardAssignment assignment, NodeId node) {
        return assignment.getReplicasList().stream()
                .anyMatch(replica -> replica.getNode().equals(node.value()));
    }

    private static boolean names(ShardRecord record, String node) {
        return record.getReplicasList().stream()
                        .anyMatch(placed -> placed.getNode().equals(node))
                || Stream.concat(record.getInSyncList().stream(), record.getElectableList().stream())
                        .anyMatch(member -> member.getNode().equals(node));
    }

    /** Tells which shards should have a replica on this node and which should not, now and after every change. */
    public ZkSession.Registration watchAssignments(NodeId self, AssignmentListener listener) {
        var mine = new HashSet<ShardId>();
        var tree = ZnodeTree.follow(session, Paths.ASSIGNMENTS, loop, new ZnodeTree.Listener() {
            @Override
            public void changed(String path, @Nullable Znode znode) {
                guarded(path, () -> {
                    if (znode == null) {
                        idOf(path).filter(mine::remove).ifPresent(listener::unassigned);
                    } else if (idOf(path).isPresent()) {
                        tell(ZnodeCodec.ASSIGNMENT.decode(path, znode.data()));
                    }
                });
            }

            private void tell(ShardAssignment assignment) {
                var shard = new ShardId(assignment.getShard());
                if (names(assignment, self)) {
                    mine.add(shard);
                    listener.assigned(assignment);
                } else {
                    if (mine.remove(shard)) {
                        listener.unassigned(shard);
                    }
                    listener.elsewhere(assignment);
                }
            }

            @Override
            public void loaded() {
                listener.loaded();
            }
        });
        return tree::close;
    }

    @Override
    public void close() {
        loop.close();
    }

    private interface Change {
        void told(String path, @Nullable Znode znode);
    }

    private ZkSession.Registration follow(String path, Change change) {
        var tree = ZnodeTree.follow(session, path, loop, new ZnodeTree.Listener() {
            @Override
            public void changed(String changedPath, @Nullable Znode znode) {
                guarded(changedPath, () -> change.told(changedPath, znode));
            }

            @Override
            public void loaded() {}
        });
        return tree::close;
    }

    /** {@code /assign/{bucket}/{id}} names a shard; what is above does not. */
    private static Optional<ShardId> idOf(String path) {
        return Paths.isInBucket(path)
                ? Optional.of(new ShardId(Integer.parseInt(Paths.lastPart(path))))
                : Optional.empty();
    }

    private static void guarded(String path, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            log.error("ignoring znode {}, which cannot be understood or handled", path, e);
        }
    }

    private static boolean sameWrite(ShardRecord a, ShardRecord b) {
        return a.getWriter().equals(b.getWriter()) && a.getWriterNonce() == b.getWriterNonce();
    }
}
