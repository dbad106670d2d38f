// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.tintype.coordinator.testing.MemoryCluster;
import io.tintype.coordinator.testing.Pausable;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.PutChunkRequest;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Chunks on their way are held in memory like any other upload, and so are counted, shared and bounded with them. */
final class ChunkAdmissionTest {
    private static final long LIMIT = 16 << 20;

    private final MemoryCluster cluster = new MemoryCluster(LIMIT, 1 << 20);
    private final Pausable nodes = new Pausable(cluster);
    private final UploadGateway gateway = cluster.uploads(Duration.ofHours(1), 1 << 20, nodes);

    private void chunk(String user) {
        var unused = gateway.putChunk(PutChunkRequest.newBuilder()
                .setUser(user)
                .setUploadId(ByteString.copyFrom(new byte[16]))
                .setData(ByteString.copyFrom(new byte[Limits.CHUNK_BYTES]))
                .build());
    }

    @AfterEach
    void stop() {
        nodes.resume();
        cluster.close();
    }

    @Test
    void theyAreBoundedSharedAndGivenBack() {
        nodes.pause();
        for (int i = 0; i < 7; i++) {
            chunk("u");
        }
        assertThat(cluster.admission.heldBytes()).isBetween(7L << 20, LIMIT / 2);
        assertThatThrownBy(() -> chunk("u"))
                .isInstanceOfSatisfying(TintypeException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.OVERLOADED);
                    assertThat(e.retryAfter()).isPresent();
                })
                .hasMessageContaining("this user's uploads");
        chunk("another");
        assertThat(cluster.admission.users()).isEqualTo(2);

        nodes.resume();

        await().until(() -> cluster.admission.heldBytes() == 0);
    }
}
