// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.shard;

import io.tintype.storage.replica.BallotAnswer;
import io.tintype.storage.replica.BeatAnswer;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaAction.AnswerBallot;
import io.tintype.storage.replica.ReplicaAction.AnswerBeat;
import io.tintype.storage.replica.ReplicaAction.AnswerOrder;
import io.tintype.storage.shard.PeerInbox.OrderResult;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Who waits for an answer of the core: beats and ballots of other nodes, orders of operators, by ticket. Confined to the shard's loop. */
final class Answers {
    private final Map<Long, CompletableFuture<BallotAnswer>> ballots = new HashMap<>();
    private final Map<Long, CompletableFuture<Optional<BeatAnswer>>> beats = new HashMap<>();
    private final Map<Long, CompletableFuture<OrderResult>> orders = new HashMap<>();
    private long lastTicket;

    /** Remembers who asks; the ticket for the core. */
    long ballot(CompletableFuture<BallotAnswer> answer) {
        ballots.put(++lastTicket, answer);
        return lastTicket;
    }

    /** Remembers whose beat it is; the ticket for the core. */
    long beat(CompletableFuture<Optional<BeatAnswer>> answer) {
        beats.put(++lastTicket, answer);
        return lastTicket;
    }

    /** Remembers who ordered; the ticket for the core. */
    long order(CompletableFuture<OrderResult> answer) {
        orders.put(++lastTicket, answer);
        return lastTicket;
    }

    /** Carries out an action, if it is one of these. */
    boolean execute(ReplicaAction action) {
        if (action instanceof AnswerBeat answer) {
            answerBeat(answer.ticket(), Optional.of(answer.answer()));
        } else if (action instanceof AnswerBallot answer) {
            var asked = ballots.remove(answer.ticket());
            if (asked != null) {
                asked.complete(answer.answer());
            }
        } else if (action instanceof AnswerOrder answer) {
            var ordered = orders.remove(answer.ticket());
            if (ordered != null) {
                ordered.complete(new OrderResult(answer.outcome(), answer.epoch(), answer.primary()));
            }
        } else {
            return false;
        }
        return true;
    }

    /** Answers a beat, unless that was done; empty: it gets none. */
    void answerBeat(long ticket, Optional<BeatAnswer> answer) {
        var beat = beats.remove(ticket);
        if (beat != null) {
            beat.complete(answer);
        }
    }
}
