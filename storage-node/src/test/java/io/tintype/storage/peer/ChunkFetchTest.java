// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.FetchChunksResponse;
import io.tintype.storage.blob.ChunkKey;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A fetch is done when its last chunk was taken, and not when it came. */
final class ChunkFetchTest {
    private static final ChunkKey KEY = new ChunkKey(UserId.of("alice"), new UploadId(1, 2), 0);

    private final CompletableFuture<Void> taken = new CompletableFuture<>();
    private final ChunkFetch fetch = new ChunkFetch(List.of(KEY), chunk -> taken);

    @Test
    void aFetchFailsWhoseLastChunkWasNotTaken() {
        allCame();
        assertThat(fetch.done()).isNotDone();

        var failure = new TintypeException(Reason.OVERLOADED, "no room for it");
        taken.completeExceptionally(failure);
        assertThatThrownBy(() -> fetch.done().join()).hasCause(failure);
    }

    @Test
    void aFetchEndsWhenItsLastChunkIsTaken() {
        allCame();
        assertThat(fetch.done()).isNotDone();

        taken.complete(null);
        assertThat(fetch.done()).isCompleted();
    }

    private void allCame() {
        var data = ByteString.copyFromUtf8("some bytes");
        fetch.onNext(FetchChunksResponse.newBuilder()
                .setIndex(KEY.index())
                .setData(data)
                .setCrc32C(Crc32c.of(data))
                .build());
        fetch.onCompleted();
    }
}
