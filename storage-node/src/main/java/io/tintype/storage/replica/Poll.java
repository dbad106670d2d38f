// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import io.tintype.model.NodeId;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One round of asking all electable members whether they agree to an election.
 *
 * <p>One refusal stops it: somebody hears the primary. A member that says it is another incarnation by now, or none,
 * cannot be asked any more and does not count. A member that does not answer stops it too, as long as its ephemeral
 * node lives, unless those who agreed are enough to take writes: otherwise two replicas that cannot hear each other
 * would depose each other in turn, and neither could do anything ({@link Rule#CANDIDATES_ASK_FIRST}).
 */
final class Poll {
    /** What the answers so far come to. */
    enum Verdict {
        /** Wait. */
        OPEN,
        /** Stand. */
        FOR,
        /** Do not stand now. */
        AGAINST
    }

    private final Context context;
    private final ShardConfig config;
    private final long round;
    private final long deadlineNanos;
    private final Map<NodeId, BallotAnswer> answers = new TreeMap<>();
    private final Set<NodeId> unreachable = new TreeSet<>();

    Poll(Context context, ShardConfig config) {
        this.context = context;
        this.config = config;
        this.round = context.nextTicket();
        this.deadlineNanos = context.now().nanos() + context.timing.ballotNanos();
    }

    void ask() {
        for (var member : config.candidates()) {
            if (!member.node().equals(context.self.node())) {
                context.act(
                        new ReplicaAction.AskBallot(member.node(), new Ballot(context.self, config.epoch(), round)));
            }
        }
    }

    void answered(ReplicaEvent.BallotAnswered answer) {
        if (answer.answer().round() == round) {
            answers.put(answer.from(), answer.answer());
        }
    }

    /** A member will not answer. */
    void failed(ReplicaEvent.BallotFailed failure) {
        if (failure.round() == round) {
            unreachable.add(failure.from());
        }
    }

    Verdict verdict() {
        boolean allAnswered = true;
        boolean allSettled = true;
        boolean silentAlive = false;
        for (var member : config.candidates()) {
            var answer = answers.get(member.node());
            if (member.node().equals(context.self.node())) {
                continue;
            }
            if (answer == null) {
                allAnswered = false;
                allSettled &= unreachable.contains(member.node());
                silentAlive |= context.isAlive(member.node());
            } else if (member.equals(answer.member()) && !answer.agreed() && context.keeps(Rule.CANDIDATES_ASK_FIRST)) {
                return Verdict.AGAINST;
            }
        }
        if (allAnswered) {
            return Verdict.FOR;
        }
        if (!allSettled && context.now().nanos() - deadlineNanos < 0) {
            return Verdict.OPEN;
        }
        return !context.keeps(Rule.CANDIDATES_ASK_FIRST) || !silentAlive || agreed().size() >= config.minInSync()
                ? Verdict.FOR
                : Verdict.AGAINST;
    }

    /** The members that agreed, this one included: the next in-sync set. */
    Set<Member> agreed() {
        var agreed = new TreeSet<Member>();
        for (var member : config.candidates()) {
            var answer = answers.get(member.node());
            boolean yes = answer != null && answer.agreed() && member.equals(answer.member());
            if (yes || member.node().equals(context.self.node())) {
                agreed.add(member);
            }
        }
        return agreed;
    }
}
