// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.Explanation;
import io.tintype.model.NodeId;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.OutputOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code tintype explain}: who would answer reads of a blob, and how each sees it. */
@Command(
        name = "explain",
        description = {
            "Tells who would answer reads of a blob, and asks each of them now.",
            "",
            "Shows the user's shard and its epoch; for the coordinator and every replica the version it holds for current, how"
                    + " old that may be, and how long the answer took; and which of the coordinator's caches would answer,"
                    + " for each of them whether it has the first MiB of the blob, since when, and how long it took to"
                    + " look. Nothing is cached by that."
        },
        footer = {"  tintype explain alice cat.jpg", "  tintype explain alice cat.jpg --json"})
final class ExplainCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "USER", description = "Whose blob it is.")
    private String user;

    @Parameters(index = "1", paramLabel = "NAME", description = "The blob's name.")
    private String name;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        try (var client = cluster.connect()) {
            var found = client.explain(user, name);
            var document = Explained.of(found);
            output.print(document, text(document));
        }
        return ExitCode.OK.number();
    }

    private static String text(Explained found) {
        var lines = new ArrayList<String>();
        lines.add(String.format(
                Locale.ROOT,
                "shard %d, epoch %d, primary %s (found in %.1f ms)",
                found.shard(),
                found.epoch(),
                found.primary() == null ? "(none)" : found.primary(),
                found.lookupMillis()));
        lines.add("a read is answered by");
        for (var layer : found.layers()) {
            lines.add(String.format(Locale.ROOT, "  %-12s  %s", layer.consistency(), layer.answeredBy()));
        }
        lines.add("they say");
        for (var hop : found.hops()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "  %-24s  %-20s  %8.1f ms  %s",
                    hop.what(),
                    hop.at(),
                    hop.millis(),
                    hop.version() == null
                            ? hop.failure()
                            : "version " + hop.version()
                                    + (hop.ageMillis() == null
                                            ? ", current"
                                            : ", " + hop.ageMillis() + " ms old at most")));
        }
        caches(found.caches(), lines);
        return String.join(System.lineSeparator(), lines);
    }

    private static void caches(Caches caches, List<String> lines) {
        if (caches.failure() != null) {
            lines.add("the coordinator's caches: " + caches.failure());
            return;
        }
        lines.add("coordinator " + caches.coordinator() + " answers from "
                + (caches.answeredBy() == null ? "nothing: there is no such blob" : caches.answeredBy())
                + (caches.leaseAgeMillis() == null
                        ? "; it remembers no current version"
                        : "; the current version it remembers is " + caches.leaseAgeMillis() + " ms old at most"));
        for (var layer : caches.layers()) {
            lines.add(String.format(
                    Locale.ROOT,
                    "  %-24s  %-20s  %8.1f ms  %s",
                    layer.layer(),
                    layer.at() == null ? "" : layer.at(),
                    layer.millis(),
                    layer.state().replace('_', ' ')
                            + (layer.ageMillis() == null ? "" : ", for " + layer.ageMillis() + " ms")));
        }
    }

    /**
     * What {@code --json} prints.
     *
     * @param primary null: nobody leads now
     * @param lookupMillis time to learn where the user lives
     * @param layers who answers, by how fresh a read must be
     * @param hops what each of them says
     * @param caches what the coordinator's caches would do
     */
    record Explained(
            String user,
            String name,
            int shard,
            long epoch,
            @Nullable String primary,
            List<String> inSync,
            List<String> replicas,
            double lookupMillis,
            List<Layer> layers,
            List<Hop> hops,
            Caches caches) {
        static Explained of(Explanation found) {
            var shard = found.shard();
            return new Explained(
                    found.user(),
                    found.name(),
                    shard.id().value(),
                    shard.epoch(),
                    shard.primary().map(NodeId::value).orElse(null),
                    shard.inSync().stream().map(NodeId::value).toList(),
                    shard.replicas().stream().map(NodeId::value).toList(),
                    millis(found.lookup()),
                    layers(found),
                    hops(found),
                    Caches.of(found.caches()));
        }

        private static List<Layer> layers(Explanation found) {
            var nobody = "nobody can now";
            var primary = found.primary()
                    .filter(replica -> replica.answer().failureOrNull() == null
                            || "no such blob".equals(replica.answer().failureOrNull()))
                    .map(replica -> "the primary, " + replica.node().id())
                    .orElse(nobody);
            var nearest = found.nearest().map(replica -> replica.node().id().toString());
            var cached = Optional.ofNullable(found.nearCache().ageOrNull())
                    .map(age -> "this client's near cache, " + age.toMillis() + " ms old");
            var anyone = cached.or(() -> nearest.map(node -> "the nearest replica, " + node))
                    .orElse(nobody);
            return List.of(
                    new Layer("linearizable", primary),
                    new Layer(
                            "near",
                            nearest.map(node -> primary.equals(nobody) ? nobody : primary + "; bytes from " + node)
                                    .orElse(primary)),
                    new Layer("bounded", anyone),
                    new Layer("session", anyone),
                    new Layer("exact", anyone));
        }

        private static List<Hop> hops(Explanation found) {
            var hops = new ArrayList<Hop>();
            hops.add(Hop.of("coordinator", found.coordinator()));
            for (var replica : found.replicas()) {
                var role = replica.leads() ? "primary" : replica.inSync() ? "in sync" : "behind";
                hops.add(Hop.of("replica " + replica.node().id() + ", " + role, replica.answer()));
            }
            return hops;
        }

        private static double millis(Duration time) {
            return time.toNanos() / 1_000_000.0;
        }
    }

    /**
     * Who answers a kind of read.
     *
     * @param consistency as {@code --consistency} takes it
     */
    record Layer(String consistency, String answeredBy) {}

    /**
     * What somebody says.
     *
     * @param what who it is
     * @param at host:port
     * @param millis time until the answer was here
     * @param version the version it holds for current; null: see failure
     * @param ageMillis how old that is at most; null: it is current
     * @param failure null: there is a version
     */
    record Hop(
            String what,
            String at,
            double millis,
            @Nullable String version,
            @Nullable Long ageMillis,
            @Nullable String failure) {
        static Hop of(String what, Explanation.Answer answer) {
            var age = answer.ageOrNull();
            return new Hop(
                    what,
                    answer.by(),
                    Explained.millis(answer.took()),
                    answer.version().map(Object::toString).orElse(null),
                    age == null ? null : age.toMillis(),
                    answer.failureOrNull());
        }
    }

    /**
     * What the coordinator's caches would do.
     *
     * @param coordinator null: see failure
     * @param leaseAgeMillis how old the head may be that it remembers; null: it remembers none
     * @param leasedVersion the version that is current by that head; null: none, or there was no such blob
     * @param answeredBy name of the layer that would answer; null: there is no such blob, or see failure
     * @param layers in the order in which they are asked, last the origin
     * @param failure null: all is known
     */
    record Caches(
            @Nullable String coordinator,
            @Nullable Long leaseAgeMillis,
            @Nullable String leasedVersion,
            @Nullable String answeredBy,
            List<CacheLayer> layers,
            @Nullable String failure) {
        static Caches of(Explanation.Caches found) {
            var age = found.leaseAgeOrNull();
            var leased = found.leasedOrNull();
            return new Caches(
                    orNull(found.coordinator()),
                    age == null ? null : age.toMillis(),
                    leased == null ? null : leased.toString(),
                    orNull(found.answeredBy()),
                    found.layers().stream().map(CacheLayer::of).toList(),
                    found.failureOrNull());
        }

        static @Nullable String orNull(String text) {
            return text.isEmpty() ? null : text;
        }
    }

    /**
     * One layer.
     *
     * @param layer memory, disk, peers, memcached or origin
     * @param state held, not_held, damaged, not_asked or unreachable
     * @param at host:port of another process; null: it is the coordinator's own, or nobody was asked
     * @param ageMillis since when it holds the bytes; null: it does not, or is no cache
     * @param millis time it took to look
     */
    record CacheLayer(
            String layer,
            String state,
            @Nullable String at,
            @Nullable Long ageMillis,
            double millis) {
        static CacheLayer of(Explanation.CacheLayer layer) {
            boolean cached = layer.state().equals("held") && !layer.name().equals("origin");
            return new CacheLayer(
                    layer.name(),
                    layer.state(),
                    Caches.orNull(layer.at()),
                    cached ? layer.age().toMillis() : null,
                    Explained.millis(layer.took()));
        }
    }
}
