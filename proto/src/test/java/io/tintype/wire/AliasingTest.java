// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.PutRequest;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class AliasingTest {
    private static final PutRequest MESSAGE = PutRequest.newBuilder()
            .setFrame(DataFrame.newBuilder().setOffset(7).setData(ByteString.copyFromUtf8("bytes")))
            .build();

    @Test
    void messagesComeThroughUnchanged() {
        var definition = Aliasing.bind(new BlobUploadGrpc.BlobUploadImplBase() {});
        var method = definition.getMethod("tintype.v1.BlobUpload/Put").getMethodDescriptor();

        assertThat(method.parseRequest(new Known(MESSAGE.toByteArray()))).isEqualTo(MESSAGE);
        assertThat(method.parseRequest(new ByteArrayInputStream(MESSAGE.toByteArray())))
                .isEqualTo(MESSAGE);
        assertThat(definition.getMethods())
                .hasSize(BlobUploadGrpc.getServiceDescriptor().getMethods().size());
        assertThat(definition.getServiceDescriptor().getSchemaDescriptor())
                .isEqualTo(BlobUploadGrpc.getServiceDescriptor().getSchemaDescriptor());
    }

    @Test
    void aMessageCutShortIsRefused() {
        var definition = Aliasing.bind(new BlobUploadGrpc.BlobUploadImplBase() {});
        var method = definition.getMethod("tintype.v1.BlobUpload/Put").getMethodDescriptor();
        var cut = MESSAGE.toByteString()
                .substring(0, MESSAGE.getSerializedSize() - 1)
                .toByteArray();

        assertThatThrownBy(() -> method.parseRequest(new Known(cut)))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("PutRequest");
    }

    @Test
    void clientsReadAnswersLikewise() {
        var asked = new ArrayList<MethodDescriptor<?, ?>>();
        var channel = new Channel() {
            @Override
            public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
                asked.add(method);
                throw new UnsupportedOperationException();
            }

            @Override
            public String authority() {
                return "nowhere";
            }
        };

        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() ->
                            Aliasing.CLIENT.interceptCall(BlobUploadGrpc.getPutMethod(), CallOptions.DEFAULT, channel))
                    .isInstanceOf(UnsupportedOperationException.class);
        }

        assertThat(asked.get(0).getFullMethodName()).isEqualTo("tintype.v1.BlobUpload/Put");
        assertThat(asked.get(0)).isSameAs(asked.get(1)).isNotSameAs(BlobUploadGrpc.getPutMethod());
    }

    /** A stream that knows its length, as gRPC's own do. */
    private static final class Known extends ByteArrayInputStream implements KnownLength {
        Known(byte[] bytes) {
            super(bytes);
        }
    }
}
