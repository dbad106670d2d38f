// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.Erasure;
import io.tintype.client.TintypeClient;
import io.tintype.client.UserErasedException;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tintype user erase}: everything of a user, everywhere. */
@Command(
        name = "erase",
        description = {
            "Erases a user: all his blobs, copies that moves left behind, and where he lives. CANNOT BE UNDONE.",
            "",
            "Waits until no replica has anything of him, and tells what was erased where. Ctrl-C ends only the waiting;"
                    + " repeating the command goes on, and tells the same once it is done. His id is refused for 24 hours"
                    + " afterwards. docs/users.md says when the bytes leave the disks for good.",
            "",
            "The user's id is to be said twice: as argument and with --confirm."
        },
        footer = {
            "  tintype user export alice ./alice",
            "  tintype user erase alice --confirm alice",
            "  tintype user erase alice --confirm alice --json"
        })
final class EraseCommand implements Callable<Integer> {
    private static final Duration LOOK_EVERY = Duration.ofMillis(500);

    @Parameters(index = "0", paramLabel = "USER", description = "The user's id.")
    private String user;

    @Option(names = "--confirm", required = true, paramLabel = "USER", description = "The user's id once more.")
    private String confirm;

    @Option(
            names = "--wait",
            paramLabel = "DURATION",
            converter = DurationConverter.class,
            description = "Wait for so long at most; what is left then is told (default: 15m).")
    private @Nullable Duration wait;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() throws InterruptedException {
        if (!confirm.equals(user)) {
            throw new ParameterException(
                    command.commandLine(),
                    "the user's id was to be said twice: '" + Text.printable(user) + "' is not '"
                            + Text.printable(confirm) + "'; nothing was changed");
        }
        try (var client = cluster.connect()) {
            long until = System.nanoTime() + (wait == null ? Duration.ofMinutes(15) : wait).toNanos();
            long generation = generation(client);
            var now = client.users().erase(user, generation);
            while (!now.isDone() && System.nanoTime() - until < 0) {
                Thread.sleep(LOOK_EVERY.toMillis());
                now = client.users().erase(user, generation);
            }
            output.print(EraseDocument.of(user, now), text(now));
            return now.isDone() ? ExitCode.OK.number() : ExitCode.UNAVAILABLE.number();
        }
    }

    private long generation(TintypeClient client) {
        try {
            return client.users().lookup(user).generation();
        } catch (UserErasedException e) {
            return 0; // goes on, whoever began
        }
    }

    private String text(Erasure erasure) {
        var text = new StringBuilder();
        for (var shard : erasure.found()) {
            text.append("shard ")
                    .append(shard.shard())
                    .append(" (")
                    .append(shard.what())
                    .append("): ")
                    .append(shard.blobs())
                    .append(" blobs, ")
                    .append(Humane.bytes(shard.bytes()))
                    .append('\n');
        }
        for (var replica : erasure.replicas()) {
            text.append("node ")
                    .append(replica.node())
                    .append(replica.shard() == 0 ? "" : ", shard " + replica.shard())
                    .append(
                            !replica.error().isEmpty()
                                    ? " could not be asked (" + replica.error()
                                            + "): what it has goes when it is back and has caught up"
                                    : replica.named() ? ": not erased yet" : ": erased, bytes to be collected")
                    .append('\n');
        }
        for (var cache : erasure.caches()) {
            if (!cache.error().isEmpty()) {
                text.append("coordinator ")
                        .append(cache.coordinator())
                        .append(" has not said that it forgot him (")
                        .append(cache.error())
                        .append("): nobody can read what it has, and it goes within 25 hours\n");
            }
        }
        return text
                + erasure.erased()
                        .map(at -> "user '" + Text.printable(user) + "' was erased from all shards at " + at
                                + (erasure.isDone() ? "" : "; repeat the command to see whether bytes are left")
                                + (erasure.keyGone() ? ". No key of his is left" : "")
                                + erasure.idRefusedUntil()
                                        .map(until -> ". His id is refused until " + until)
                                        .orElse(""))
                        .orElse("user '" + Text.printable(user) + "' is being erased, since " + erasure.begun()
                                + "; repeat the command to go on");
    }

    /**
     * What {@code --json} prints.
     *
     * @param done whether no replica that could be asked has anything of him
     * @param begunAt ISO 8601, UTC
     * @param erasedAt when nothing was left on any shard; null: something is
     * @param idRefusedUntil from when on his id may be registered anew; null: not known yet
     * @param found what the shards had
     * @param left replicas that have something still, and nodes that could not be asked
     * @param caches coordinators that were told to forget him, and why one is not known to have
     * @param keyGone whether the source of keys has no key of his any more
     */
    record EraseDocument(
            String user,
            boolean done,
            String begunAt,
            @Nullable String erasedAt,
            @Nullable String idRefusedUntil,
            List<Erasure.Shard> found,
            List<Erasure.Replica> left,
            List<Erasure.Cache> caches,
            boolean keyGone) {
        static EraseDocument of(String user, Erasure erasure) {
            return new EraseDocument(
                    user,
                    erasure.isDone(),
                    erasure.begun().toString(),
                    erasure.erased().map(Instant::toString).orElse(null),
                    erasure.idRefusedUntil().map(Instant::toString).orElse(null),
                    erasure.found(),
                    erasure.replicas(),
                    erasure.caches(),
                    erasure.keyGone());
        }
    }
}
