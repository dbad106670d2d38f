// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

/** Brings an event to the role that is to take it, after what every role does alike. */
final class Dispatch {
    private Dispatch() {}

    /** The frequent ones first. */
    static void deliver(Context context, ReplicaEvent event) {
        var role = context.role();
        if (event instanceof ReplicaEvent.Persisted persisted) {
            if (context.journal.persisted(persisted.last())) {
                role.persisted();
            }
        } else if (event instanceof ReplicaEvent.AckReceived ack) {
            role.ackReceived(ack);
        } else if (event instanceof ReplicaEvent.AppendReceived append) {
            role.appendReceived(append);
        } else if (event instanceof ReplicaEvent.Propose proposal) {
            role.propose(proposal);
        } else if (event instanceof ReplicaEvent.Applied applied) {
            context.journal.applied(applied.seq());
            context.freshness.applied(applied.seq());
            role.applied();
        } else if (event instanceof ReplicaEvent.Tick) {
            context.configReads().tick();
            context.earlyHellos.tick();
            role.tick();
        } else if (event instanceof ReplicaEvent.BeatReceived beat) {
            beat(context, beat);
        } else if (event instanceof ReplicaEvent.BeatAnswered answer) {
            role.beatAnswered(answer);
        } else if (!deliverStream(context, role, event) && !deliverConfiguration(context, role, event)) {
            deliverRest(context, role, event);
        }
    }

    private static boolean deliverStream(Context context, Role role, ReplicaEvent event) {
        if (event instanceof ReplicaEvent.HelloReceived hello) {
            role.helloReceived(hello);
        } else if (event instanceof ReplicaEvent.FollowerLost lost) {
            context.earlyHellos.lost(lost.stream());
            role.followerLost(lost);
        } else if (event instanceof ReplicaEvent.AttachReceived attach) {
            role.attachReceived(attach);
        } else if (event instanceof ReplicaEvent.RefuseReceived refuse) {
            role.refuseReceived(refuse);
        } else if (event instanceof ReplicaEvent.PrimaryLost lost) {
            role.primaryLost(lost);
        } else if (event instanceof ReplicaEvent.SnapshotOffered offered) {
            role.snapshotOffered(offered);
        } else if (event instanceof ReplicaEvent.SnapshotInstalled installed) {
            role.snapshotInstalled(installed);
        } else if (event instanceof ReplicaEvent.SnapshotFailed failed) {
            role.snapshotFailed(failed);
        } else {
            return false;
        }
        return true;
    }

    private static boolean deliverConfiguration(Context context, Role role, ReplicaEvent event) {
        if (event instanceof ReplicaEvent.ConfigSeen seen) {
            if (seen.found() != null) {
                context.learn(seen.found());
            }
        } else if (event instanceof ReplicaEvent.ConfigRead read) {
            context.configReads().answered(read.ticket());
            if (read.found() != null) {
                context.learn(read.found());
            }
            context.role().configRead(read);
        } else if (event instanceof ReplicaEvent.ConfigReadFailed failed) {
            context.configReads().failed(failed.ticket());
            role.configReadFailed(failed.ticket());
        } else if (event instanceof ReplicaEvent.CasAnswered answer) {
            role.casAnswered(answer);
        } else if (event instanceof ReplicaEvent.LivenessSeen seen) {
            context.live(seen.live());
        } else if (event instanceof ReplicaEvent.AssignmentSeen seen) {
            context.assignment(seen.replicas(), seen.minInSync());
        } else {
            return false;
        }
        return true;
    }

    private static void deliverRest(Context context, Role role, ReplicaEvent event) {
        if (event instanceof ReplicaEvent.PromisePersisted promise) {
            context.promises.persisted(promise.epoch());
            role.promisePersisted();
        } else if (event instanceof ReplicaEvent.PersistFailed failed) {
            fail(context, failed);
        } else if (event instanceof ReplicaEvent.LogTrimmed trimmed) {
            context.trimming.trimmed(trimmed);
        } else if (event instanceof ReplicaEvent.LogAged aged) {
            role.logAged(aged);
        } else if (event instanceof ReplicaEvent.TransferAsked asked) {
            role.transferAsked(asked);
        } else if (event instanceof ReplicaEvent.ForceAsked asked) {
            role.forceAsked(asked.ticket());
        } else if (event instanceof ReplicaEvent.LeaveAsked) {
            context.leave();
            role.leaveAsked();
        } else if (event instanceof ReplicaEvent.HandoverReceived handover) {
            if (handover.epoch() > context.configEpoch()) {
                context.configReads().request();
            }
        } else if (event instanceof ReplicaEvent.BallotReceived asked) {
            boolean agreed = role.agreesTo(asked.ballot());
            context.act(new ReplicaAction.AnswerBallot(
                    asked.ticket(),
                    new BallotAnswer(asked.ballot().round(), agreed, context.self, context.promises.promised())));
        } else if (event instanceof ReplicaEvent.BallotAnswered answer) {
            role.ballotAnswered(answer);
        } else if (event instanceof ReplicaEvent.BallotFailed failed) {
            role.ballotFailed(failed);
        } else if (event instanceof ReplicaEvent.RoomSeen seen) {
            context.full(seen.full());
        } else if (!(event instanceof ReplicaEvent.Booted)) {
            throw new IllegalArgumentException("an event that nobody takes: " + event);
        }
    }

    /**
     * A beat of the promised epoch is a grant: this replica elects nobody, and leads nothing, for G from now. The
     * answer tells the primary so; it is given only once the promise is durable. A lower epoch is told of the higher
     * one instead.
     */
    private static void beat(Context context, ReplicaEvent.BeatReceived event) {
        long epoch = event.beat().epoch();
        if (context.isStale(epoch)) {
            answer(context, event, context.promises.promised(), false);
            return;
        }
        if (!context.meet(epoch) || context.role() instanceof Leading || !context.promises.mayAnswer()) {
            return;
        }
        if (event.beat().deaf()) {
            context.role().heardDeafPrimary();
            answer(context, event, epoch, false);
            return;
        }
        long now = context.now().nanos();
        context.role().heardPrimary(event);
        context.promises.grant(now + context.timing.grantNanos());
        answer(context, event, epoch, true);
    }

    private static void answer(Context context, ReplicaEvent.BeatReceived event, long epoch, boolean granted) {
        context.act(new ReplicaAction.AnswerBeat(
                event.from(),
                event.ticket(),
                new BeatAnswer(
                        epoch,
                        context.self.incarnation(),
                        context.journal.persisted(),
                        granted,
                        context.isLeaving(),
                        context.isFull())));
    }

    /** The first failed fsync ends this incarnation: what the disk holds is unknown from here on. */
    private static void fail(Context context, ReplicaEvent.PersistFailed failed) {
        if (!context.keeps(Rule.FSYNC_ERROR_IS_FINAL)) {
            if (context.journal.persisted(context.journal.shape().last())) {
                context.role().persisted();
            }
            return;
        }
        context.become(new Failed(context));
        context.act(new ReplicaAction.Fail(failed.cause()));
    }
}
