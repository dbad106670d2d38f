// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static io.tintype.storage.rpc.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.Condition;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.ListRequest;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The end of a time to live where the log's clock is ahead of the wall clock, as behind a primary whose clock was. */
final class TimeToLiveTest {
    private static final long MINUTE_MS = 60_000;

    private Rig rig;

    @BeforeEach
    void start(@TempDir Path folder) throws Exception {
        rig = Rig.start(folder);
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    @Test
    void whatIsGoneForAConditionIsGoneForReaders() {
        var brief = put("brief", MINUTE_MS);
        rig.put("other", rig.bytes(1));
        rig.data.logAheadMs = Duration.ofHours(1).toMillis();
        var ifSame = Condition.newBuilder().setVersion(brief.getVersion());
        refused(
                Reason.VERSION_CONFLICT,
                () -> rig.put(rig.header("brief").setCondition(ifSame).build(), rig.bytes(2)),
                "there is no such blob");

        refused(Reason.BLOB_NOT_FOUND, () -> rig.read("brief"));
        refused(
                Reason.BLOB_NOT_FOUND,
                () -> rig.retrieval.head(HeadRequest.newBuilder()
                        .setUser(Rig.USER)
                        .setName("brief")
                        .setShard(Rig.DATA)
                        .build()));
        assertThat(rig.retrieval
                        .list(ListRequest.newBuilder()
                                .setUser(Rig.USER)
                                .setShard(Rig.DATA)
                                .build())
                        .getEntriesList())
                .extracting(entry -> entry.getBlob().getName())
                .containsExactly("other");
    }

    @Test
    void aTimeToLiveBeginsWhenTheBlobIsStoredByTheClockThatEndsIt() {
        rig.data.logAheadMs = Duration.ofHours(1).toMillis();
        rig.put("other", rig.bytes(1));
        var brief = put("brief", MINUTE_MS);
        assertThat(rig.read("brief")).hasSize(10);
        var ifSame = Condition.newBuilder().setVersion(brief.getVersion());
        assertThat(rig.put(rig.header("brief").setCondition(ifSame).build(), rig.bytes(2))
                        .getHead()
                        .getSize())
                .isEqualTo(2);
    }

    private BlobHead put(String name, long timeToLiveMs) {
        return rig.put(rig.header(name).setTimeToLiveMs(timeToLiveMs).build(), rig.bytes(10))
                .getHead();
    }
}
