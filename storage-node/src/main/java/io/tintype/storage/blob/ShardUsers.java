// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a shard's records say of its users, and a directory shard's of everybody's, as applied so far. Blocks on the disk where it does not
 * say otherwise; thread-safe.
 */
public final class ShardUsers {
    private final Disk disk;
    private final Keys keys;
    private final StateMachine machine;
    private final UserExport exports;

    ShardUsers(Disk disk, Keys keys, StateMachine machine, UserExport exports) {
        this.disk = disk;
        this.keys = keys;
        this.machine = machine;
        this.exports = exports;
    }

    /** The users that are in a move, by this shard's records, or whose entries are. Never blocks. */
    public Set<UserId> moving() {
        return machine.moving();
    }

    /** Those of them who are frozen: they cannot write until somebody ends their move. Never blocks. */
    public Set<UserId> frozen() {
        return machine.frozen();
    }

    /**
     * One who left a shard, or was refused by it. Immutable.
     *
     * @param sinceMs when, by the shard's log
     * @param user who
     */
    public record Leaver(long sinceMs, UserId user) {}

    /**
     * Users of whom the shard has said before a time of its log that they are not here, in order of when it did.
     *
     * @param after begins behind this one; null: with the first
     * @param limit most of them
     */
    public List<Leaver> gone(@Nullable Leaver after, long timeMs, int limit) {
        byte[] from = after == null ? keys.gone(0) : Keys.behind(keys.gone(after.sinceMs(), after.user()));
        var found = new ArrayList<Leaver>();
        try (var scan = disk.scan(Family.GARBAGE, from, keys.gone(timeMs))) {
            for (; scan.valid() && found.size() < limit; scan.next()) {
                found.add(keys.leaver(scan.key()));
            }
        }
        return found;
    }

    /** The shard's record of a user whose home it is; empty if it is not. */
    public Optional<StoredUser> owned(UserId user) {
        return user(user).filter(Residence::isHome);
    }

    /** The shard's record of a user, whatever it says; empty if there is none. */
    public Optional<StoredUser> user(UserId user) {
        return Optional.ofNullable(disk.get(Family.USER, keys.user(user)))
                .map(value -> Stored.parse(StoredUser.parser(), value, "user " + user));
    }

    /** How many users without a quota of their own have more than this. Reads all of them. */
    public long countOver(Quota quota) {
        long over = 0;
        try (var scan = disk.scan(Family.USER, keys.first(), keys.end())) {
            for (; scan.valid(); scan.next()) {
                var user = Stored.parse(StoredUser.parser(), scan.value(), "a user");
                if (Residence.isHome(user) && !user.getOwnQuota() && quota.isExceededBy(user)) {
                    over++;
                }
            }
        }
        return over;
    }

    /** The directory's entry of a user, on a directory shard. */
    public Optional<DirectoryEntry> entry(UserId user) {
        return Optional.ofNullable(disk.get(Family.DIR, keys.user(user)))
                .map(value -> Stored.parse(DirectoryEntry.parser(), value, "directory entry of " + user));
    }

    /** Which kinds of entries of a user stand on this disk, whoever owns him. */
    public UserTraces traces(UserId user) {
        byte[] chunk = keys.chunks(user);
        byte[] head = keys.head(user, new byte[0]);
        return new UserTraces(
                user(user),
                any(Family.HEAD, head, Keys.behindPrefix(head)),
                any(Family.CHUNK, chunk, Keys.behindPrefix(chunk)),
                !exports.outcomes(user, machine.logTimeMs(), new byte[0], 1)
                        .outcomes()
                        .isEmpty());
    }

    private boolean any(Family family, byte[] from, byte[] to) {
        try (var scan = disk.scan(family, from, to)) {
            return scan.valid();
        }
    }
}
