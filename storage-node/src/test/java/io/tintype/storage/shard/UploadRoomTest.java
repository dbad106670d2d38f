// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tintype.model.NodeId;
import io.tintype.model.PoolId;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.ShardType;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.replica.CasOutcome;
import io.tintype.storage.replica.LogShape;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.Now;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaCore;
import io.tintype.storage.replica.ReplicaEvent;
import io.tintype.storage.replica.ReplicaRole;
import io.tintype.storage.replica.ReplicaTiming;
import io.tintype.storage.replica.ShardConfig;
import io.tintype.storage.replica.VersionedConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uploads are refused for want of room where there is none, and never for what only changes in the middle of a step. */
final class UploadRoomTest {
    private static final String CLUSTER = "0123456789abcdef0123456789abcdef";
    private static final NodeId A = new NodeId("a");
    private static final Member AT_A = new Member(A, 1);
    private static final ShardConfig ALONE = ShardConfig.initial(Set.of(AT_A), Map.of(A, ReplicaRole.VOTER), 1);
    private static final ShardIdentity SHARD = new ShardIdentity(
            new ShardId(7),
            ShardType.SHARD_TYPE_DATA,
            new PoolId("local", "standard"),
            new ShardRules(1_000, 0, 0, false));

    @TempDir
    private Path folder;

    private final ReplicaCore core = new ReplicaCore(ReplicaTiming.DEFAULT);
    private final SplittableRandom random = new SplittableRandom(1);
    private long millis = 1_000;
    private Disk disk;
    private Board board;
    private Standing standing;
    private UploadRoom room;

    @BeforeEach
    void open() throws Exception {
        disk = Disk.open(
                DiskConfig.of(folder, CLUSTER).withMemory(8 << 20, 16 << 20).withReserve(0));
        step(new ReplicaEvent.Booted(AT_A, 0, LogShape.empty(), 0, false));
        var first = new ShardStatus(
                SHARD.id(),
                false,
                SHARD.pool(),
                SHARD.rules(),
                core.status().state(),
                false,
                0,
                Optional.empty(),
                List.of(),
                0,
                0,
                0,
                0,
                Optional.empty());
        board = new Board(first, true);
        standing = new Standing(SHARD, core, this::now, board, new ShardMetrics(new SimpleMeterRegistry()));
        room = new UploadRoom(SHARD, A, disk.committer(), board);
    }

    @AfterEach
    void close() {
        disk.close();
    }

    private Now now() {
        return new Now(millis * 1_000_000, millis);
    }

    private List<ReplicaAction> step(ReplicaEvent event) {
        millis++;
        return core.step(event, now(), random);
    }

    private static <T extends ReplicaAction> T only(Class<T> type, List<ReplicaAction> actions) {
        var found = actions.stream().filter(type::isInstance).map(type::cast).toList();
        assertThat(found).as("%s among %s", type.getSimpleName(), actions).hasSize(1);
        return found.get(0);
    }

    private void standsAndIsElected() {
        step(new ReplicaEvent.ConfigSeen(new VersionedConfig(ALONE, 3)));
        var read = only(ReplicaAction.ReadConfig.class, step(new ReplicaEvent.Tick()));
        step(new ReplicaEvent.ConfigRead(read.ticket(), new VersionedConfig(ALONE, 3)));
        standing.stepped();
        standing.publish(0);
        var cas = only(ReplicaAction.Cas.class, step(new ReplicaEvent.PromisePersisted(1)));
        step(new ReplicaEvent.CasAnswered(cas.ticket(), CasOutcome.APPLIED, 4));
    }

    @Test
    void aFollowerRefusesNothingForWantOfRoom() {
        step(new ReplicaEvent.ConfigSeen(new VersionedConfig(ALONE, 3)));
        standing.stepped();
        standing.publish(0);
        assertThatCode(() -> room.admitUpload(1)).doesNotThrowAnyException();
    }

    @Test
    void inTheStepThatMakesItPrimaryNothingIsRefusedForWantOfRoom() {
        standsAndIsElected();
        standing.stepped();
        assertThatCode(() -> room.admitUpload(1)).doesNotThrowAnyException();
        standing.publish(0);
        assertThatCode(() -> room.admitUpload(1)).doesNotThrowAnyException();
    }

    @Test
    void aPrimaryOnAFullDiskTakesNoUploadsOnceThatIsPublished() {
        standsAndIsElected();
        step(new ReplicaEvent.RoomSeen(true));
        standing.stepped();
        standing.publish(0);
        assertThatThrownBy(() -> room.admitUpload(1))
                .isInstanceOfSatisfying(
                        TintypeException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(Reason.DISK_FULL))
                .hasMessageContaining("the disks of 1 of its replicas are too full, and a write needs 1 with room (a)");
    }
}
