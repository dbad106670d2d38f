// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.tintype.model.Limits;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.CopiedOutcome;
import io.tintype.proto.internal.v1.CopyUser;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.StoredOutcome;
import io.tintype.storage.log.LogCodec;
import io.tintype.wire.Wire;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Outcomes are copied in records that the log takes, whatever they hold. */
final class PullTest {
    private static final long MOVE = Long.MAX_VALUE;
    private static final long AS_OF_MS = 1_700_000_000_000L;
    private static final int MOST_KEYS = Limits.MAX_METADATA_BYTES / 2;
    private static final int ALPHABET = 64;

    /** Most bytes for whoever has the longest id. */
    private static final int RECORD_HOLDS = LogCodec.maxPayloadBytes(UserId.of("u".repeat(Limits.MAX_USER_BYTES)));

    /** With metadata in as many keys of two bytes, which take four times as much room written down. */
    private static CopiedOutcome outcome(int keys) {
        var metadata = new HashMap<String, String>();
        for (int i = 0; i < keys; i++) {
            metadata.put("" + (char) ('0' + i / ALPHABET) + (char) ('0' + i % ALPHABET), "");
        }
        Wire.checkMetadata("", metadata);
        var head = StoredHead.newBuilder()
                .putAllMetadata(metadata)
                .setCacheControl("x".repeat(Limits.MAX_CACHE_CONTROL))
                .setHttpExpiresMs(Limits.MAX_HTTP_EXPIRES_MS);
        return CopiedOutcome.newBuilder()
                .setRequestId(ByteString.copyFrom(new byte[16]))
                .setOutcome(StoredOutcome.newBuilder()
                        .setSequence(keys + 1L)
                        .setAppliedAtMs(AS_OF_MS)
                        .setWritten(head))
                .build();
    }

    private static List<CopyUser> copies(List<CopiedOutcome> outcomes) {
        var copies = Pull.copies(MOVE, AS_OF_MS, outcomes);
        assertThat(copies).allSatisfy(copy -> {
            assertThat(copy.getSerializedSize()).isLessThanOrEqualTo(RECORD_HOLDS);
            assertThat(copy.getMove()).isEqualTo(MOVE);
            assertThat(copy.getOutcomes().getAsOfMs()).isEqualTo(AS_OF_MS);
        });
        var copied = copies.stream()
                .flatMap(copy -> copy.getOutcomes().getOutcomesList().stream())
                .toList();
        assertThat(copied).isEqualTo(outcomes);
        return copies;
    }

    @Test
    void twoOutcomesWithTheMostMetadataFitIntoTheirRecords() {
        var largest = outcome(MOST_KEYS);
        for (int fewer = 0; fewer < 100; fewer++) {
            copies(List.of(outcome(MOST_KEYS - fewer), largest));
        }
    }

    @Test
    void smallOutcomesShareRecords() {
        var small = Collections.nCopies(1_000, outcome(0));
        assertThat(copies(small)).hasSizeLessThan(10);
        assertThat(copies(List.of())).isEmpty();
    }
}
