// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What commits: a record that is durable here and that every in-sync member has acknowledged, of the set as last read
 * back from ZooKeeper and of the one being asked for, while enough members are in sync. Confined to the shard's loop.
 */
final class Commitment {
    private final Context context;
    private final Followers followers;

    Commitment(Context context, Followers followers) {
        this.context = context;
        this.followers = followers;
    }

    /**
     * Commits what may be, and hands it to the state machine.
     *
     * @param asked the configuration being asked for; null: none is
     */
    void advance(ShardConfig config, @Nullable ShardConfig asked) {
        boolean enough =
                config.hasEnoughInSync() && (asked == null || config.inSync().size() >= asked.minInSync());
        if (!enough && context.keeps(Rule.NO_COMMIT_BELOW_MINIMUM)) {
            return;
        }
        long upTo = context.journal.persisted();
        if (asked == null || context.keeps(Rule.OLD_MEMBERS_COUNT_UNTIL_READ_BACK)) {
            upTo = ackedByAll(config.inSync(), upTo);
        }
        if (asked != null) {
            boolean all = context.keeps(Rule.NEW_MEMBERS_COUNT_WHEN_ASKED);
            var counted = all ? asked.inSync() : ShardConfig.filter(asked.inSync(), config.inSync()::contains);
            upTo = ackedByAll(counted, upTo);
        }
        if (context.journal.commit(upTo)) {
            context.applyCommitted();
        }
    }

    private long ackedByAll(Set<Member> members, long limit) {
        long upTo = limit;
        for (var member : members) {
            if (!member.node().equals(context.self.node())) {
                upTo = Math.min(upTo, followers.acked(member));
            }
        }
        return upTo;
    }
}
