// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.tintype.model.UploadId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.FetchChunksResponse;
import io.tintype.storage.blob.ChunkKey;
import io.tintype.storage.rpc.NotedErrors;
import io.tintype.storage.shard.PeerInbox;
import java.lang.reflect.Proxy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whoever asked for chunks hears how it ended, whatever it was. */
final class ChunkServingTest {
    private static final ChunkKey KEY = new ChunkKey(UserId.of("alice"), new UploadId(1, 2), 0);

    private final NotedErrors<FetchChunksResponse> caller = new NotedErrors<>();

    @Test
    void aReadThatEndsInAnErrorIsNotWaitedForAnyLonger() {
        var error = new LinkageError("for a test");
        var shard = (PeerInbox) Proxy.newProxyInstance(
                PeerInbox.class.getClassLoader(), new Class<?>[] {PeerInbox.class}, (self, method, args) -> {
                    throw error;
                });
        var wanted = new ChunkServing.Wanted(1, List.of(KEY), false);
        var serving = new ChunkServing(shard, wanted, Runnable::run, caller);

        assertThatThrownBy(serving::pump).isSameAs(error);

        assertThat(caller.errors)
                .singleElement()
                .satisfies(failure ->
                        assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(Status.Code.INTERNAL));
    }
}
