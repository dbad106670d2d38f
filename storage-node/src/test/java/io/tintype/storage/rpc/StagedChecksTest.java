// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.proto.v1.PutFinish;
import io.tintype.storage.blob.StagedChunk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nothing becomes a blob that is not, chunk by chunk, what its sender says it is. */
final class StagedChecksTest {
    private static final UploadId UPLOAD = new UploadId(1, 2);

    private final byte[] bytes = new byte[2 * Limits.CHUNK_BYTES + 5];

    @BeforeEach
    void fill() {
        new Random(1).nextBytes(bytes);
    }

    private List<StagedChunk> staged() {
        var staged = new ArrayList<StagedChunk>();
        for (int from = 0; from < bytes.length; from += Limits.CHUNK_BYTES) {
            staged.add(chunk(
                    staged.size(), Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + Limits.CHUNK_BYTES))));
        }
        return staged;
    }

    private static StagedChunk chunk(int index, byte[] part) {
        return new StagedChunk(index, part.length, Crc32c.of(part));
    }

    private PutFinish finish() {
        return PutFinish.newBuilder()
                .setSize(bytes.length)
                .setCrc32C(Crc32c.of(bytes))
                .build();
    }

    private static TintypeException refused(Reason reason, List<StagedChunk> staged, PutFinish finish) {
        var refusal = new ArrayList<TintypeException>();
        assertThatThrownBy(() -> StagedChecks.check(UPLOAD, staged, finish))
                .isInstanceOfSatisfying(TintypeException.class, e -> {
                    assertThat(e.reason()).isEqualTo(reason);
                    refusal.add(e);
                });
        return refusal.get(0);
    }

    @Test
    void whatIsAllThereIsTakenInWhateverOrderItIsFound() {
        var staged = staged();
        Collections.reverse(staged);
        assertThatCode(() -> StagedChecks.check(UPLOAD, staged, finish())).doesNotThrowAnyException();
        assertThatCode(() -> StagedChecks.check(UPLOAD, List.of(), PutFinish.getDefaultInstance()))
                .as("nothing at all is a blob without bytes")
                .doesNotThrowAnyException();
    }

    @Test
    void whatIsMissingIsNamedUpToALimit() {
        var staged = staged();
        staged.remove(1);
        assertThat(refused(Reason.CHUNKS_MISSING, staged, finish()).details())
                .containsEntry(TintypeException.MISSING, "1");

        var large = finish().toBuilder()
                .setSize((StagedChecks.NAMED_MISSING + 9L) * Limits.CHUNK_BYTES)
                .build();
        var first = IntStream.range(0, StagedChecks.NAMED_MISSING)
                .mapToObj(String::valueOf)
                .collect(Collectors.joining(","));
        assertThat(refused(Reason.CHUNKS_MISSING, List.of(), large))
                .hasMessageContaining("and perhaps more")
                .satisfies(e -> assertThat(e.details()).containsEntry(TintypeException.MISSING, first));
    }

    @Test
    void oneChunkTooShortOrOneTooManyIsRefused() {
        var shorter = staged();
        shorter.set(1, new StagedChunk(1, Limits.CHUNK_BYTES - 1, 0));
        assertThat(refused(Reason.SIZE_MISMATCH, shorter, finish())).hasMessageContaining("chunk 1 of upload");

        var more = staged();
        more.add(new StagedChunk(3, 1, 0));
        assertThat(refused(Reason.SIZE_MISMATCH, more, finish())).hasMessageContaining("has 4 chunks");
    }

    @Test
    void otherBytesAreRefused() {
        var other = staged();
        other.set(2, new StagedChunk(2, 5, 7));
        assertThat(refused(Reason.CHECKSUM_MISMATCH, other, finish())).hasMessageContaining("finish.crc32c is");
    }
}
