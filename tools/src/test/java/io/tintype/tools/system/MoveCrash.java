// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.tintype.client.MoveInfo;
import io.tintype.client.MoveTarget;
import io.tintype.client.TintypeClient;
import io.tintype.client.UserLocation;
import io.tintype.model.NodeId;
import io.tintype.model.ShardInfo;
import io.tintype.model.TintypeException;
import io.tintype.tools.balance.Fleet;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.params.provider.Arguments;

/** Waits for a step of a move, and kills by SIGKILL who has a part in it. */
final class MoveCrash {
    /** So few blobs are copied in no time. */
    private static final int FEW = 100;

    /** Who dies. */
    enum Victim {
        /** The coordinator that was asked for the move. */
        MOVER,
        SOURCE,
        TARGET,
        DIRECTORY,
        CONTROLLER
    }

    /** When. */
    enum Step {
        /** The directory says that he is being moved. */
        BEGUN,
        /** Some blobs are copied; of many, a quarter. */
        COPYING,
        /** The source takes no changes. */
        FROZEN,
        /** The target has everything. */
        READY,
        /** The directory says that he lives on the target; the source does not know. */
        COMMITTED,
        /** All is over. */
        RELEASED
    }

    /** Which pairs: {@code all}, or some, as {@code SOURCE:COPYING,TARGET:READY}. */
    static Stream<Arguments> pairs(String chosen) {
        if (chosen.equals("all")) {
            return Arrays.stream(Victim.values())
                    .flatMap(victim -> Arrays.stream(Step.values()).map(step -> arguments(victim, step)));
        }
        return Arrays.stream(chosen.split(",", -1))
                .map(pair -> pair.split(":", 2))
                .map(pair -> arguments(Victim.valueOf(pair[0]), Step.valueOf(pair[1])));
    }

    /** The coordinator that has the controller's office. */
    static final String CONTROLLER = "c1";

    /** The one that moves are asked of. */
    static final String MOVER = "c2";

    /** Starts a storage node again, with the settings it had. */
    interface NodeStart {
        void start(String id) throws IOException;
    }

    private final Fleet fleet;
    private final TintypeClient client;
    private final NodeStart nodes;
    private final Duration patience;

    /** @param patience for whatever is waited for */
    MoveCrash(Fleet fleet, TintypeClient client, NodeStart nodes, Duration patience) {
        this.fleet = fleet;
        this.client = client;
        this.nodes = nodes;
        this.patience = patience;
    }

    /**
     * Kills at a step of a move that was begun, waits until the move is over without the victim, and brings that back.
     *
     * @param from the shard he is being moved from
     * @return false: the move was over before the step was seen, and nobody killed
     */
    boolean at(String user, int from, Victim victim, Step step) throws Exception {
        if (!awaitStep(user, from, step)) {
            return false;
        }
        var dead = name(victim, user, from);
        fleet.kill(dead);
        awaitEnd(user);
        revive(dead);
        return true;
    }

    /**
     * Waits until he is there. A source that was frozen for too long gives the move up; then the next one is made.
     *
     * @return how many moves it took besides the one that was begun
     */
    int awaitDone(String user, MoveTarget target) {
        return MovesDone.awaitDone(client, user, target, () -> awaitEnd(user)).more();
    }

    /** Looks until the step is seen; false: the move was over before. */
    private boolean awaitStep(String user, int from, Step step) {
        long until = System.nanoTime() + patience.toNanos();
        BooleanSupplier isAt = isAt(user, from, step);
        if (step != Step.BEGUN) {
            Awaitility.await("some of it is copied")
                    .atMost(patience)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> isPast(user, step == Step.COPYING ? 0.25 : 0.9));
        }
        while (System.nanoTime() - until < 0) {
            boolean over =
                    step != Step.RELEASED && !client.users().moves().get(user).isUnderWay();
            if (isAt.getAsBoolean()) {
                return true;
            }
            if (over) {
                return false;
            }
        }
        throw new ConditionTimeoutException("the move of " + user + " neither came to " + step + " nor ended");
    }

    private boolean isPast(String user, double share) {
        var move = client.users().moves().get(user);
        return switch (move.state()) {
            case WAITING -> false;
            case COPYING -> move.blobsTotal() > 0 && move.blobsDone() >= (move.blobsTotal() - FEW) * share;
            default -> true;
        };
    }

    private BooleanSupplier isAt(String user, int from, Step step) {
        return switch (step) {
            case BEGUN -> () -> true;
            case COPYING ->
                () -> {
                    var move = client.users().moves().get(user);
                    return move.state() == MoveInfo.State.COPYING && move.blobsDone() > 0;
                };
            case FROZEN -> () -> holds(user, from, "source");
            case READY -> () -> client.users().moves().get(user).state() == MoveInfo.State.READY;
            case COMMITTED ->
                () -> {
                    var where = client.users().locate(user);
                    return where.user().shard().value() != from
                            && where.places().stream()
                                    .anyMatch(place -> isPrimary(place, from)
                                            && place.holds().equals("source"));
                };
            case RELEASED -> () -> holds(user, from, "left");
        };
    }

    private boolean holds(String user, int shard, String what) {
        return client.users().locate(user).places().stream()
                .anyMatch(place -> isPrimary(place, shard) && place.holds().equals(what));
    }

    private static boolean isPrimary(UserLocation.Place place, int shard) {
        return place.shard() == shard && place.role().equals("primary");
    }

    private String name(Victim victim, String user, int from) {
        return switch (victim) {
            case MOVER -> MOVER;
            case CONTROLLER -> CONTROLLER;
            case SOURCE -> primary(shard -> shard.id().value() == from);
            case TARGET -> {
                var move = client.users().moves().get(user);
                int to = move.toShard()
                        .map(shard -> shard.value())
                        .orElse(move.user().shard().value());
                yield primary(shard -> shard.id().value() == to);
            }
            case DIRECTORY -> {
                int directory = client.users().locate(user).places().stream()
                        .filter(place -> place.holds().equals("directory"))
                        .findFirst()
                        .orElseThrow()
                        .shard();
                yield primary(shard -> shard.id().value() == directory);
            }
        };
    }

    /** The node that leads the first shard of these. */
    String primary(Predicate<ShardInfo> which) {
        return client.admin().shards().stream()
                .filter(which)
                .findFirst()
                .flatMap(ShardInfo::primary)
                .map(NodeId::value)
                .orElseThrow();
    }

    private void revive(String id) throws Exception {
        if (id.equals(CONTROLLER) || id.equals(MOVER)) {
            fleet.coordinator(id);
            return;
        }
        nodes.start(id);
        Awaitility.await(id + " is in sync again")
                .atMost(patience)
                .ignoreExceptionsInstanceOf(TintypeException.class)
                .until(() -> client.admin().shards().stream()
                        .allMatch(shard ->
                                shard.inSync().size() == shard.replicas().size()));
    }

    private MoveInfo awaitEnd(String user) {
        return Awaitility.await()
                .atMost(patience)
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsInstanceOf(TintypeException.class) // while somebody is elected
                .until(() -> client.users().moves().get(user), move -> !move.isUnderWay());
    }
}
