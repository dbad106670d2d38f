// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Message;
import io.tintype.cluster.zk.Paths;
import io.tintype.cluster.zk.Znode;
import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.NodeRegistration;
import io.tintype.proto.internal.v1.Placement;
import io.tintype.proto.internal.v1.ShardAssignment;
import io.tintype.proto.internal.v1.ShardRecord;
import org.junit.jupiter.api.Test;

/** What can be decoded and is nonsense all the same is left out, and holds nothing else up. */
final class ClusterTableTest {
    private static final ShardId GOOD = new ShardId(1);
    private static final ShardId BAD = new ShardId(2);

    private final ClusterTable table = new ClusterTable();

    private static Znode znode(Message record) {
        return new Znode(record.toByteArray(), 0, 1, 0, 0);
    }

    private static ShardRecord.Builder record(ShardId shard) {
        return ShardRecord.newBuilder()
                .setFormat(1)
                .setShard(shard.value())
                .setPool("eu.standard")
                .setPrimary("n1");
    }

    private void isRefused(String path, Message record) {
        assertThatThrownBy(() -> table.changed(path, znode(record))).isInstanceOf(TintypeException.class);
    }

    private void theOthersAreStillSeen() {
        table.changed(Paths.shard(GOOD.value()), znode(record(GOOD).build()));
        var map = table.next(ClusterView.EMPTY).map();
        assertThat(map.shard(GOOD)).isPresent();
        assertThat(map.shard(BAD)).isEmpty();
    }

    @Test
    void aShardOfAPoolThatNoneCanBeNamed() {
        isRefused(Paths.shard(BAD.value()), record(BAD).setPool("nowhere").build());
        theOthersAreStillSeen();
    }

    @Test
    void aShardOnANodeThatNoneCanBeNamed() {
        isRefused(
                Paths.shard(BAD.value()),
                record(BAD)
                        .addReplicas(Placement.newBuilder().setNode("Not a node"))
                        .build());
        theOthersAreStillSeen();
    }

    @Test
    void anAssignmentToANodeThatNoneCanBeNamed() {
        isRefused(
                Paths.assignment(BAD.value()),
                ShardAssignment.newBuilder()
                        .setFormat(1)
                        .setShard(BAD.value())
                        .setPool("eu.standard")
                        .addReplicas(Placement.newBuilder().setNode(""))
                        .build());
        theOthersAreStillSeen();
    }

    @Test
    void aNodeWithALabelThatIsNone() {
        isRefused(
                Paths.nodeRegistration("n1"),
                NodeRegistration.newBuilder()
                        .setFormat(1)
                        .setId("n1")
                        .addLabels("Not a label")
                        .build());
        theOthersAreStillSeen();
        assertThat(table.next(ClusterView.EMPTY).map().node(new NodeId("n1"))).isEmpty();
    }

    @Test
    void whatWasKnownBeforeStays() {
        table.changed(Paths.shard(GOOD.value()), znode(record(GOOD).build()));
        var before = table.next(ClusterView.EMPTY);
        isRefused(Paths.shard(GOOD.value()), record(GOOD).setPool("").build());
        assertThat(table.next(before).map().shard(GOOD)).isEqualTo(before.map().shard(GOOD));
    }
}
