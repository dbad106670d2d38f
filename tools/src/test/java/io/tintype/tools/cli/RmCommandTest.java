// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DeleteRequest;
import io.tintype.proto.v1.DeleteResponse;
import io.tintype.tools.CommandLines;
import org.junit.jupiter.api.Test;

final class RmCommandTest {

    @Test
    void whatWasRemovedBeforeAFailureIsTold() throws Exception {
        try (var server = OneServer.serving(new Deletes())) {
            var ran = CommandLines.run(
                    "rm", "alice", "first", "second", "third", "--server", server.address(), "--timeout", "5s");

            assertThat(ran.code()).isNotZero();
            assertThat(ran.out().lines()).containsExactly("removed first");
            assertThat(ran.err()).contains("the second stays");
        }
    }

    /** Removes all but the second. */
    private static final class Deletes extends BlobUploadGrpc.BlobUploadImplBase {
        @Override
        public void delete(DeleteRequest request, StreamObserver<DeleteResponse> answer) {
            OneServer.answer(answer, () -> {
                if (request.getName().equals("second")) {
                    throw new TintypeException(Reason.ACCESS_DENIED, "the second stays");
                }
                return DeleteResponse.newBuilder().setExisted(true).build();
            });
        }
    }
}
