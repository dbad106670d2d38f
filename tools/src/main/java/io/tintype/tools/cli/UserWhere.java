// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.UserLocation;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code tintype user where}. */
@Command(
        name = "where",
        description = {
            "Tells every replica and every cache that holds something of a user: in which region and zone, and what.",
            "",
            "Asks every node: replicas of his home, the target of his move, copies that earlier moves left behind until"
                    + " moves.keepFor is over, and the directory; and every coordinator what its caches keep (holds memory,"
                    + " disk). What a memcached keeps cannot be told; docs/users.md says for how long that is."
        },
        footer = {"  tintype user where alice", "  tintype user where alice --json"})
final class UserWhere implements Callable<Integer> {
    private static final List<String> COLUMNS =
            List.of("holds", "shard>", "node", "region", "zone", "role", "blobs>", "bytes>", "remark");

    @Parameters(index = "0", paramLabel = "USER", description = "The user's id.")
    private String user;

    @Mixin
    private ClusterOptions cluster;

    @Mixin
    private OutputOptions output;

    @Override
    public Integer call() {
        try (var client = cluster.connect()) {
            var found = client.users().locate(user);
            output.table(
                    WhereDocument.of(found),
                    COLUMNS,
                    Stream.concat(
                                    found.places().stream().map(UserWhere::row),
                                    found.caches().stream().map(UserWhere::row))
                            .toList());
        }
        return ExitCode.OK.number();
    }

    private static List<String> row(UserLocation.Place place) {
        boolean blobs = !place.holds().equals("directory") && place.error().isEmpty();
        return List.of(
                place.holds(),
                place.shard() == 0 ? "" : Integer.toString(place.shard()),
                place.node(),
                place.region(),
                place.zone(),
                place.role(),
                blobs ? Long.toString(place.blobs()) : "",
                blobs ? Humane.bytes(place.bytes()) : "",
                place.error().isEmpty()
                        ? place.since().map(since -> "since " + since).orElse("")
                        : place.error());
    }

    private static List<String> row(UserLocation.CachePlace cache) {
        boolean known = cache.error().isEmpty();
        return List.of(
                known ? cache.layer() : "cache",
                "",
                cache.coordinator(),
                cache.region(),
                "",
                "",
                "",
                known ? Humane.bytes(cache.bytes()) : "",
                known ? cache.pieces() + " pieces" : cache.error());
    }

    /**
     * What {@code user where --json} prints.
     *
     * @param pinned whether his pool is pinned to its region
     * @param toShard the shard he is being moved to; null: he is not
     */
    record WhereDocument(
            UserCommand.UserDocument user,
            boolean pinned,
            @Nullable Integer toShard,
            List<PlaceDocument> places,
            List<UserLocation.CachePlace> caches) {
        static WhereDocument of(UserLocation found) {
            return new WhereDocument(
                    UserCommand.UserDocument.of(found.user()),
                    found.pinned(),
                    found.toShard().orElse(null),
                    found.places().stream().map(PlaceDocument::of).toList(),
                    found.caches());
        }
    }

    /**
     * A replica.
     *
     * @param shard the shard; 0: the node could not be asked
     * @param holds home, source, target, left, refused, directory, or nothing
     * @param role primary, in-sync, behind or observer
     * @param since ISO 8601, UTC: since when a copy is left behind, or a move has been under way; null: neither
     * @param error why it could not be asked; empty: it answered
     */
    record PlaceDocument(
            String node,
            String region,
            String zone,
            int shard,
            String holds,
            String role,
            long blobs,
            long bytes,
            @Nullable String since,
            String error) {
        static PlaceDocument of(UserLocation.Place place) {
            return new PlaceDocument(
                    place.node(),
                    place.region(),
                    place.zone(),
                    place.shard(),
                    place.holds(),
                    place.role(),
                    place.blobs(),
                    place.bytes(),
                    place.since().map(Instant::toString).orElse(null),
                    place.error());
        }
    }
}
