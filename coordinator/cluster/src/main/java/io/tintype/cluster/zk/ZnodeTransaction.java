// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.api.transaction.CuratorOp;
import org.apache.zookeeper.KeeperException.Code;

/**
 * Changes of several znodes that are made together or not at all. Confined to one thread until it is committed; never
 * blocks.
 */
public final class ZnodeTransaction {
    /** Most changes in one transaction, so that it stays far below ZooKeeper's limit of 1 MiB. */
    public static final int MAX_CHANGES = 64;

    private static final long ANSWER_TIMEOUT_MS = 20_000;

    private final ZkSession session;
    private final List<CuratorOp> operations = new ArrayList<>();
    private final ChangesMade made;

    /** Begins one over a session. */
    public ZnodeTransaction(ZkSession session) {
        this.session = session;
        this.made = new ChangesMade(session.znodes());
    }

    private interface Operation {
        CuratorOp make() throws Exception;
    }

    private ZnodeTransaction add(Operation operation) {
        if (operations.size() >= MAX_CHANGES) {
            throw new IllegalStateException("more than " + MAX_CHANGES + " changes in one transaction");
        }
        try {
            operations.add(operation.make());
        } catch (Exception e) { // what Curator declares
            throw new IllegalStateException("a transaction could not be put together", e);
        }
        return this;
    }

    /** Only if a znode has this version. */
    public ZnodeTransaction check(String path, int version) {
        return add(() ->
                session.curator().transactionOp().check().withVersion(version).forPath(path));
    }

    /** Replaces a record that has this version. */
    public <T extends Message> ZnodeTransaction set(String path, ZnodeCodec<T> codec, T record, int version) {
        byte[] data = codec.encode(path, record);
        made.set(path, data, version);
        return add(() ->
                session.curator().transactionOp().setData().withVersion(version).forPath(path, data));
    }

    /** Creates a record. */
    public <T extends Message> ZnodeTransaction create(String path, ZnodeCodec<T> codec, T record) {
        byte[] data = codec.encode(path, record);
        made.create(path, data);
        return add(() -> session.curator().transactionOp().create().forPath(path, data));
    }

    /** Deletes a znode that has this version. */
    public ZnodeTransaction delete(String path, int version) {
        made.delete(path);
        return add(() ->
                session.curator().transactionOp().delete().withVersion(version).forPath(path));
    }

    /** How a transaction ended. */
    public enum Result {
        /** All changes were made. */
        MADE,
        /** None was: a znode is not as one of them demanded. */
        REFUSED,
        /** All or none was; only looking again tells. */
        UNKNOWN
    }

    /**
     * Makes the changes. Never fails.
     *
     * <p>After a lost answer Curator sends them again, and does not tell: then the refusal of the second may be the doing of
     * the first. So after a refusal it is looked whether they were made.
     */
    public CompletableFuture<Result> commit() {
        var answer = new CompletableFuture<Code>();
        try {
            session.curator()
                    .transaction()
                    .inBackground((ignored, event) -> answer.complete(Code.get(event.getResultCode())))
                    .forOperations(operations);
        } catch (Exception e) { // what Curator declares
            answer.complete(Code.CONNECTIONLOSS);
        }
        return answer.completeOnTimeout(Code.OPERATIONTIMEOUT, ANSWER_TIMEOUT_MS, TimeUnit.MILLISECONDS)
                .thenCompose(code -> switch (code) {
                    case OK -> CompletableFuture.completedFuture(Result.MADE);
                    case BADVERSION, NONODE, NODEEXISTS, NOTEMPTY -> made.look();
                    default -> CompletableFuture.completedFuture(Result.UNKNOWN);
                });
    }
}
