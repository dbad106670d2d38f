// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.history;

import io.tintype.model.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Histories of a store that is correct by construction: every operation takes effect at one instant of virtual time that a
 * seed chooses between call and answer, or, if its answer is lost, at any later one or never.
 */
final class Generated {
    private record Blob(Version version, String digest) {}

    private record Effect(long at, Pending pending) {}

    private static final class Pending {
        final int client;
        final BlobKey key;
        final long from;
        final long to;
        final Call call;
        Result result;

        Pending(int client, BlobKey key, long from, long to, Call call, boolean lost) {
            this.client = client;
            this.key = key;
            this.from = from;
            this.to = to;
            this.call = call;
            result = lost ? Result.UNKNOWN : Result.FAILED;
        }
    }

    private final Random random;
    private final Map<BlobKey, Blob> blobs = new HashMap<>();
    private final PriorityQueue<Effect> effects = new PriorityQueue<>((a, b) -> Long.compare(a.at(), b.at()));
    private final List<Pending> all = new ArrayList<>();
    private long counter;

    private Generated(long seed) {
        random = new Random(seed);
    }

    /** A run of so many clients, each with one operation under way at a time. */
    static History history(long seed, int clients, int keys, int operations, double lost) {
        return new Generated(seed).run(clients, keys, operations, lost);
    }

    private History run(int clients, int keys, int operations, double lost) {
        long[] free = new long[clients];
        for (int i = 0; i < operations; i++) {
            int client = i % clients;
            long from = free[client] + random.nextInt(1, 50);
            long to = from + random.nextInt(1, 200);
            free[client] = to;
            var key = BlobKey.of("u" + random.nextInt(keys) % 5, "n" + random.nextInt(keys));
            var call = call(i, key);
            var pending = new Pending(client, key, from, to, call, random.nextDouble() < lost);
            all.add(pending);
            boolean never = pending.result == Result.UNKNOWN && random.nextInt(3) == 0;
            long late = pending.result == Result.UNKNOWN ? random.nextInt(1, 2000) : 0;
            if (!never) {
                effects.add(new Effect(random.nextLong(from, to + 1) + late, pending));
            }
            // All later calls of any client start after this instant, so nothing can be decided by them any more.
            long settled = Long.MAX_VALUE;
            for (long f : free) {
                settled = Math.min(settled, f);
            }
            happenUntil(settled);
        }
        happenUntil(Long.MAX_VALUE);
        return new History(all.stream()
                .map(p -> new Operation(p.client, p.key, p.from, p.to, p.call, p.result))
                .toList());
    }

    private void happenUntil(long time) {
        for (var next = effects.peek(); next != null && next.at() <= time; next = effects.peek()) {
            effects.remove(next);
            happen(next.pending());
        }
    }

    private Call call(int i, BlobKey key) {
        var known = blobs.get(key);
        var current = random.nextBoolean() && known != null ? new Condition.Is(known.version()) : Condition.ABSENT;
        return switch (random.nextInt(10)) {
            case 0, 1, 2 -> new Call.Put("d" + i);
            case 3 -> new Call.Put("d" + i, current);
            case 4 -> random.nextBoolean() ? new Call.Delete() : new Call.Delete(current);
            default -> new Call.Read();
        };
    }

    private void happen(Pending p) {
        var blob = blobs.get(p.key);
        Result result;
        if (p.call instanceof Call.Put put) {
            result = holds(put.condition(), blob) ? written(p.key, put.digest()) : conflict(blob);
        } else if (p.call instanceof Call.Delete delete) {
            result = holds(delete.condition(), blob) ? deleted(p.key) : conflict(blob);
        } else {
            result = blob == null ? Result.MISSING : new Result.Found(blob.version(), blob.digest());
        }
        if (p.result != Result.UNKNOWN) {
            p.result = result;
        }
    }

    private static boolean holds(Condition condition, @Nullable Blob blob) {
        if (condition instanceof Condition.Is is) {
            return blob != null && blob.version().equals(is.version());
        }
        return condition instanceof Condition.Any || blob == null;
    }

    private Result written(BlobKey key, String digest) {
        var version = Version.of(1, ++counter, 0);
        blobs.put(key, new Blob(version, digest));
        return new Result.Written(version);
    }

    private Result deleted(BlobKey key) {
        var version = Version.of(1, ++counter, 0);
        return new Result.Deleted(version, blobs.remove(key) != null);
    }

    private static Result conflict(@Nullable Blob blob) {
        return new Result.Conflict(blob == null ? null : blob.version());
    }
}
