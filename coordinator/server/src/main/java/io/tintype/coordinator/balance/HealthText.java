// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.balance;

import io.tintype.proto.v1.EndangeredShard;
import io.tintype.proto.v1.GetClusterStatusResponseOrBuilder;
import io.tintype.proto.v1.GetPlanResponse;
import io.tintype.proto.v1.NodeFares;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Whether data is safe, what lacks, and when that is over, in a few sentences. Pure. */
final class HealthText {
    private static final int NODES = 5;

    private HealthText() {}

    /** For an answer that has everything but this. */
    static String of(GetClusterStatusResponseOrBuilder status) {
        return (status.getStale()
                        ? "ZooKeeper does not answer: reads and writes go on, but nothing fails over, and plans rest."
                                + " As it was last known: "
                        : "")
                + known(status)
                + damaged(status);
    }

    private static String known(GetClusterStatusResponseOrBuilder status) {
        if (status.getShards() == 0) {
            return "There are no shards yet: a pool and nodes enough for it are missing.";
        }
        if (status.getUnderReplicated() == 0) {
            String moving = status.getPlansList().stream()
                    .filter(plan -> !plan.getPlan().getRepair())
                    .map(plan -> " Plan " + plan.getPlan().getId() + " moves replicas; " + until(plan) + ".")
                    .collect(Collectors.joining());
            String unled = status.getWithoutWrites() > 0
                    ? " " + status.getWithoutWrites() + " of them take no writes: nobody leads them."
                    : "";
            return "All " + status.getShards() + " shards have all their in-sync replicas." + unled + moving;
        }
        return copies(status) + lacking(status) + worst(status) + next(status);
    }

    private static String damaged(GetClusterStatusResponseOrBuilder status) {
        return status.getDamagedPlansList().stream()
                .map(id -> " Plan " + id
                        + " cannot be understood, so nobody carries it out, and its shards stay as they are"
                        + " assigned. Have it forgotten: tintype rebalance cancel " + id)
                .map(text -> text + ".")
                .collect(Collectors.joining());
    }

    private static String copies(GetClusterStatusResponseOrBuilder status) {
        var fewest = status.getEndangeredList().stream()
                .min(Comparator.comparingInt(EndangeredShard::getInSync))
                .map(EndangeredShard::getInSync)
                .orElse(0);
        long without = status.getEndangeredList().stream()
                .filter(shard -> shard.getInSync() == 0)
                .count();
        return fewest > 0
                ? "No data is lost: of each shard at least " + fewest + (fewest == 1 ? " copy" : " copies")
                        + " in sync can be reached."
                : "Of " + without + " shards no copy in sync can be reached: bring the missing nodes back.";
    }

    private static String lacking(GetClusterStatusResponseOrBuilder status) {
        var missing = new TreeSet<String>();
        status.getEndangeredList().forEach(shard -> missing.addAll(shard.getMissingList()));
        return " " + status.getUnderReplicated() + " of " + status.getShards() + " shards lack copies"
                + (missing.isEmpty() ? "." : ", on " + names(List.copyOf(missing)) + ".");
    }

    private static String names(List<String> nodes) {
        return String.join(" ", nodes.subList(0, Math.min(NODES, nodes.size())))
                + (nodes.size() > NODES ? " and " + (nodes.size() - NODES) + " more" : "");
    }

    private static String worst(GetClusterStatusResponseOrBuilder status) {
        return (status.getWithoutWrites() > 0 ? " " + status.getWithoutWrites() + " of them take no writes." : "")
                + (status.getOneCopy() > 0
                        ? " " + status.getOneCopy() + " of them would be lost with one more disk."
                        : "");
    }

    /** When it is over, or what it waits for. */
    private static String next(GetClusterStatusResponseOrBuilder status) {
        var repair = status.getPlansList().stream()
                .filter(plan -> plan.getPlan().getRepair())
                .findFirst();
        if (repair.isPresent()) {
            return " They are being made anew; " + until(repair.get()) + ".";
        }
        var away = status.getNodesList().stream()
                .filter(node -> !node.getLive() && node.getReplicas() > 0)
                .toList();
        if (away.isEmpty()) {
            return " Their nodes are there, and catch up.";
        }
        return away.stream().limit(NODES).map(HealthText::wait).collect(Collectors.joining());
    }

    private static String wait(NodeFares node) {
        if (node.getReplacedInSeconds() == 0) {
            return " " + node.getNode()
                    + " has been away for so long that what it holds is to be made anew, and no plan does"
                    + " so yet. Where that stays so, tintype rebalance plan --only-what-must tells what is missing.";
        }
        if (node.getReplacedInSeconds() > 0) {
            return " Unless " + node.getNode() + " is back, what it holds is made anew in "
                    + text(node.getReplacedInSeconds()) + ".";
        }
        return " " + node.getNode()
                + (node.getIntent().getMaintenance()
                        ? " is in maintenance and is not replaced."
                        : " is not replaced by itself: control.balance.replaceAfter is 0.");
    }

    private static String until(GetPlanResponse plan) {
        return plan.getSecondsLeft() < 0
                ? "nobody can say when it is done" + (plan.getHeldUp().isEmpty() ? "" : ": " + plan.getHeldUp())
                : "done in about " + text(plan.getSecondsLeft());
    }

    private static String text(long seconds) {
        var time = Duration.ofSeconds(seconds);
        return time.toMinutes() == 0
                ? seconds + " s"
                : time.toHours() == 0
                        ? time.toMinutes() + " min " + time.toSecondsPart() + " s"
                        : time.toHours() + " h " + time.toMinutesPart() + " min";
    }
}
