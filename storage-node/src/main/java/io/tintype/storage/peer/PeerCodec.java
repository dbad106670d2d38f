// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.peer;

import io.tintype.model.NodeId;
import io.tintype.model.ShardId;
import io.tintype.model.TintypeException;
import io.tintype.proto.internal.v1.Acknowledge;
import io.tintype.proto.internal.v1.Refuse;
import io.tintype.proto.internal.v1.ShardBeat;
import io.tintype.storage.replica.Ack;
import io.tintype.storage.replica.Attach;
import io.tintype.storage.replica.Beat;
import io.tintype.storage.replica.BeatAnswer;
import io.tintype.storage.replica.EpochStart;
import io.tintype.storage.replica.Hello;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.LogShape;
import io.tintype.storage.replica.Member;
import io.tintype.storage.replica.Refusal;
import io.tintype.storage.replica.RefuseReason;
import java.util.Optional;

/**
 * The core's vocabulary to and from messages. Stateless. Whatever in a message contradicts itself is an
 * IllegalArgumentException with the reason.
 */
final class PeerCodec {
    private PeerCodec() {}

    static ShardId shard(int id) {
        return new ShardId(id);
    }

    static io.tintype.proto.internal.v1.Member member(Member member) {
        return io.tintype.proto.internal.v1.Member.newBuilder()
                .setNode(member.node().value())
                .setIncarnation(member.incarnation())
                .build();
    }

    static Member member(io.tintype.proto.internal.v1.Member member) {
        try {
            return new Member(new NodeId(member.getNode()), member.getIncarnation());
        } catch (TintypeException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    static io.tintype.proto.internal.v1.Hello hello(String clusterId, ShardId shard, Hello hello) {
        var message = io.tintype.proto.internal.v1.Hello.newBuilder()
                .setClusterId(clusterId)
                .setProtocol(PeerLimits.PROTOCOL)
                .setShard(shard.value())
                .setFollower(member(hello.follower()))
                .setPromisedEpoch(hello.promisedEpoch())
                .setLastEpoch(hello.log().lastEpoch())
                .setLastSequence(hello.log().lastSeq())
                .setFirstSequence(hello.log().firstSeq())
                .setCommitted(hello.committed())
                .setInstalling(hello.installing());
        for (var start : hello.log().epochs()) {
            message.addEpochs(io.tintype.proto.internal.v1.EpochStart.newBuilder()
                    .setEpoch(start.epoch())
                    .setSequence(start.seq()));
        }
        return message.build();
    }

    static Hello hello(io.tintype.proto.internal.v1.Hello message) {
        var log = new LogShape(
                message.getEpochsList().stream()
                        .map(start -> new EpochStart(start.getEpoch(), start.getSequence()))
                        .toList(),
                message.getFirstSequence(),
                message.getLastSequence());
        if (message.getPromisedEpoch() < 0
                || message.getCommitted() < 0
                || message.getCommitted() > log.lastSeq()
                || log.lastEpoch() != message.getLastEpoch()) {
            throw new IllegalArgumentException("a hello whose log does not hold together: " + log);
        }
        return new Hello(
                member(message.getFollower()),
                message.getPromisedEpoch(),
                log,
                message.getCommitted(),
                message.getInstalling());
    }

    static io.tintype.proto.internal.v1.Attach attach(Attach attach) {
        return io.tintype.proto.internal.v1.Attach.newBuilder()
                .setEpoch(attach.epoch())
                .setConfigVersion(attach.cfg())
                .setTruncateTo(attach.truncateTo().seq())
                .setTruncateEpoch(attach.truncateTo().epoch())
                .setSnapshot(attach.snapshot())
                .setDisowned(attach.disowned())
                .setBacklog(attach.backlog())
                .build();
    }

    static Attach attach(io.tintype.proto.internal.v1.Attach message) {
        requireEpoch(message.getEpoch());
        if (message.getBacklog() < 0) {
            throw new IllegalArgumentException("a backlog up to record " + message.getBacklog());
        }
        return new Attach(
                message.getEpoch(),
                message.getConfigVersion(),
                new LogPosition(message.getTruncateEpoch(), message.getTruncateTo()),
                message.getSnapshot(),
                message.getDisowned(),
                message.getBacklog());
    }

    static Acknowledge ack(Ack ack) {
        return Acknowledge.newBuilder()
                .setEpoch(ack.epoch())
                .setIncarnation(ack.incarnation())
                .setPersistedSequence(ack.persistedSeq())
                .build();
    }

    static Ack ack(Acknowledge message) {
        return new Ack(message.getEpoch(), message.getIncarnation(), message.getPersistedSequence());
    }

    static ShardBeat beat(ShardId shard, Beat beat) {
        return ShardBeat.newBuilder()
                .setShard(shard.value())
                .setEpoch(beat.epoch())
                .setCommitted(beat.committed())
                .setLastSequence(beat.lastSeq())
                .setLeased(beat.leased())
                .setTrimmed(beat.trimmed())
                .setDeaf(beat.deaf())
                .build();
    }

    static Beat beat(ShardBeat message) {
        requireEpoch(message.getEpoch());
        return new Beat(
                message.getEpoch(),
                message.getCommitted(),
                message.getLastSequence(),
                message.getLeased(),
                message.getTrimmed(),
                message.getDeaf());
    }

    static io.tintype.proto.internal.v1.BeatAnswer beatAnswer(int shard, BeatAnswer answer) {
        return io.tintype.proto.internal.v1.BeatAnswer.newBuilder()
                .setShard(shard)
                .setEpoch(answer.epoch())
                .setIncarnation(answer.incarnation())
                .setPersistedSequence(answer.persistedSeq())
                .setGranted(answer.granted())
                .setLeaving(answer.leaving())
                .setFull(answer.full())
                .build();
    }

    static BeatAnswer beatAnswer(io.tintype.proto.internal.v1.BeatAnswer message) {
        return new BeatAnswer(
                message.getEpoch(),
                message.getIncarnation(),
                message.getPersistedSequence(),
                message.getGranted(),
                message.getLeaving(),
                message.getFull());
    }

    static Refuse refuse(Refusal refusal) {
        var reason = switch (refusal.reason()) {
            case STALE_EPOCH -> io.tintype.proto.internal.v1.RefuseReason.REFUSE_REASON_STALE_EPOCH;
            case GAP -> io.tintype.proto.internal.v1.RefuseReason.REFUSE_REASON_GAP;
            case NOT_ASSIGNED -> io.tintype.proto.internal.v1.RefuseReason.REFUSE_REASON_NOT_ASSIGNED;
            case NOT_PRIMARY -> io.tintype.proto.internal.v1.RefuseReason.REFUSE_REASON_NOT_PRIMARY;
        };
        return Refuse.newBuilder().setReason(reason).setEpoch(refusal.epoch()).build();
    }

    /** As the core knows it; empty where it is nothing the core could act on. */
    static Optional<Refusal> refusal(Refuse message) {
        var reason = switch (message.getReason()) {
            case REFUSE_REASON_STALE_EPOCH -> RefuseReason.STALE_EPOCH;
            case REFUSE_REASON_GAP -> RefuseReason.GAP;
            case REFUSE_REASON_NOT_ASSIGNED -> RefuseReason.NOT_ASSIGNED;
            case REFUSE_REASON_NOT_PRIMARY -> RefuseReason.NOT_PRIMARY;
            case REFUSE_REASON_UNSPECIFIED,
                    REFUSE_REASON_WRONG_CLUSTER,
                    REFUSE_REASON_WRONG_PROTOCOL,
                    REFUSE_REASON_MALFORMED,
                    REFUSE_REASON_OVERLOADED,
                    REFUSE_REASON_TOO_LATE,
                    UNRECOGNIZED -> null;
        };
        return Optional.ofNullable(reason).map(known -> new Refusal(known, message.getEpoch()));
    }

    private static void requireEpoch(long epoch) {
        if (epoch <= 0) {
            throw new IllegalArgumentException("epoch " + epoch + " is led by nobody");
        }
    }
}
