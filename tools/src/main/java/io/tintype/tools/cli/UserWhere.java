// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.UserLocation;
import io.tintype.tools.console.ExitCode;
import io.tintype.tools.console.Humane;
import io.tintype.tools.console.OutputOptions;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code tintype user where}. */
@Command(
        name = "where",
        description =
                "Tells every replica that holds something of a user, in which region and zone, and how it stands.",
        footer = {"  tintype user where alice", "  tintype user where alice --json"})
final class UserWhere implements Callable<Integer> {
    private static final List<String> COLUMNS =
            List.of("holds", "shard>", "node", "region", "zone", "role", "state", "bytes>");

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
                    new WhereDocument(UserCommand.UserDocument.of(found.user()), found.pinned(), found.places()),
                    COLUMNS,
                    found.places().stream().map(UserWhere::row).toList());
        }
        return ExitCode.OK.number();
    }

    private static List<String> row(UserLocation.Place place) {
        return List.of(
                place.holds(),
                Integer.toString(place.shard()),
                place.node(),
                place.region(),
                place.zone(),
                place.role(),
                place.error().isEmpty() ? place.state() : place.error(),
                place.holds().equals("blobs") ? Humane.bytes(place.bytes()) : "");
    }

    /**
     * What {@code user where --json} prints.
     *
     * @param pinned whether his pool is pinned to its region
     */
    record WhereDocument(UserCommand.UserDocument user, boolean pinned, List<UserLocation.Place> places) {}
}
