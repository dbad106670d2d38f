// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.MovesClient;
import io.tintype.model.TintypeException;
import io.tintype.tools.console.CommandFailure;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import io.tintype.tools.console.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Executors;

/** Prints the plan of many moves, and makes them, some at a time, when told to. */
final class ManyMoves {
    /** Users being moved at a time, at most. */
    static final int MOST_AT_ONCE = 64;

    /** Users in one plan, where nothing else is said: they fit into the 256 MiB of heap that the launcher gives. */
    static final int MOST_USERS = 200_000;

    private static final int SHOWN = 20;

    private final MovesClient moves;
    private final OutputOptions output;
    private final int atOnce;

    ManyMoves(MovesClient moves, OutputOptions output, int atOnce) {
        this.moves = moves;
        this.output = output;
        this.atOnce = atOnce;
    }

    /** What {@code user move --json} prints of many users. */
    record Many(
            String plan,
            long users,
            long blobs,
            long bytes,
            boolean more,
            boolean made,
            long moved,
            List<Failed> failed) {}

    /** A user who was not moved, and why. */
    record Failed(String user, String problem) {}

    /** How one move ended: without a problem, or with one. */
    private record End(String user, String problem) {}

    int run(MovePlan plan, boolean yes, String hash) throws InterruptedException {
        boolean go = yes || !hash.isEmpty();
        if (!output.isJson()) {
            print(plan, go);
        }
        if (!go) {
            if (output.isJson()) {
                output.print(document(plan, false, List.of()), "");
            }
            return ExitCode.OK.number();
        }
        plan.differsFrom(hash).ifPresent(problem -> {
            throw new CommandFailure(ExitCode.CONFLICT, problem);
        });
        var failed = make(plan);
        output.print(
                document(plan, true, failed),
                (plan.steps().size() - failed.size()) + " of " + plan.steps().size() + " users moved" + more(plan));
        return failed.isEmpty() ? ExitCode.OK.number() : ExitCode.CONFLICT.number();
    }

    private List<Failed> make(MovePlan plan) throws InterruptedException {
        var threads = Executors.newFixedThreadPool(atOnce);
        try {
            var running = new ExecutorCompletionService<End>(threads);
            plan.steps().forEach(step -> running.submit(() -> move(step)));
            var failed = new ArrayList<Failed>();
            for (int done = 1; done <= plan.steps().size(); done++) {
                var end = running.take().get();
                if (!end.problem().isEmpty()) {
                    failed.add(new Failed(end.user(), end.problem()));
                }
                if (!output.isJson()) {
                    output.err()
                            .println(done + "/" + plan.steps().size() + " " + Text.printable(end.user()) + ": "
                                    + (end.problem().isEmpty() ? "moved" : end.problem()));
                    output.err().flush();
                }
            }
            return failed;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a move failed by a bug", e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    private End move(MovePlan.Step step) throws InterruptedException {
        String user = step.user().id();
        try {
            var end = new MoveRun(moves, user, step.target(), now -> {}).toTheEnd();
            return new End(user, MoveCommand.isAt(step.target(), end) ? "" : MoveRun.end(end));
        } catch (TintypeException e) {
            return new End(user, String.valueOf(e.getMessage()));
        }
    }

    private void print(MovePlan plan, boolean go) {
        var out = output.out();
        out.println(Tables.render(
                List.of("user", "blobs>", "bytes>", "from shard>", "to"),
                plan.steps().stream()
                        .limit(SHOWN)
                        .map(step -> List.of(
                                Text.printable(step.user().id()),
                                Long.toString(step.user().blobs()),
                                Humane.bytes(step.user().bytes()),
                                step.from().toString(),
                                step.target().shard() != 0
                                        ? "shard " + step.target().shard()
                                        : step.target().region() + "."
                                                + step.target().tier()))
                        .toList()));
        if (plan.steps().size() > SHOWN) {
            out.println("… and " + (plan.steps().size() - SHOWN) + " more");
        }
        out.println("plan " + plan.hash() + ": " + plan.steps().size() + " users, " + plan.blobs() + " blobs, "
                + Humane.bytes(plan.bytes()) + ", " + atOnce + " at once" + more(plan)
                + (go ? "" : ". Nothing was moved; repeat with --yes, or with --hash " + plan.hash()));
        out.flush();
    }

    private static String more(MovePlan plan) {
        return plan.more() ? "; there are more users, whom another such command takes up once these are moved" : "";
    }

    private static Many document(MovePlan plan, boolean made, List<Failed> failed) {
        return new Many(
                plan.hash(),
                plan.steps().size(),
                plan.blobs(),
                plan.bytes(),
                plan.more(),
                made,
                made ? plan.steps().size() - failed.size() : 0,
                failed);
    }
}
