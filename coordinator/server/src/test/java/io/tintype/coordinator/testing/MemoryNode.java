// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.testing;

import com.google.protobuf.ByteString;
import io.grpc.BindableService;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.ClaimUserRequest;
import io.tintype.proto.internal.v1.ClaimUserResponse;
import io.tintype.proto.internal.v1.CreateEntryRequest;
import io.tintype.proto.internal.v1.CreateEntryResponse;
import io.tintype.proto.internal.v1.DescribeReplicaRequest;
import io.tintype.proto.internal.v1.DescribeReplicaResponse;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.DirectoryGrpc;
import io.tintype.proto.internal.v1.GetEntryRequest;
import io.tintype.proto.internal.v1.GetEntryResponse;
import io.tintype.proto.internal.v1.RehomeEntryRequest;
import io.tintype.proto.internal.v1.RehomeEntryResponse;
import io.tintype.proto.internal.v1.ReplicationGrpc;
import io.tintype.proto.v1.BlobHead;
import io.tintype.proto.v1.BlobRetrievalGrpc;
import io.tintype.proto.v1.BlobUploadGrpc;
import io.tintype.proto.v1.Condition;
import io.tintype.proto.v1.DeleteRequest;
import io.tintype.proto.v1.DeleteResponse;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.GetResponse;
import io.tintype.proto.v1.HeadChange;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.HeadResponse;
import io.tintype.proto.v1.ListEntry;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.ListResponse;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.proto.v1.WatchHeadsRequest;
import io.tintype.proto.v1.WatchHeadsResponse;
import io.tintype.wire.Errors;
import io.tintype.wire.Wire;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A storage node in memory. Holds what it is sent; refuses what a test tells it to refuse. Thread-safe. */
public final class MemoryNode {

    /** A blob as kept. */
    public record Blob(BlobHead head, ByteString bytes) {}

    private final Map<String, Blob> blobs = new TreeMap<>();
    private final Map<String, DirectoryEntry> entries = new ConcurrentHashMap<>();
    private final Queue<TintypeException> refusals = new ArrayDeque<>();
    private final Queue<TintypeException> claimRefusals = new ArrayDeque<>();
    private final AtomicLong counter = new AtomicLong();
    private final List<ServerCallStreamObserver<WatchHeadsResponse>> watchers = new ArrayList<>(); // guarded by this
    final List<MemoryGet> openGets = new CopyOnWriteArrayList<>();
    private long sequence; // guarded by this

    private long feedEpoch = 1; // guarded by this

    /** Feeds of heads tell of no changes, and say nothing of that. */
    public volatile boolean losesFeedMessages;

    /** Puts begun here. */
    public final AtomicInteger puts = new AtomicInteger();
    /** Puts that neither ended nor broke off. */
    public final AtomicInteger openPuts = new AtomicInteger();
    /** Gets begun here. */
    public final AtomicInteger gets = new AtomicInteger();
    /** Messages of puts received here. */
    public final AtomicInteger putMessages = new AtomicInteger();
    /** Messages of gets given to the transport here. */
    public final AtomicInteger getMessages = new AtomicInteger();
    /** Claims made here. */
    public final AtomicInteger claims = new AtomicInteger();

    /** Claims of users whose entry has this generation or a lower one are refused for want of room, as often as they are made. */
    public volatile long fullUpToGeneration = -1;

    /** Puts are not read beyond this many messages until it is raised. */
    private volatile int putMessagesTaken = Integer.MAX_VALUE;

    private volatile @Nullable ServerCallStreamObserver<PutResponse> heldPut;
    /** Frames whose checksum is made wrong. */
    public volatile boolean damageFrames;
    /** All gets begin at the first byte, whatever was asked for. */
    public volatile boolean passesRangesOver;
    /** Most bytes of a frame. */
    public volatile int frameBytes = 64 << 10;
    /** Each blob is replaced by one with the same bytes as soon as it was found. */
    public volatile boolean replaceWhatIsFound;
    /** A get breaks off after this many frames. */
    public volatile int framesBeforeFailure = Integer.MAX_VALUE;
    /** Why it does. */
    public volatile Reason failureOfGets = Reason.VERSION_GONE;
    /** Where gets began, and of which versions; those that say nothing of either are not here. */
    public final List<GetRequest> partialGets = new CopyOnWriteArrayList<>();

    /** The next calls are refused so, one each. */
    public synchronized void refuse(TintypeException... next) {
        refusals.addAll(List.of(next));
    }

    /** The next claims are refused so, one each. */
    public synchronized void refuseClaims(TintypeException... next) {
        claimRefusals.addAll(List.of(next));
    }

    /** Takes only so many messages of a put, then none until {@link #takeAll}. */
    public void takePutMessages(int count) {
        putMessagesTaken = count;
    }

    /** Takes what waits. */
    public void takeAll() {
        putMessagesTaken = Integer.MAX_VALUE;
        var held = heldPut;
        if (held != null) {
            held.request(1);
        }
    }

    /** The blob of that name, if there is one. */
    public synchronized Optional<Blob> blob(String user, String name) {
        return Optional.ofNullable(blobs.get(user + '\0' + name));
    }

    void store(String user, String name, String contentType, byte[] bytes) {
        var header = PutHeader.newBuilder().setUser(user).setName(name).setContentType(contentType);
        store(header.build(), ByteString.copyFrom(bytes));
    }

    /** Has another node's blob, as a follower has it. */
    public void follow(MemoryNode other, String user, String name) {
        var blob = other.blob(user, name).orElseThrow();
        synchronized (this) {
            blobs.put(user + '\0' + name, blob);
        }
    }

    /** Removes a blob behind everyone's back. */
    public synchronized void remove(String user, String name) {
        blobs.remove(user + '\0' + name);
        changed(user, name, new Version(counter.incrementAndGet(), 7));
    }

    /** Number of blobs here. */
    public synchronized int size() {
        return blobs.size();
    }

    /** Entries of the directory by user. */
    public Map<String, DirectoryEntry> entries() {
        return entries;
    }

    /** Everything a node serves. */
    public List<BindableService> services() {
        return List.of(new Upload(), new Retrieval(), new Directory(), new Describe());
    }

    private synchronized @Nullable TintypeException refusal() {
        return refusals.poll();
    }

    /** Place in the log of the newest change. */
    public synchronized long sequence() {
        return sequence;
    }

    /** From now on feeds of heads say that a later epoch has begun. */
    public synchronized void nextFeedEpoch() {
        feedEpoch++;
    }

    /** Breaks all feeds of heads off. */
    public synchronized void dropFeeds() {
        var all = List.copyOf(watchers);
        watchers.clear();
        all.forEach(watcher ->
                watcher.onError(Errors.toWire(new TintypeException(Reason.UNAVAILABLE, "the connection broke"))));
    }

    /** Breaks off all gets under way. */
    public void breakOffGets() {
        openGets.forEach(MemoryGet::breakOff);
    }

    private synchronized void watch(ServerCallStreamObserver<WatchHeadsResponse> call) {
        watchers.add(call);
        call.setOnCancelHandler(() -> forget(call));
        call.onNext(feedMessage(sequence).build());
    }

    private synchronized void forget(ServerCallStreamObserver<WatchHeadsResponse> call) {
        watchers.remove(call);
    }

    private WatchHeadsResponse.Builder feedMessage(long after) {
        return WatchHeadsResponse.newBuilder()
                .setEpoch(feedEpoch)
                .setAfterSequence(after)
                .setSequence(sequence);
    }

    private void changed(String user, String name, Version version) {
        sequence++;
        if (losesFeedMessages) {
            return;
        }
        var message = feedMessage(sequence - 1)
                .addChanges(HeadChange.newBuilder().setUser(user).setName(name).setVersion(Wire.version(version)))
                .build();
        watchers.forEach(watcher -> watcher.onNext(message));
    }

    private synchronized BlobHead store(PutHeader header, ByteString bytes) {
        String key = header.getUser() + '\0' + header.getName();
        check(header.hasCondition() ? header.getCondition() : null, blobs.get(key));
        var version = new Version(counter.incrementAndGet(), 7);
        var head = BlobHead.newBuilder()
                .setUser(header.getUser())
                .setName(header.getName())
                .setVersion(Wire.version(version))
                .setEtag(version.etag())
                .setSize(bytes.size())
                .setCrc32C(Crc32c.of(bytes))
                .setContentType(
                        header.getContentType().isEmpty() ? "application/octet-stream" : header.getContentType())
                .putAllMetadata(header.getMetadataMap())
                .setCacheControl(header.getCacheControl())
                .setHttpExpiresMs(header.getHttpExpiresMs())
                .setWrittenAtMs(1_700_000_000_123L)
                .build();
        blobs.put(key, new Blob(head, bytes));
        changed(header.getUser(), header.getName(), version);
        return head;
    }

    private static void check(@Nullable Condition condition, @Nullable Blob current) {
        if (condition == null) {
            return;
        }
        boolean holds = condition.getAbsent()
                ? current == null
                : current != null && current.head().getVersion().equals(condition.getVersion());
        if (!holds) {
            throw new TintypeException(Reason.VERSION_CONFLICT, "the condition does not hold");
        }
    }

    private synchronized Blob find(String user, String name) {
        var blob = blobs.get(user + '\0' + name);
        if (blob == null) {
            throw new TintypeException(Reason.BLOB_NOT_FOUND, "no blob '" + name + "'");
        }
        if (replaceWhatIsFound) {
            store(PutHeader.newBuilder().setUser(user).setName(name).build(), blob.bytes());
        }
        return blob;
    }

    private final class Upload extends BlobUploadGrpc.BlobUploadImplBase {
        @Override
        public StreamObserver<PutRequest> put(StreamObserver<PutResponse> out) {
            puts.incrementAndGet();
            openPuts.incrementAndGet();
            var call = (ServerCallStreamObserver<PutResponse>) out;
            call.disableAutoRequest();
            if (putMessagesTaken > 0) {
                call.request(1);
            }
            heldPut = call;
            return new Incoming(call);
        }

        @Override
        public void delete(DeleteRequest request, StreamObserver<DeleteResponse> out) {
            answer(out, () -> {
                synchronized (MemoryNode.this) {
                    String key = request.getUser() + '\0' + request.getName();
                    check(request.hasCondition() ? request.getCondition() : null, blobs.get(key));
                    return DeleteResponse.newBuilder()
                            .setExisted(blobs.remove(key) != null)
                            .build();
                }
            });
        }
    }

    private final class Incoming implements StreamObserver<PutRequest> {
        private final ServerCallStreamObserver<PutResponse> call;
        private final List<ByteString> parts = new ArrayList<>();
        private @Nullable PutHeader header;
        private int received;
        private boolean finished;
        private boolean answered;

        Incoming(ServerCallStreamObserver<PutResponse> call) {
            this.call = call;
        }

        @Override
        public void onNext(PutRequest message) {
            putMessages.incrementAndGet();
            received++;
            if (answered) {
                return;
            }
            if (message.hasHeader()) {
                header = message.getHeader();
                var refusal = refusal();
                if (refusal != null) {
                    answered = true;
                    call.onError(Errors.toWire(refusal));
                    return;
                }
            }
            if (message.hasFrame()) {
                parts.add(message.getFrame().getData());
            }
            if (message.hasFinish()) {
                finished = true;
                var bytes = ByteString.copyFrom(parts);
                if (message.getFinish().getSize() != bytes.size()
                        || message.getFinish().getCrc32C() != Crc32c.of(bytes)) {
                    answered = true;
                    call.onError(Errors.toWire(new TintypeException(Reason.CHECKSUM_MISMATCH, "other bytes")));
                    return;
                }
            }
            if (received < putMessagesTaken) {
                call.request(1);
            }
        }

        @Override
        public void onError(Throwable failure) {
            openPuts.decrementAndGet();
        }

        @Override
        public void onCompleted() {
            openPuts.decrementAndGet();
            if (answered) {
                return;
            }
            if (!finished || header == null) {
                call.onError(Errors.toWire(new TintypeException(Reason.INCOMPLETE_UPLOAD, "no finish")));
                return;
            }
            try {
                var head = store(header, ByteString.copyFrom(parts));
                call.onNext(
                        PutResponse.newBuilder().setHead(head).addReplicas("n1").build());
                call.onCompleted();
            } catch (TintypeException e) {
                call.onError(Errors.toWire(e));
            }
        }
    }

    private final class Retrieval extends BlobRetrievalGrpc.BlobRetrievalImplBase {
        @Override
        public void get(GetRequest request, StreamObserver<GetResponse> out) {
            gets.incrementAndGet();
            var call = (ServerCallStreamObserver<GetResponse>) out;
            try {
                var refusal = refusal();
                if (refusal != null) {
                    throw refusal;
                }
                var blob = find(request.getUser(), request.getName());
                if (request.hasIfVersion()
                        && !request.getIfVersion().equals(blob.head().getVersion())) {
                    throw new TintypeException(Reason.VERSION_CONFLICT, "another version");
                }
                if (request.hasIfNotVersion()
                        && request.getIfNotVersion().equals(blob.head().getVersion())) {
                    call.onNext(GetResponse.newBuilder()
                            .setHead(blob.head())
                            .setNotModified(true)
                            .build());
                    call.onCompleted();
                    return;
                }
                new MemoryGet(MemoryNode.this, call, blob, request).start();
            } catch (TintypeException e) {
                call.onError(Errors.toWire(e));
            }
        }

        @Override
        public void head(HeadRequest request, StreamObserver<HeadResponse> out) {
            answer(out, () -> {
                var head = find(request.getUser(), request.getName()).head();
                if (request.hasIfVersion() && !request.getIfVersion().equals(head.getVersion())) {
                    throw new TintypeException(Reason.VERSION_CONFLICT, "another version");
                }
                return HeadResponse.newBuilder().setHead(head).build();
            });
        }

        @Override
        public void watchHeads(WatchHeadsRequest request, StreamObserver<WatchHeadsResponse> out) {
            watch((ServerCallStreamObserver<WatchHeadsResponse>) out);
        }

        @Override
        public void list(ListRequest request, StreamObserver<ListResponse> out) {
            answer(out, () -> {
                synchronized (MemoryNode.this) {
                    var page = ListResponse.newBuilder();
                    blobs.values().stream()
                            .map(Blob::head)
                            .filter(head -> head.getUser().equals(request.getUser())
                                    && head.getName().startsWith(request.getPrefix()))
                            .forEach(head ->
                                    page.addEntries(ListEntry.newBuilder().setBlob(head)));
                    if (!request.getDelimiter().isEmpty()) {
                        page.addEntries(
                                ListEntry.newBuilder().setCommonPrefix(request.getPrefix() + request.getDelimiter()));
                    }
                    return page.setNextPageToken("next/" + request.getPageSize() + request.getPageToken())
                            .build();
                }
            });
        }
    }

    private final class Directory extends DirectoryGrpc.DirectoryImplBase {
        @Override
        public void getEntry(GetEntryRequest request, StreamObserver<GetEntryResponse> out) {
            answer(out, () -> {
                var entry = entries.get(request.getUser());
                if (entry == null) {
                    throw new TintypeException(Reason.USER_NOT_FOUND, "no user '" + request.getUser() + "'");
                }
                return GetEntryResponse.newBuilder().setEntry(entry).build();
            });
        }

        @Override
        public void createEntry(CreateEntryRequest request, StreamObserver<CreateEntryResponse> out) {
            answer(out, () -> {
                var mine = DirectoryEntry.newBuilder()
                        .setGeneration(1)
                        .setHome(request.getHome())
                        .setPool(request.getPool())
                        .build();
                var there = entries.putIfAbsent(request.getUser(), mine);
                return CreateEntryResponse.newBuilder()
                        .setEntry(there == null ? mine : there)
                        .setCreated(there == null)
                        .build();
            });
        }

        @Override
        public void rehomeEntry(RehomeEntryRequest request, StreamObserver<RehomeEntryResponse> out) {
            answer(
                    out,
                    () -> RehomeEntryResponse.newBuilder()
                            .setEntry(entries.computeIfPresent(
                                    request.getUser(),
                                    (user, entry) -> entry.getGeneration() == request.getGeneration()
                                            ? entry.toBuilder()
                                                    .setGeneration(entry.getGeneration() + 1)
                                                    .setHome(request.getHome())
                                                    .setPool(
                                                            request.getPool().isEmpty()
                                                                    ? entry.getPool()
                                                                    : request.getPool())
                                                    .build()
                                            : entry))
                            .build());
        }

        @Override
        public void claimUser(ClaimUserRequest request, StreamObserver<ClaimUserResponse> out) {
            claims.incrementAndGet();
            answer(out, () -> {
                TintypeException refusal;
                synchronized (MemoryNode.this) {
                    refusal = claimRefusals.poll();
                }
                if (refusal != null) {
                    throw refusal;
                }
                var entry = entries.getOrDefault(request.getUser(), DirectoryEntry.getDefaultInstance());
                if (request.getShard() != MemoryCluster.OTHERS.value() && entry.getGeneration() <= fullUpToGeneration) {
                    throw new TintypeException(Reason.SHARD_FULL, "full");
                }
                return ClaimUserResponse.newBuilder().setGeneration(1).build();
            });
        }
    }

    private static final class Describe extends ReplicationGrpc.ReplicationImplBase {
        @Override
        public void describeReplica(DescribeReplicaRequest request, StreamObserver<DescribeReplicaResponse> out) {
            answer(
                    out,
                    () -> DescribeReplicaResponse.newBuilder()
                            .setState("PRIMARY")
                            .build());
        }
    }

    private interface Work<A> {
        A run();
    }

    private static <A> void answer(StreamObserver<A> out, Work<A> work) {
        try {
            out.onNext(work.run());
            out.onCompleted();
        } catch (TintypeException e) {
            out.onError(Errors.toWire(e));
        }
    }
}
