// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.cache;

import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.tintype.cluster.channel.ChannelSource;
import io.tintype.cluster.channel.UnaryCalls;
import io.tintype.proto.internal.v1.CachePeerGrpc;
import io.tintype.proto.internal.v1.GetPieceRequest;
import io.tintype.proto.internal.v1.GetPieceResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Pieces that other coordinators of the region keep. One of them is asked, once, and has {@value #BUDGET_MS} ms; whatever goes
 * wrong is a miss, and the piece comes from the node. Thread-safe; never blocks.
 */
final class PeerLayer implements PieceLayer {
    /** How long an owner may take. */
    static final int BUDGET_MS = 30;

    /** Questions under way at all peers together. */
    private static final int MAX_UNDER_WAY = 1_000;
    /** Failures in a row after which a peer is not asked for a while. */
    private static final int FAILURES = 3;

    private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    private final Peers peers;
    private final ChannelSource channels;
    private final String clusterId;
    private final LongSupplier nanoTime;
    private final AtomicInteger underWay = new AtomicInteger();
    private final Map<String, Peer> states = new ConcurrentHashMap<>();

    /** What is known of how one peer answers. */
    private static final class Peer {
        final AtomicInteger underWay = new AtomicInteger();
        final AtomicInteger failures = new AtomicInteger();
        volatile long failedAt;
    }

    PeerLayer(Peers peers, ChannelSource channels, String clusterId, LongSupplier nanoTime) {
        this.peers = peers;
        this.channels = channels;
        this.clusterId = clusterId;
        this.nanoTime = nanoTime;
    }

    @Override
    public String name() {
        return "peers";
    }

    @Override
    public int underWay() {
        return underWay.get();
    }

    @Override
    public boolean mayHelp(PieceKey key) {
        // Also of what this coordinator owns: others may have had it bring the bytes already.
        return peers.ring().members().size() > 1;
    }

    @Override
    public CompletableFuture<Optional<Piece>> get(PieceSpec spec) {
        if (spec.key().isDerived()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        peers.read(spec.key());
        return choose(spec.key())
                .map(member -> ask(member, request(spec).build())
                        .handle((answer, failure) -> failure == null
                                ? Optional.of(Piece.onHeap(answer.getData(), answer.getCrc32C()))
                                : Optional.<Piece>empty()))
                .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()));
    }

    /** Asks who would be asked whether he has it; he brings nothing for that. */
    @Override
    public CompletableFuture<Look> look(PieceSpec spec) {
        var chosen = spec.key().isDerived() ? Optional.<Ring.Member>empty() : choose(spec.key());
        if (chosen.isEmpty()) {
            return CompletableFuture.completedFuture(Look.without(Look.State.NOT_ASKED, ""));
        }
        var address = chosen.get().address();
        return ask(chosen.get(), request(spec).setProbe(true).build())
                .handle((answer, failure) -> failure != null
                        ? Look.without(Look.State.UNREACHABLE, address)
                        : answer.getHeldIn().isEmpty()
                                ? Look.without(Look.State.NOT_HELD, address)
                                : new Look("", Look.State.HELD, address, answer.getAgeMs(), Duration.ZERO));
    }

    /** Who is to be asked now, if anybody. */
    private Optional<Ring.Member> choose(PieceKey key) {
        if (underWay.get() >= MAX_UNDER_WAY) {
            return Optional.empty();
        }
        for (var member : peers.askable(key)) {
            var peer = state(member);
            if (isWell(peer) && peers.ring().hasRoom(peer.underWay.get(), underWay.get())) {
                return Optional.of(member);
            }
        }
        return Optional.empty();
    }

    private Peer state(Ring.Member member) {
        var known = states.get(member.address());
        if (known != null) {
            return known;
        }
        // Addresses come and go with coordinators, and few are new: what is known of those who left goes then.
        var there = peers.ring().members().stream().map(Ring.Member::address).collect(Collectors.toSet());
        states.keySet().retainAll(there);
        return states.computeIfAbsent(member.address(), address -> new Peer());
    }

    /** Peers of which something is known. */
    int known() {
        return states.size();
    }

    private boolean isWell(Peer peer) {
        return peer.failures.get() < FAILURES || nanoTime.getAsLong() - peer.failedAt > PAUSE_NANOS;
    }

    private GetPieceRequest.Builder request(PieceSpec spec) {
        var key = spec.key();
        return GetPieceRequest.newBuilder()
                .setProtocol(Peers.PROTOCOL)
                .setClusterId(clusterId)
                .setUser(key.user())
                .setName(key.name())
                .setVersionNumber(key.version().number())
                .setVersionNonce(key.version().nonce())
                .setIndex(key.index())
                .setLength(spec.length());
    }

    private CompletableFuture<GetPieceResponse> ask(Ring.Member member, GetPieceRequest request) {
        var peer = state(member);
        var options = CallOptions.DEFAULT
                .withExecutor(MoreExecutors.directExecutor())
                .withDeadlineAfter(BUDGET_MS, TimeUnit.MILLISECONDS);
        underWay.incrementAndGet();
        peer.underWay.incrementAndGet();
        var attached = Context.ROOT.attach(); // many may wait for it
        try {
            return start(member, options, request).whenComplete((answer, failure) -> {
                underWay.decrementAndGet();
                peer.underWay.decrementAndGet();
                if (failure != null) {
                    peer.failedAt = nanoTime.getAsLong();
                    peer.failures.incrementAndGet();
                } else {
                    peer.failures.set(0);
                }
            });
        } finally {
            Context.ROOT.detach(attached);
        }
    }

    private CompletableFuture<GetPieceResponse> start(
            Ring.Member member, CallOptions options, GetPieceRequest request) {
        try {
            return UnaryCalls.start(channels.to(member.address()), CachePeerGrpc.getGetPieceMethod(), options, request);
        } catch (RuntimeException | Error e) { // it was counted as under way, and is so no more
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Owners get their pieces by being asked. */
    @Override
    public void offer(PieceKey key, Piece piece) {}

    /** What a peer has is checked by that peer each time. */
    @Override
    public void drop(PieceKey key) {}

    @Override
    public boolean isLocal() {
        return false;
    }
}
