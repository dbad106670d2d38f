// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.tintype.cluster.zk.ZnodeCodec;
import io.tintype.proto.internal.v1.ShardRecord;
import io.tintype.storage.blob.ShardStore;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** No replica is forgotten because the disk had too much to do when it was opened, rebuilt or dropped. */
@Timeout(180)
final class ShardOpenerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ShardIdentity SHARD = OneNode.shard(7);

    @TempDir
    private Path folder;

    private OneNode node;

    @BeforeEach
    void start() throws Exception {
        node = new OneNode(folder);
    }

    @AfterEach
    void close() {
        node.close();
    }

    private boolean isRunning() {
        return node.registry.runtime(SHARD.id()).isPresent();
    }

    private long incarnation() {
        return node.registry.runtime(SHARD.id()).orElseThrow().self().incarnation();
    }

    @Test
    void aNewReplicaIsOpenedAsSoonAsTheDiskTakesItsName() throws Exception {
        node.holdTheDisk();
        node.open(SHARD);
        assertThat(isRunning()).isFalse();

        node.releaseTheDisk();

        await("a replica that runs").atMost(PATIENCE).until(this::isRunning);
        assertThat(node.opener.broken()).isEmpty();
    }

    @Test
    void aFailedReplicaThatCannotBeThrownAwayNowIsToldOfAndRebuiltLater() throws Exception {
        node.open(SHARD);
        long before = incarnation();
        node.holdTheDisk();
        node.onOpener(() -> node.opener.rebuild(SHARD));
        assertThat(isRunning()).isFalse();
        assertThat(node.opener.broken()).containsOnlyKeys(SHARD.id());

        node.releaseTheDisk();
        await("room for a write")
                .atMost(PATIENCE)
                .until(() -> node.disk.committer().waitingWrites() == 0);
        node.onOpener(() -> node.opener.rebuild(SHARD));

        await("a replica that runs").atMost(PATIENCE).until(this::isRunning);
        assertThat(node.opener.broken()).isEmpty();
        assertThat(incarnation()).isNotEqualTo(before);
    }

    @Test
    void aReplicaThatNobodyWantsGoesAlthoughTheDiskWasTooBusyAtFirst() throws Exception {
        var elsewhere = ShardRecord.newBuilder()
                .setFormat(ZnodeCodec.FORMAT)
                .setShard(SHARD.id().value())
                .setWriter("b")
                .build();
        node.context.znodes().create(elsewhere).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        var upkeep = new Upkeep(node.context, node.registry, node.opener, id -> false);
        node.open(SHARD);
        node.holdTheDisk();
        await("an end").atMost(PATIENCE).until(() -> {
            upkeep.round();
            return !isRunning();
        });

        node.releaseTheDisk();

        await("nothing of it on the disk").atMost(PATIENCE).until(() -> {
            upkeep.round();
            return !ShardStore.list(node.disk).contains(SHARD.id());
        });
    }

    @Test
    void whateverKeepsAReplicaFromOpeningIsToldOf() throws Exception {
        byte[] key = ByteBuffer.allocate(5)
                .putInt(SHARD.id().value())
                .put((byte) 'R')
                .array();
        node.disk
                .committer()
                .commit(new Write().put(Family.META, key, new byte[1]))
                .join();

        node.open(SHARD);

        assertThat(node.opener.broken()).containsOnlyKeys(SHARD.id());
    }
}
