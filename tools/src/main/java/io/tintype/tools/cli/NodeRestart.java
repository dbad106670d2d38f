// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.TintypeClient;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tintype node restart}. */
@Command(
        name = "restart",
        description = {
            "Helps to restart a node: waits until every shard has all its in-sync replicas, lets others lead what it"
                    + " leads, says when to restart it, and waits until it is back in sync.",
            "Restarting is yours to do, by whatever runs the node. Do one node after the other."
        },
        footer = "  tintype node restart node2")
final class NodeRestart extends NodeCare.OfNode {
    @Option(
            names = "--wait",
            paramLabel = "TIME",
            defaultValue = "30m",
            converter = DurationConverter.class,
            description = "How long to wait in all (default: ${DEFAULT-VALUE}).")
    private Duration timeout;

    /** Coordinators may be restarted too, or change office, while a node is. */
    private final Patience patience = new Patience();

    /** Whether this command may have put the node in maintenance, and nobody was told how to end it. */
    private volatile boolean leavesMaintenance;

    @Override
    ExitCode run(TintypeClient client) throws InterruptedException {
        // As by Ctrl-C, where nothing else is said any more.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (leavesMaintenance) {
                output.err().println(howToEnd());
                output.err().flush();
            }
        }));
        try {
            return restart(client);
        } catch (TintypeException e) {
            if (!leavesMaintenance) {
                throw e;
            }
            leavesMaintenance = false;
            throw new TintypeException(
                    e.reason(),
                    e.getMessage() + ". " + howToEnd(),
                    e.details(),
                    e.retryAfter().orElse(null),
                    e);
        }
    }

    private String howToEnd() {
        return "Node " + node + " may be in maintenance now; end that by tintype node maintenance " + node + " off";
    }

    private ExitCode restart(TintypeClient client) throws InterruptedException {
        long until = System.nanoTime() + timeout.toNanos();
        var unusedIfKnown = client.admin().node(new NodeId(node)); // one that is misspelt is waited for by nobody
        await(
                until,
                "every shard to have all its in-sync replicas",
                () -> client.balancing().status().getSafe());
        leavesMaintenance = true;
        var unused = patience.ask(
                () -> client.balancing().want(intent().setMaintenance(true).build()));
        await(until, "others to lead what " + node + " leads", () -> handOver(client));
        output.err().println("restart " + node + " now");
        output.err().flush();
        await(until, node + " to go down", () -> !isUp(client));
        await(until, node + " to come back", () -> isUp(client));
        await(
                until,
                "every shard to have all its in-sync replicas",
                () -> client.balancing().status().getSafe());
        var ended = patience.ask(
                () -> client.balancing().want(intent().setMaintenance(false).build()));
        leavesMaintenance = false;
        return tell(ended);
    }

    private boolean handOver(TintypeClient client) {
        var led = client.admin().shards().stream()
                .filter(shard -> shard.primary().filter(this::isIt).isPresent())
                .map(ShardInfo::id)
                .toList();
        for (var shard : led) {
            try {
                var unused = client.admin().transferShard(shard, null);
            } catch (TintypeException e) {
                if (e.reason() == Reason.INVALID_ARGUMENT) {
                    throw e;
                } // otherwise it is tried again
            }
        }
        return led.isEmpty();
    }

    private boolean isIt(NodeId id) {
        return id.value().equals(node);
    }

    /** One that was killed stays live in ZooKeeper until its session ends, but answers nobody meanwhile. */
    private boolean isUp(TintypeClient client) {
        var detail = client.admin().node(new NodeId(node));
        return detail.status().node().live() && detail.error().isEmpty();
    }

    private void await(long until, String what, BooleanSupplier condition) throws InterruptedException {
        while (!patience.ask(condition::getAsBoolean)) {
            if (System.nanoTime() - until > 0) {
                throw new TintypeException(
                        Reason.WRONG_STATE, "Waited " + Humane.seconds(timeout.toSeconds()) + " for " + what);
            }
            TimeUnit.SECONDS.sleep(1);
        }
    }
}
