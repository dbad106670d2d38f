// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.Condition;
import io.tintype.proto.v1.PutHeader;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class WireTest {
    @Test
    void metadataIsCountedInBytesWithItsKeysAndTheContentType() {
        var metadata = Map.of("k", "ü".repeat(2_000), "key2", "v".repeat(Limits.MAX_METADATA_BYTES - 4_000 - 5 - 9));
        Wire.checkMetadata("image/png", metadata);
        refused(Reason.METADATA_TOO_LARGE, "8193 bytes", () -> Wire.checkMetadata("image/jpeg", metadata));
    }

    @Test
    void contentTypesThatAHeaderCannotCarryAreRefused() {
        refused(Reason.INVALID_ARGUMENT, "position 5", () -> Wire.checkMetadata("image\r\nX: y", Map.of()));
    }

    @Test
    void sizesAreUnsigned() {
        Wire.checkSize(10, 10);
        refused(Reason.BLOB_TOO_LARGE, "11 bytes", () -> Wire.checkSize(11, 10));
        refused(Reason.BLOB_TOO_LARGE, "18446744073709551615 bytes", () -> Wire.checkSize(-1, 10));
    }

    @Test
    void timeToLiveHasLimits() {
        refused(
                Reason.INVALID_ARGUMENT,
                "time_to_live_ms",
                () -> Wire.checkHeader(
                        PutHeader.newBuilder().setTimeToLiveMs(-1).build(), 10));
        refused(
                Reason.INVALID_ARGUMENT,
                "time_to_live_ms",
                () -> Wire.checkHeader(
                        PutHeader.newBuilder().setTimeToLiveMs(Long.MAX_VALUE).build(), 10));
    }

    @Test
    void conditionsMustAskForSomething() {
        Wire.checkCondition(Condition.newBuilder().setAbsent(true).build());
        refused(
                Reason.INVALID_ARGUMENT,
                "absent is false",
                () -> Wire.checkCondition(
                        Condition.newBuilder().setAbsent(false).build()));
        refused(Reason.INVALID_ARGUMENT, "neither", () -> Wire.checkCondition(Condition.getDefaultInstance()));
    }

    @Test
    void shardZeroIsNoHint() {
        assertThat(Wire.shardHint(0)).isEmpty();
        assertThat(Wire.shardHint(3)).contains(new ShardId(3));
        refused(Reason.INVALID_ARGUMENT, "4294967295", () -> Wire.shardHint(-1));
    }

    private static void refused(Reason reason, String because, ThrowingCallable call) {
        assertThatExceptionOfType(TintypeException.class)
                .isThrownBy(call)
                .withMessageContaining(because)
                .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
    }
}
