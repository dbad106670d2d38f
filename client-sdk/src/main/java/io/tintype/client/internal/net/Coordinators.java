// SPDX-License-Identifier: Apache-2.0
package io.tintype.client.internal.net;

import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.tintype.model.Reason;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The coordinators given as seeds, of which one that answers is kept to. Thread-safe.
 *
 * <p>All are alike: a request may go to any of them.
 */
public final class Coordinators {
    private final List<String> seeds;
    private final ChannelCache channels;
    private final Duration attemptTimeout;
    private final AtomicInteger current = new AtomicInteger();
    private final Silent silent = new Silent();

    public Coordinators(ClientSettings settings, ChannelCache channels) {
        this.seeds = settings.seeds();
        this.channels = channels;
        this.attemptTimeout = settings.attemptTimeout();
    }

    /** The coordinator to ask first, leaving out those named; empty when none is left. */
    public Optional<String> next(Set<String> without) {
        int start = current.get();
        for (int i = 0; i < seeds.size(); i++) {
            String seed = seeds.get(Math.floorMod(start + i, seeds.size()));
            if (!without.contains(seed)) {
                return Optional.of(seed);
            }
        }
        return Optional.empty();
    }

    /** The same among those that did not fail to answer lately. */
    public Optional<String> nextAnswering(Set<String> without) {
        var avoided = new HashSet<>(without);
        seeds.stream().filter(silent::isSilent).forEach(avoided::add);
        return next(avoided);
    }

    /** A coordinator did not answer: others first from now on. */
    public void failed(String address) {
        silent.note(address);
        int start = current.get();
        if (seeds.get(Math.floorMod(start, seeds.size())).equals(address)) {
            current.compareAndSet(start, start + 1);
        }
    }

    /** The channel to one. */
    public Channel channel(String address) {
        return channels.to(address);
    }

    /** How many there are. */
    public int count() {
        return seeds.size();
    }

    /**
     * One attempt of a call that only coordinators serve: asks one after the other until one answers, whatever it answers.
     * Fails with {@link CallFailure}.
     */
    public <Q, R> CompletableFuture<R> call(MethodDescriptor<Q, R> method, Op op, Q request) {
        return call(method, op, request, attemptTimeout, Set.of());
    }

    /** As {@link #call}, for what takes a coordinator long: an attempt may take all the time that the operation has. */
    public <Q, R> CompletableFuture<R> callSlow(MethodDescriptor<Q, R> method, Op op, Q request) {
        return call(method, op, request, Duration.ofNanos(Long.MAX_VALUE), Set.of());
    }

    private <Q, R> CompletableFuture<R> call(
            MethodDescriptor<Q, R> method, Op op, Q request, Duration longest, Set<String> tried) {
        var seed = next(tried);
        if (seed.isEmpty()) {
            return CompletableFuture.failedFuture(CallFailure.of(
                    Reason.UNAVAILABLE, "no coordinator of " + seeds + " can be reached; check address and network"));
        }
        String address = seed.get();
        return UnaryCall.send(channels.to(address), method, op.unaryOptions(longest), op, request)
                .exceptionallyCompose(thrown -> {
                    var failure = CallFailure.of(thrown);
                    if (failure.leavesCoordinatorsChangeInDoubt()) {
                        op.maybeApplied();
                    }
                    if (!failure.isUnreachable() || op.isCancelled()) {
                        return CompletableFuture.failedFuture(failure);
                    }
                    failed(address);
                    var without = new HashSet<>(tried);
                    without.add(address);
                    return next(without).isPresent()
                            ? call(method, op, request, longest, without)
                            : CompletableFuture.failedFuture(failure);
                });
    }
}
