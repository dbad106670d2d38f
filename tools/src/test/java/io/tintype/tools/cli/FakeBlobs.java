// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobVersion;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.ExportUserRequest;
import io.tintype.proto.v1.ExportUserResponse;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.LookupUserRequest;
import io.tintype.proto.v1.LookupUserResponse;
import io.tintype.proto.v1.User;
import io.tintype.proto.v1.UsersGrpc;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** One user's blobs, all zeros, as a coordinator serves them, and what is to go wrong with them. Thread-safe. */
final class FakeBlobs {
    static final String USER = "alice";

    /** Bytes of a frame. */
    static final int FRAME = 1 << 20;

    private final TreeMap<String, byte[]> blobs = new TreeMap<>();
    private final Map<String, Reason> breaks = new ConcurrentHashMap<>();

    /** Has a blob. */
    synchronized FakeBlobs with(String name, int size) {
        blobs.put(name, new byte[size]);
        return this;
    }

    /** Has the next read of a blob of 6 frames end behind the fifth, when whoever reads it has taken some. */
    FakeBlobs breaking(String name, Reason reason) {
        breaks.put(name, reason);
        return this;
    }

    /** Serves them. */
    OneServer serve() throws IOException {
        return OneServer.serving(new Users(), new Retrieval());
    }

    private synchronized BlobHead headOf(String name) {
        var bytes = blobs.get(name);
        if (bytes == null) {
            throw new TintypeException(Reason.BLOB_NOT_FOUND, "there is no '" + name + "'");
        }
        var version = BlobVersion.newBuilder().setNumber(7).setNonce(1).build();
        return BlobHead.newBuilder()
                .setUser(USER)
                .setName(name)
                .setVersion(version)
                .setEtag(Wire.version(version).etag())
                .setSize(bytes.length)
                .setCrc32C(Crc32c.of(bytes))
                .setContentType("image/png")
                .setWrittenAtMs(1_700_000_000_000L)
                .build();
    }

    private static User user() {
        return User.newBuilder()
                .setId(USER)
                .setRegion("here")
                .setTier("standard")
                .setShard(1)
                .build();
    }

    private final class Retrieval extends BlobRetrievalGrpc.BlobRetrievalImplBase {
        @Override
        public void get(GetRequest request, StreamObserver<GetResponse> answer) {
            var name = request.getName();
            try {
                var head = headOf(name);
                long from = request.getRange().getOffset();
                do {
                    int length = (int) Math.min(FRAME, head.getSize() - from);
                    var data = ByteString.copyFrom(new byte[length]);
                    var frame =
                            DataFrame.newBuilder().setOffset(from).setData(data).setCrc32C(Crc32c.of(data));
                    var part = GetResponse.newBuilder().setFrame(frame);
                    answer.onNext((from == request.getRange().getOffset() ? part.setHead(head) : part).build());
                    var broken = from == 4L * FRAME ? breaks.remove(name) : null;
                    if (broken != null) {
                        throw new TintypeException(broken, "it is " + broken);
                    }
                    from += length;
                } while (from < head.getSize());
                answer.onCompleted();
            } catch (TintypeException e) {
                answer.onError(Errors.toWire(e));
            }
        }
    }

    private final class Users extends UsersGrpc.UsersImplBase {
        @Override
        public void lookupUser(LookupUserRequest request, StreamObserver<LookupUserResponse> answer) {
            OneServer.answer(
                    answer,
                    () -> LookupUserResponse.newBuilder().setUser(user()).build());
        }

        @Override
        public void exportUser(ExportUserRequest request, StreamObserver<ExportUserResponse> answer) {
            OneServer.answer(answer, () -> {
                var page = ExportUserResponse.newBuilder().setUser(user()).setSequence(1);
                synchronized (FakeBlobs.this) {
                    blobs.keySet().forEach(name -> page.addBlobs(headOf(name)));
                }
                return page.build();
            });
        }
    }
}
