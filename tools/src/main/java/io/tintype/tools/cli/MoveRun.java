// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.cli;

import io.tintype.client.MoveInfo;
import io.tintype.client.MoveTarget;
import io.tintype.client.MovesClient;
import io.tintype.tools.console.Humane;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Takes one user to where he is to live: begins the move, or finds it under way, and looks on until it has ended. A move that
 * was given up because writes would have paused too long is begun again, since most is copied by then.
 */
final class MoveRun {
    private static final Duration LOOK_EVERY = Duration.ofMillis(200);
    private static final int TRIES = 10;

    private final MovesClient moves;
    private final String user;
    private final MoveTarget target;
    private final Consumer<MoveInfo> seen;
    private final Patience patience = new Patience();

    /** @param seen is told how far it is, a few times a second */
    MoveRun(MovesClient moves, String user, MoveTarget target, Consumer<MoveInfo> seen) {
        this.moves = moves;
        this.user = user;
        this.target = target;
        this.seen = seen;
    }

    /** Runs to the end; how it ended. Blocks. */
    MoveInfo toTheEnd() throws InterruptedException {
        for (int tries = 1; ; tries++) {
            var now = patience.ask(() -> moves.begin(user, target));
            while (now.isUnderWay()) {
                seen.accept(now);
                Thread.sleep(LOOK_EVERY.toMillis());
                now = patience.ask(() -> moves.get(user));
            }
            if (now.result() != MoveInfo.Result.FROZEN_TOO_LONG || tries >= TRIES) {
                return now;
            }
        }
    }

    /** One line for people. */
    static String line(MoveInfo move) {
        return switch (move.state()) {
            case NONE -> "not being moved";
            case WAITING ->
                "waits for shard " + move.toShard().map(Object::toString).orElse("?");
            case READY -> "all is copied; about to change over";
            case COPYING ->
                move.blobsDone() + " of " + move.blobsTotal() + " blobs, " + Humane.bytes(move.bytesDone()) + " of "
                        + Humane.bytes(move.bytesTotal()) + ", " + Humane.bytes(move.bytesPerSecond()) + "/s"
                        + left(move);
        };
    }

    private static String left(MoveInfo move) {
        long left = move.bytesTotal() - move.bytesDone();
        return move.bytesPerSecond() <= 0 || left <= 0
                ? ""
                : ", about " + (left / move.bytesPerSecond() + 1) + " s left";
    }

    /** How it ended, for people. */
    static String end(MoveInfo move) {
        String home = "on shard " + move.user().shard().value() + " of pool "
                + move.user().pool();
        return switch (move.result()) {
            case NONE, DONE -> "lives " + home;
            case ABORTED -> "the move was aborted; he lives " + home;
            case FROZEN_TOO_LONG ->
                "the move was given up, because writes would have paused for too long; he lives " + home
                        + ". Try again when he writes less";
            case TARGET_FULL -> "the target had no room; he lives " + home + ". Name another shard or pool";
            case MISMATCH ->
                "the copy was not equal to what shard " + move.user().shard().value()
                        + " has, and was given up; he lives " + home + ". Look at the logs of the target's primary";
            case OVER_QUOTA ->
                "he has stored more than the target's pool grants; he lives " + home
                        + ". Raise the quota, or name another pool";
        };
    }
}
