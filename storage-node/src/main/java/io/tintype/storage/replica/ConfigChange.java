// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.replica;

import org.jspecify.annotations.Nullable;

/**
 * One compare-and-set under way, until its outcome is certain.
 *
 * <p>An answer that is lost, or says "other version" (an earlier try may have made that version), is settled by a
 * read after a sync: our writer and nonce there mean yes; another record of a higher version means no; an unmoved
 * znode means that the first try may still land, so the very same change is asked for again and no other ({@link
 * Rule#LOST_ANSWERS_ARE_SETTLED}), after a pause: why there was no answer may last. Confined to the shard's loop.
 */
final class ConfigChange {
    /** How a change ended. */
    enum Outcome {
        /** Not yet known. */
        OPEN,
        /** Written; {@link #result()} is what stands in ZooKeeper. */
        MADE,
        /** Not written and never will be; {@link #result()} is what stands there instead. */
        LOST
    }

    private final Context context;
    private final ShardConfig target;
    private final int expectedVersion;
    private long casTicket;
    private long readTicket;
    private long retryAtNanos;
    private boolean askAgain;
    private @Nullable VersionedConfig result;

    private ConfigChange(Context context, ShardConfig target, int expectedVersion) {
        this.context = context;
        this.target = target;
        this.expectedVersion = expectedVersion;
    }

    /** Checks the change against the rules and asks for it. */
    static ConfigChange begin(Context context, VersionedConfig from, ShardConfig target) {
        ConfigRules.requireSuccessor(from.config(), target);
        var change = new ConfigChange(context, target, from.version());
        change.ask();
        return change;
    }

    ShardConfig target() {
        return target;
    }

    /** What stands in ZooKeeper, once the outcome is no longer open. */
    VersionedConfig result() {
        if (result == null) {
            throw new IllegalStateException("the outcome of " + target + " is still open");
        }
        return result;
    }

    Outcome casAnswered(ReplicaEvent.CasAnswered answer) {
        if (answer.ticket() != casTicket) {
            return Outcome.OPEN;
        }
        casTicket = 0;
        if (answer.outcome() == CasOutcome.APPLIED) {
            result = new VersionedConfig(target, answer.version());
            return Outcome.MADE;
        }
        read();
        return Outcome.OPEN;
    }

    Outcome configRead(ReplicaEvent.ConfigRead answer) {
        if (answer.ticket() != readTicket) {
            return Outcome.OPEN;
        }
        readTicket = 0;
        var found = answer.found();
        if (found == null || found.version() < expectedVersion) {
            pause();
            return Outcome.OPEN;
        }
        if (found.version() == expectedVersion) {
            if (!context.keeps(Rule.LOST_ANSWERS_ARE_SETTLED)) {
                result = found;
                return Outcome.LOST;
            }
            askAgain = true;
            pause();
            return Outcome.OPEN;
        }
        return settle(found);
    }

    void configReadFailed(long ticket) {
        if (ticket == readTicket) {
            readTicket = 0;
            pause();
        }
    }

    private void pause() {
        retryAtNanos = context.now().nanos() + context.timing.retryNanos();
    }

    /** A configuration was seen in passing; the znode's version having moved, the question is settled. */
    Outcome configSeen(VersionedConfig found) {
        return found.version() > expectedVersion ? settle(found) : Outcome.OPEN;
    }

    void tick() {
        if (casTicket != 0 || readTicket != 0 || context.now().nanos() - retryAtNanos < 0) {
            return;
        }
        if (askAgain) {
            ask();
        } else {
            read();
        }
    }

    private Outcome settle(VersionedConfig found) {
        result = found;
        boolean ours = found.config().writerNonce() == target.writerNonce()
                && context.self.node().equals(found.config().writer());
        return ours ? Outcome.MADE : Outcome.LOST;
    }

    private void ask() {
        askAgain = false;
        casTicket = context.nextTicket();
        context.act(new ReplicaAction.Cas(casTicket, target, expectedVersion));
    }

    private void read() {
        readTicket = context.nextTicket();
        context.act(new ReplicaAction.ReadConfig(readTicket));
    }
}
