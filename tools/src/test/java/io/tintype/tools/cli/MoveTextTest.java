// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.MoveInfo;
import io.tintype.client.UserInfo;
import io.tintype.model.PoolId;
import io.tintype.model.ShardId;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What whoever looks on at a move reads. */
final class MoveTextTest {
    private static final long MIB = 1 << 20;

    private static MoveInfo move(MoveInfo.State state, MoveInfo.Result result, long bytesDone, long bytesPerSecond) {
        var user = new UserInfo("alice", PoolId.parse("eu.standard"), new ShardId(3), 1);
        return new MoveInfo(
                user,
                state,
                Optional.of(new ShardId(7)),
                Optional.of(PoolId.parse("eu.paid")),
                2,
                result,
                Instant.EPOCH,
                10_000,
                4_000,
                1024 * MIB,
                bytesDone,
                bytesPerSecond);
    }

    @Test
    void blobsBytesPaceAndTimeLeftAreTold() {
        assertThat(MoveRun.line(move(MoveInfo.State.COPYING, MoveInfo.Result.NONE, 384 * MIB, 32 * MIB)))
                .isEqualTo("4000 of 10000 blobs, 384.0 MiB of 1.0 GiB, 32.0 MiB/s, about 21 s left");
        assertThat(MoveRun.line(move(MoveInfo.State.COPYING, MoveInfo.Result.NONE, 0, 0)))
                .as("nobody knows the pace yet")
                .isEqualTo("4000 of 10000 blobs, 0 B of 1.0 GiB, 0 B/s");
        assertThat(MoveRun.line(move(MoveInfo.State.WAITING, MoveInfo.Result.NONE, 0, 0)))
                .isEqualTo("waits for shard 7");
        assertThat(MoveRun.line(move(MoveInfo.State.READY, MoveInfo.Result.NONE, 1024 * MIB, MIB)))
                .isEqualTo("all is copied; about to change over");
    }

    @Test
    void howItEndedAndWhatToDoIsTold() {
        for (var result : MoveInfo.Result.values()) {
            assertThat(MoveRun.end(move(MoveInfo.State.NONE, result, 0, 0)))
                    .as(result.name())
                    .contains("shard 3");
        }
        assertThat(MoveRun.end(move(MoveInfo.State.NONE, MoveInfo.Result.TARGET_FULL, 0, 0)))
                .isEqualTo(
                        "the target had no room; he lives on shard 3 of pool eu.standard. Name another shard or pool");
    }
}
