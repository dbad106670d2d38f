// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.memory;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.Stretch;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.Freshness;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ListEntry;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.ListResponse;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import io.tintype.wire.Errors;
import java.util.LinkedHashSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** BlobRetrieval of one server. */
final class RetrievalService extends BlobRetrievalGrpc.BlobRetrievalImplBase {
    private static final int FRAME = 256 << 10;

    private final InMemoryTintype cluster;
    private final String server;

    RetrievalService(InMemoryTintype cluster, String server) {
        this.cluster = cluster;
        this.server = server;
    }

    @Override
    public void get(GetRequest request, StreamObserver<GetResponse> answer) {
        var fault = cluster.faults.take(server, "Get");
        try {
            if (fault == Faults.Kind.REFUSE) {
                throw InMemoryTintype.overloaded();
            }
            if (fault == Faults.Kind.CONFLICT) {
                throw new TintypeException(Reason.VERSION_CONFLICT, "another version is current");
            }
            if (fault == Faults.Kind.HANG) {
                return;
            }
            admit(request.getUser(), request.getShard(), request.getOptions());
            var stored = cluster.store.get(request.getUser(), request.getName());
            if (request.hasIfVersion() && !stored.head().getVersion().equals(request.getIfVersion())) {
                throw new TintypeException(
                        Reason.VERSION_CONFLICT,
                        "another version is current",
                        Map.of(TintypeException.CURRENT_VERSION, stored.head().getEtag()));
            }
            new Sender(request, stored, (ServerCallStreamObserver<GetResponse>) answer, fault).start();
        } catch (TintypeException e) {
            answer.onError(Errors.toWire(e));
        }
    }

    private void admit(String user, int shard, ReadOptions options) {
        cluster.lastOptions = options;
        boolean primaryOnly = options.getConsistency() == Consistency.CONSISTENCY_LINEARIZABLE
                || options.getConsistency() == Consistency.CONSISTENCY_NEAR;
        cluster.admit(server, user, shard, primaryOnly);
    }

    private final class Sender implements Runnable {
        private final GetRequest request;
        private final MemoryStore.Stored stored;
        private final ServerCallStreamObserver<GetResponse> answer;
        private final Faults.@Nullable Kind fault;
        private long position;
        private long end;
        private int frames;
        private boolean over;

        Sender(
                GetRequest request,
                MemoryStore.Stored stored,
                ServerCallStreamObserver<GetResponse> answer,
                Faults.@Nullable Kind fault) {
            this.request = request;
            this.stored = stored;
            this.answer = answer;
            this.fault = fault;
        }

        void start() {
            var range = request.getRange();
            var stretch = Stretch.of(stored.content().size(), range.getOffset(), range.getLength());
            position = stretch.first();
            end = stretch.end();
            var head = stored.head();
            if (fault == Faults.Kind.CORRUPT_WHOLE) {
                head = head.toBuilder().setCrc32C(head.getCrc32C() ^ 1).build();
            }
            var first = GetResponse.newBuilder().setHead(head);
            if (request.getOptions().getConsistency() == Consistency.CONSISTENCY_BOUNDED_STALENESS
                    || request.getOptions().getConsistency() == Consistency.CONSISTENCY_EXACT_VERSION) {
                first.setFreshness(Freshness.newBuilder()
                        .setStale(true)
                        .setAsOfMs(1_700_000_000_000L)
                        .setAgeMs(1));
            }
            if (request.hasIfNotVersion() && request.getIfNotVersion().equals(head.getVersion())) {
                answer.onNext(first.setNotModified(true).build());
                answer.onCompleted();
                return;
            }
            if (fault == Faults.Kind.HEAD_ONLY) {
                answer.onNext(first.build());
                answer.onError(
                        Status.UNAVAILABLE.withDescription("connection lost").asRuntimeException());
                return;
            }
            if (position < end) {
                first.setFrame(frame());
            }
            answer.setOnCancelHandler(cluster.cancelled::incrementAndGet);
            answer.onNext(first.build());
            answer.setOnReadyHandler(this);
            run();
        }

        @Override
        public synchronized void run() {
            while (!over && answer.isReady()) {
                if (position == end) {
                    over = true;
                    if (fault != Faults.Kind.NO_END) {
                        answer.onCompleted();
                    }
                } else if (frames == breaksAfter()) {
                    over = true;
                    answer.onError(Status.UNAVAILABLE
                            .withDescription("connection lost")
                            .asRuntimeException());
                } else {
                    answer.onNext(GetResponse.newBuilder().setFrame(frame()).build());
                }
            }
        }

        private int breaksAfter() {
            if (fault == Faults.Kind.BREAK) {
                return 2;
            }
            return fault == Faults.Kind.BREAK_LATER ? 3 : -1;
        }

        private DataFrame frame() {
            ByteString data = stored.content().slice(position, (int) Math.min(FRAME, end - position));
            int crc = Crc32c.of(data);
            frames++;
            boolean hit = frames == 2 || end - request.getRange().getOffset() <= FRAME;
            if (fault == Faults.Kind.CORRUPT_FRAME && hit) {
                byte[] wrong = data.toByteArray();
                wrong[wrong.length / 2] ^= 1;
                data = ByteString.copyFrom(wrong);
            }
            var frame = DataFrame.newBuilder()
                    .setOffset(position)
                    .setData(data)
                    .setCrc32C(crc)
                    .build();
            position += data.size();
            cluster.sent.addAndGet(data.size());
            return frame;
        }
    }

    @Override
    public void head(HeadRequest request, StreamObserver<HeadResponse> answer) {
        cluster.serve(server, "Head", answer, () -> {
            admit(request.getUser(), request.getShard(), request.getOptions());
            return HeadResponse.newBuilder()
                    .setHead(cluster.store
                            .get(request.getUser(), request.getName())
                            .head())
                    .build();
        });
    }

    @Override
    public void watchHeads(WatchHeadsRequest request, StreamObserver<WatchHeadsResponse> answer) {
        cluster.faults.take(server, "WatchHeads");
        cluster.watchHeads((ServerCallStreamObserver<WatchHeadsResponse>) answer);
    }

    @Override
    public void list(ListRequest request, StreamObserver<ListResponse> answer) {
        cluster.serve(server, "List", answer, () -> {
            admit(request.getUser(), request.getShard(), request.getOptions());
            return page(request);
        });
    }

    private ListResponse page(ListRequest request) {
        var entries = new LinkedHashSet<ListEntry>();
        for (var stored : cluster.store.all(request.getUser())) {
            String name = stored.head().getName();
            if (!name.startsWith(request.getPrefix())) {
                continue;
            }
            int cut = request.getDelimiter().isEmpty()
                    ? -1
                    : name.indexOf(request.getDelimiter(), request.getPrefix().length());
            entries.add(
                    cut < 0
                            ? ListEntry.newBuilder().setBlob(stored.head()).build()
                            : ListEntry.newBuilder()
                                    .setCommonPrefix(name.substring(
                                            0, cut + request.getDelimiter().length()))
                                    .build());
        }
        int from = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
        int to = Math.min(entries.size(), from + (request.getPageSize() == 0 ? 1000 : request.getPageSize()));
        return ListResponse.newBuilder()
                .addAllEntries(entries.stream().toList().subList(from, to))
                .setNextPageToken(to < entries.size() ? Integer.toString(to) : "")
                .build();
    }
}
