// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.model.NodeId;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.ReadPermit;
import io.tintype.storage.replica.ReplicaCore;
import io.tintype.storage.replica.ReplicaState;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a replica lets others know of itself: puts on the {@link Board} what the core says after each step, before the
 * step's actions are carried out. Confined to the shard's loop.
 */
final class Standing {
    private final ShardIdentity identity;
    private final ReplicaCore core;
    private final Clock clock;
    private final Board board;
    private final ShardMetrics metrics;
    private List<NodeId> inSync = List.of();
    private long epochStart = Long.MAX_VALUE;
    private int configVersion = -1;
    private @Nullable String failure;

    Standing(ShardIdentity identity, ReplicaCore core, Clock clock, Board board, ShardMetrics metrics) {
        this.metrics = metrics;
        this.identity = identity;
        this.core = core;
        this.clock = clock;
        this.board = board;
    }

    /** The core took a step. */
    void stepped() {
        board.permit = core.permit();
        var known = core.config().orElse(null);
        if (known != null && known.version() != configVersion) {
            configVersion = known.version();
            board.config = known.config();
            var before = inSync;
            inSync = known.config().inSync().stream().map(Member::node).sorted().toList();
            if (board.leadingEpoch != 0) {
                metrics.inSyncChanged(missing(inSync, before), missing(before, inSync));
            }
        }
    }

    private static int missing(List<NodeId> of, List<NodeId> in) {
        return (int) of.stream().filter(node -> !in.contains(node)).count();
    }

    /** The nodes that are in sync, as far as is known. */
    List<NodeId> inSync() {
        return inSync;
    }

    /** The record that opens the epoch in which this replica leads is the one with this number. */
    void opens(long seq) {
        epochStart = seq;
    }

    void leads(long epoch) {
        board.leadingEpoch = epoch;
    }

    /** Records up to this one are applied; with the epoch's first, all that was ever acknowledged is. */
    void applied(long seq) {
        if (board.leadingEpoch != 0 && seq >= epochStart) {
            board.servingEpoch = board.leadingEpoch;
        }
    }

    /** Whether this replica leads and may serve no read yet, or none any more. */
    boolean leadsWithoutServing() {
        return board.leadingEpoch != 0 && !board.permit.isValid(clock.now());
    }

    void leadsNoLonger() {
        board.servingEpoch = 0;
        board.leadingEpoch = 0;
        epochStart = Long.MAX_VALUE;
    }

    /** The replica failed; true the first time. */
    boolean failed(String cause) {
        boolean first = failure == null;
        if (first) {
            failure = cause;
        }
        serveNothing();
        return first;
    }

    boolean hasFailed() {
        return failure != null;
    }

    /** The replica is closed. */
    void ended() {
        serveNothing();
        board.takeAway();
    }

    private void serveNothing() {
        board.permit = ReadPermit.NONE;
        leadsNoLonger();
    }

    void publish(long behind) {
        board.behind = behind;
        board.canHandOver = core.canHandOver();
        board.canGiveRoom = core.canGiveRoom();
        board.room = room();
        board.status = status();
    }

    private UploadRoom.@Nullable Seen room() {
        var roomy = core.roomy();
        var config = board.config;
        return roomy.isEmpty() || config == null ? null : new UploadRoom.Seen(config, roomy.getAsInt());
    }

    ShardStatus status() {
        var now = core.status();
        var config = board.config;
        return new ShardStatus(
                identity.id(),
                identity.isDirectory(),
                identity.pool(),
                board.rules,
                now.state(),
                isServing(now.state()),
                now.epoch(),
                Optional.ofNullable(now.primary()),
                inSync,
                config == null ? 0 : config.minInSync(),
                now.lastSeq(),
                now.committedSeq(),
                now.appliedSeq(),
                Optional.ofNullable(failure));
    }

    private boolean isServing(ReplicaState state) {
        if (failure != null) {
            return false;
        }
        var now = clock.now();
        return board.servingEpoch != 0
                ? board.permit.isValid(now)
                : state == ReplicaState.FOLLOWER && core.stalenessNanos(now).isPresent();
    }
}
