// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica.sim;

import io.tintype.storage.replica.Append;
import io.tintype.storage.replica.EpochStart;
import io.tintype.storage.replica.LogPosition;
import io.tintype.storage.replica.ReplicaAction;
import io.tintype.storage.replica.ReplicaEvent;
import java.util.ArrayList;
import java.util.List;

/** Carries out what touches log bytes: on this disk, and on their way to others. */
final class SimActions {
    private SimActions() {}

    /** False: the action is none of the disk's. */
    static boolean onDisk(Sim sim, SimNode node, ReplicaAction action) {
        if (action instanceof ReplicaAction.PersistPromise promise) {
            node.write(image -> image.promise = Math.max(image.promise, promise.epoch()));
        } else if (action instanceof ReplicaAction.AppendProposals append) {
            var records = new ArrayList<Rec>();
            append.handles().forEach(value -> records.add(new Rec(append.epoch(), value)));
            sim.ledger.logged(append.handles());
            node.opened(append.firstSeq(), append.handles());
            append(sim, node, append.firstSeq() - 1, records);
        } else if (action instanceof ReplicaAction.AppendEpochStart start) {
            append(
                    sim,
                    node,
                    start.previous().seq(),
                    List.of(new Rec(start.at().epoch(), -start.at().epoch())));
        } else if (action instanceof ReplicaAction.AcceptAppend accept) {
            var append = accept.append();
            append(sim, node, append.previous().seq(), sim.cargo(append));
        } else if (action instanceof ReplicaAction.Truncate cut) {
            node.write(image -> image.truncate(cut.last().seq()));
        } else if (action instanceof ReplicaAction.ApplyUpTo apply) {
            node.apply(apply.seq());
        } else if (action instanceof ReplicaAction.TrimLog trim) {
            sim.coverage.count("log trimmed");
            node.trim(trim.upTo());
        } else {
            return false;
        }
        return true;
    }

    private static void append(Sim sim, SimNode node, long previousSeq, List<Rec> records) {
        var copy = List.copyOf(records);
        sim.checker.appended(previousSeq, copy);
        node.write(image -> image.append(previousSeq, copy));
    }

    /** Sends records in messages of different sizes, as the transport would. */
    static void send(Sim sim, SimStream stream, ReplicaAction.SendAppend append, SimDisk disk) {
        var previous = append.previous();
        if (!stream.primary.reads(previous.seq(), append.lastSeq())) {
            return;
        }
        var log = disk.seen.log;
        do {
            long rest = append.lastSeq() - previous.seq();
            long count = rest <= 1 ? rest : sim.random.nextLong(1, rest + 1);
            var records = List.copyOf(log.subList((int) previous.seq(), (int) (previous.seq() + count)));
            var starts = new ArrayList<EpochStart>();
            for (int i = 0; i < records.size(); i++) {
                if (i == 0 || records.get(i).epoch() != records.get(i - 1).epoch()) {
                    starts.add(new EpochStart(records.get(i).epoch(), previous.seq() + i + 1));
                }
            }
            long last = previous.seq() + count;
            var message = new Append(append.epoch(), append.cfg(), previous, starts, last, append.committed());
            sim.cargo.put(message, records);
            stream.toFollower(new ReplicaEvent.AppendReceived(stream.followerId, message));
            if (count > 0) {
                previous = new LogPosition(records.get(records.size() - 1).epoch(), last);
            }
        } while (previous.seq() < append.lastSeq());
    }
}
