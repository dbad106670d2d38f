// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.memory;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UploadId;
import io.tintype.proto.v1.AbortUploadRequest;
import io.tintype.proto.v1.AbortUploadResponse;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.CompleteUploadRequest;
import io.tintype.proto.v1.CompleteUploadResponse;
import io.tintype.proto.v1.CopyRequest;
import io.tintype.proto.v1.CopyResponse;
import io.tintype.proto.v1.DeleteRequest;
import io.tintype.proto.v1.DeleteResponse;
import io.tintype.proto.v1.GetUploadRequest;
import io.tintype.proto.v1.GetUploadResponse;
import io.tintype.proto.v1.PutChunkRequest;
import io.tintype.proto.v1.PutChunkResponse;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.proto.v1.StagedChunk;
import io.tintype.proto.v1.StartUploadRequest;
import io.tintype.proto.v1.StartUploadResponse;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** BlobUpload of one server. */
final class UploadService extends BlobUploadGrpc.BlobUploadImplBase {
    private static final int MAX_HELD = 32 << 20;

    private final InMemoryTintype cluster;
    private final String server;

    UploadService(InMemoryTintype cluster, String server) {
        this.cluster = cluster;
        this.server = server;
    }

    @Override
    public StreamObserver<PutRequest> put(StreamObserver<PutResponse> answer) {
        return new Receiver((ServerCallStreamObserver<PutResponse>) answer, cluster.faults.take(server, "Put"));
    }

    private final class Receiver implements StreamObserver<PutRequest> {
        private final ServerCallStreamObserver<PutResponse> answer;
        private final Faults.@Nullable Kind fault;
        private final List<ByteString> parts = new ArrayList<>();
        private final Crc32c.Running sum = new Crc32c.Running();
        private @Nullable PutHeader header;
        private @Nullable PutFinish finish;
        private boolean over;

        Receiver(ServerCallStreamObserver<PutResponse> answer, Faults.@Nullable Kind fault) {
            this.answer = answer;
            this.fault = fault;
            answer.disableAutoRequest();
            answer.request(1);
        }

        @Override
        public void onNext(PutRequest message) {
            if (over) {
                return;
            }
            if (message.hasHeader()) {
                header = message.getHeader();
                cluster.ages.add(header.getRetryAgeMs());
                if (fault == Faults.Kind.REFUSE) {
                    fail(InMemoryTintype.overloaded());
                    return;
                }
                if (fault == Faults.Kind.DAMAGED) {
                    fail(InMemoryTintype.damaged());
                    return;
                }
                try {
                    cluster.admit(server, header.getUser(), header.getShard(), true);
                } catch (TintypeException e) {
                    fail(e);
                    return;
                }
            }
            if (message.hasFrame()) {
                take(
                        message.getFrame().getData(),
                        message.getFrame().getOffset(),
                        message.getFrame().getCrc32C());
            }
            if (message.hasFinish()) {
                finish = message.getFinish();
            }
            if (fault == Faults.Kind.STOP_READING) {
                cluster.whenReadingResumes(() -> answer.request(1));
            } else {
                answer.request(1);
            }
        }

        private void take(ByteString data, long offset, int crc) {
            if (offset != sum.length() || Crc32c.of(data) != crc) {
                fail(new TintypeException(Reason.CHECKSUM_MISMATCH, "frame at " + offset));
                return;
            }
            cluster.received.addAndGet(data.size());
            sum.add(crc, data.size());
            if (sum.length() <= MAX_HELD) {
                parts.add(data);
            } else {
                parts.clear();
            }
        }

        @Override
        public void onCompleted() {
            if (over) {
                return;
            }
            if (header == null || finish == null) {
                fail(new TintypeException(Reason.INCOMPLETE_UPLOAD, "no finish"));
            } else if (finish.getSize() != sum.length() || (header.hasSize() && header.getSize() != sum.length())) {
                fail(new TintypeException(Reason.SIZE_MISMATCH, "size"));
            } else if (finish.getCrc32C() != sum.crc()) {
                fail(new TintypeException(Reason.CHECKSUM_MISMATCH, "whole"));
            } else {
                store(header);
            }
        }

        private void store(PutHeader what) {
            if (fault == Faults.Kind.HANG) {
                return;
            }
            try {
                var stored = cluster.store.put(
                        what,
                        sum.length() <= MAX_HELD
                                ? Content.of(MemoryStore.join(parts))
                                : Content.forgotten(sum.length(), sum.crc()));
                if (fault == Faults.Kind.LOSE_ANSWER) {
                    answer.onError(Status.UNAVAILABLE
                            .withDescription("connection lost")
                            .asRuntimeException());
                    return;
                }
                answer.onNext(stored);
                answer.onCompleted();
            } catch (TintypeException e) {
                fail(e);
            }
        }

        private void fail(TintypeException e) {
            over = true;
            answer.onError(Errors.toWire(e));
        }

        @Override
        public void onError(Throwable cancelled) {
            over = true;
            cluster.cancelled.incrementAndGet();
        }
    }

    @Override
    public void delete(DeleteRequest request, StreamObserver<DeleteResponse> answer) {
        cluster.serve(server, "Delete", answer, () -> {
            cluster.admit(server, request.getUser(), request.getShard(), true);
            return cluster.store.delete(request);
        });
    }

    @Override
    public void copy(CopyRequest request, StreamObserver<CopyResponse> answer) {
        cluster.serve(server, "Copy", answer, () -> {
            cluster.admit(server, request.getUser(), request.getShard(), true);
            var source = cluster.store.get(request.getUser(), request.getSourceName());
            var header = PutHeader.newBuilder()
                    .setUser(request.getUser())
                    .setName(request.getName())
                    .setRequestId(request.getRequestId())
                    .setContentType(source.head().getContentType())
                    .putAllMetadata(source.head().getMetadataMap());
            if (request.hasCondition()) {
                header.setCondition(request.getCondition());
            }
            var stored = cluster.store.put(header.build(), source.content());
            return CopyResponse.newBuilder()
                    .setHead(stored.getHead())
                    .addAllReplicas(stored.getReplicasList())
                    .setSession(stored.getSession())
                    .build();
        });
    }

    @Override
    public void startUpload(StartUploadRequest request, StreamObserver<StartUploadResponse> answer) {
        cluster.serve(server, "StartUpload", answer, () -> {
            cluster.admit(
                    server, request.getHeader().getUser(), request.getHeader().getShard(), true);
            var id = new UploadId(1_700_000_000_000L, cluster.uploads.size() + 1);
            cluster.uploads.put(id, new ConcurrentSkipListMap<>());
            return StartUploadResponse.newBuilder()
                    .setUploadId(Wire.bytes(id))
                    .setChunkSize(InMemoryTintype.CHUNK)
                    .setExpiresAtMs(id.timeMs() + 86_400_000)
                    .build();
        });
    }

    @Override
    public void putChunk(PutChunkRequest request, StreamObserver<PutChunkResponse> answer) {
        cluster.serve(server, "PutChunk", answer, () -> {
            cluster.admit(server, request.getUser(), request.getShard(), true);
            if (Crc32c.of(request.getData()) != request.getCrc32C()) {
                throw new TintypeException(Reason.CHECKSUM_MISMATCH, "chunk " + request.getIndex());
            }
            chunks(request.getUploadId()).put(request.getIndex(), request.getData());
            return PutChunkResponse.getDefaultInstance();
        });
    }

    @Override
    public void getUpload(GetUploadRequest request, StreamObserver<GetUploadResponse> answer) {
        cluster.serve(server, "GetUpload", answer, () -> {
            var response = GetUploadResponse.newBuilder().setChunkSize(InMemoryTintype.CHUNK);
            chunks(request.getUploadId())
                    .forEach((index, data) -> response.addChunks(StagedChunk.newBuilder()
                            .setIndex(index)
                            .setSize(data.size())
                            .setCrc32C(Crc32c.of(data))));
            return response.build();
        });
    }

    @Override
    public void completeUpload(CompleteUploadRequest request, StreamObserver<CompleteUploadResponse> answer) {
        cluster.serve(server, "CompleteUpload", answer, () -> {
            cluster.admit(
                    server, request.getHeader().getUser(), request.getHeader().getShard(), true);
            cluster.ages.add(request.getHeader().getRetryAgeMs());
            var before = cluster.store.answered(request.getHeader());
            if (before != null) {
                return completed(before);
            }
            var content = Content.of(MemoryStore.join(
                    new ArrayList<>(chunks(request.getUploadId()).values())));
            if (content.size() != request.getFinish().getSize()
                    || content.crc() != request.getFinish().getCrc32C()) {
                throw new TintypeException(Reason.CHECKSUM_MISMATCH, "the chunks are not what finish says");
            }
            var stored = cluster.store.put(request.getHeader(), content);
            cluster.uploads.remove(Wire.uploadId(request.getUploadId()));
            return completed(stored);
        });
    }

    private static CompleteUploadResponse completed(PutResponse stored) {
        return CompleteUploadResponse.newBuilder()
                .setHead(stored.getHead())
                .addAllReplicas(stored.getReplicasList())
                .setSession(stored.getSession())
                .build();
    }

    @Override
    public void abortUpload(AbortUploadRequest request, StreamObserver<AbortUploadResponse> answer) {
        Supplier<AbortUploadResponse> work = () -> {
            cluster.uploads.remove(Wire.uploadId(request.getUploadId()));
            return AbortUploadResponse.getDefaultInstance();
        };
        cluster.serve(server, "AbortUpload", answer, work);
    }

    private Map<Integer, ByteString> chunks(ByteString id) {
        var chunks = cluster.uploads.get(Wire.uploadId(id));
        if (chunks == null) {
            throw new TintypeException(Reason.UPLOAD_NOT_FOUND, "no such upload");
        }
        return chunks;
    }
}
