// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.GetUserUsageRequest;
import io.tintype.proto.internal.v1.GetUserUsageResponse;
import io.tintype.proto.internal.v1.SetUserQuotaRequest;
import io.tintype.wire.Errors;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two operators change the quota of one user. */
final class UserQuotasTest {
    private static final int WAIT_S = 20;

    @TempDir
    private Path folder;

    private Rig rig;

    @BeforeEach
    void start() throws Exception {
        rig = Rig.start(folder);
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
    }

    /** As each of them read it before the other one wrote. */
    @Test
    void whatIsKeptStaysAsAnotherOneHasSetItMeanwhile() {
        assertLimits(set(bytes(1_000).setKeepBlobs(true)), 1_000, 0);
        assertLimits(set(blobs(10).setBytes(77).setKeepBytes(true)), 1_000, 10);
        assertLimits(set(bytes(2_000).setBlobs(77).setKeepBlobs(true)), 2_000, 10);
        assertLimits(set(bytes(3_000).setBlobs(30)), 3_000, 30);
    }

    @Test
    void oneChangeIsMadeAtATime() throws Exception {
        var go = new CompletableFuture<Void>();
        rig.data.quotasWaitFor = go;
        var first = CompletableFuture.supplyAsync(() -> set(bytes(1_000).setKeepBlobs(true)));
        await().atMost(WAIT_S, TimeUnit.SECONDS).until(() -> rig.data.quotas.get() == 1);
        assertThatThrownBy(() -> set(blobs(10).setKeepBytes(true)))
                .isInstanceOfSatisfying(TintypeException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE);
                    assertThat(e.retryAfter()).isPresent();
                });
        assertThat(rig.data.quotas).as("proposed").hasValue(1);
        go.complete(null);
        assertLimits(first.get(WAIT_S, TimeUnit.SECONDS), 1_000, 0);
        assertLimits(set(blobs(10).setKeepBytes(true)), 1_000, 10);
        assertLimits(
                rig.peers.getUserUsage(GetUserUsageRequest.newBuilder()
                        .setClusterId(Rig.CLUSTER)
                        .setShard(Rig.DATA)
                        .setUser(Rig.USER)
                        .build()),
                1_000,
                10);
    }

    private GetUserUsageResponse set(SetUserQuotaRequest.Builder request) {
        try {
            return rig.peers
                    .withDeadlineAfter(WAIT_S, TimeUnit.SECONDS)
                    .setUserQuota(request.setClusterId(Rig.CLUSTER)
                            .setShard(Rig.DATA)
                            .setUser(Rig.USER)
                            .setOwn(true)
                            .build())
                    .getUsage();
        } catch (RuntimeException e) {
            throw Errors.fromWire(e);
        }
    }

    private static SetUserQuotaRequest.Builder bytes(long bytes) {
        return SetUserQuotaRequest.newBuilder().setBytes(bytes);
    }

    private static SetUserQuotaRequest.Builder blobs(long blobs) {
        return SetUserQuotaRequest.newBuilder().setBlobs(blobs);
    }

    private static void assertLimits(GetUserUsageResponse usage, long bytes, long blobs) {
        assertThat(usage.getBytesLimit()).isEqualTo(bytes);
        assertThat(usage.getBlobsLimit()).isEqualTo(blobs);
    }
}
