// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.zk;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.cluster.embedded.EmbeddedZooKeeper;
import io.tintype.cluster.zk.ZnodeTransaction.Result;
import io.tintype.proto.internal.v1.PlanRecord;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Against a real ZooKeeper. After a lost answer Curator commits a transaction again and tells only how that ended; a test
 * commits one twice for that.
 */
final class ZnodeTransactionTest {
    private static final String ONE = "/one";
    private static final String TWO = "/two";

    @TempDir
    Path folder;

    private EmbeddedZooKeeper zooKeeper;
    private ZkSession session;

    @BeforeEach
    void start() throws Exception {
        zooKeeper = EmbeddedZooKeeper.start(folder, 0);
        session = ZkSession.connect(ZkConfig.of(zooKeeper.connectString()));
        assertThat(end(transaction().create(ONE, ZnodeCodec.PLAN, record("old"))))
                .isEqualTo(Result.MADE);
    }

    @AfterEach
    void stop() {
        session.close();
        zooKeeper.close();
    }

    private ZnodeTransaction transaction() {
        return new ZnodeTransaction(session);
    }

    private static PlanRecord record(String id) {
        return PlanRecord.newBuilder().setFormat(ZnodeCodec.FORMAT).setId(id).build();
    }

    private static Result end(ZnodeTransaction transaction) throws Exception {
        return transaction.commit().get(60, TimeUnit.SECONDS);
    }

    @Test
    void whatWasMadeByASendWhoseAnswerWasLostIsSaidToBeMade() throws Exception {
        var change =
                transaction().set(ONE, ZnodeCodec.PLAN, record("new"), 0).create(TWO, ZnodeCodec.PLAN, record("new"));
        assertThat(end(change)).isEqualTo(Result.MADE);
        assertThat(end(change)).as("sent again").isEqualTo(Result.MADE);
        var created = transaction().create("/three", ZnodeCodec.PLAN, record("new"));
        assertThat(end(created)).isEqualTo(Result.MADE);
        assertThat(end(created)).as("sent again").isEqualTo(Result.MADE);
    }

    @Test
    void whatSomebodyElseWasFasterWithIsRefused() throws Exception {
        assertThat(end(transaction().set(ONE, ZnodeCodec.PLAN, record("other"), 0)))
                .isEqualTo(Result.MADE);
        assertThat(end(transaction()
                        .set(ONE, ZnodeCodec.PLAN, record("new"), 0)
                        .create(TWO, ZnodeCodec.PLAN, record("new"))))
                .isEqualTo(Result.REFUSED);
        assertThat(end(transaction().create(ONE, ZnodeCodec.PLAN, record("new"))))
                .as("has moved on since it was created, perhaps by this")
                .isEqualTo(Result.UNKNOWN);
        assertThat(end(transaction().set("/nothing", ZnodeCodec.PLAN, record("new"), 0)))
                .isEqualTo(Result.REFUSED);
        assertThat(end(transaction().check(ONE, 0))).isEqualTo(Result.REFUSED);
        assertThat(end(transaction().check(ONE, 0).create(TWO, ZnodeCodec.PLAN, record("new"))))
                .isEqualTo(Result.REFUSED);
        assertThat(end(transaction().delete(ONE, 0))).isEqualTo(Result.REFUSED);
    }

    @Test
    void theSameRecordsWrittenByOthersOneByOneAreNotThisTransactions() throws Exception {
        assertThat(end(transaction().set(ONE, ZnodeCodec.PLAN, record("new"), 0)))
                .isEqualTo(Result.MADE);
        assertThat(end(transaction().create(TWO, ZnodeCodec.PLAN, record("new"))))
                .isEqualTo(Result.MADE);
        assertThat(end(transaction()
                        .set(ONE, ZnodeCodec.PLAN, record("new"), 0)
                        .create(TWO, ZnodeCodec.PLAN, record("new"))))
                .isNotEqualTo(Result.MADE);
    }

    @Test
    void whatHasMovedOnOrIsGoneIsUnknown() throws Exception {
        var change = transaction().set(ONE, ZnodeCodec.PLAN, record("new"), 0);
        assertThat(end(change)).isEqualTo(Result.MADE);
        assertThat(end(transaction().set(ONE, ZnodeCodec.PLAN, record("newer"), 1)))
                .isEqualTo(Result.MADE);
        assertThat(end(change)).isEqualTo(Result.UNKNOWN);
        var deletion = transaction().delete(ONE, 2);
        assertThat(end(deletion)).isEqualTo(Result.MADE);
        assertThat(end(deletion)).isEqualTo(Result.UNKNOWN);
    }
}
