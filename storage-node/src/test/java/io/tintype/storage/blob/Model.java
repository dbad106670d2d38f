// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import io.tintype.model.Limits;
import io.tintype.model.Version;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a shard should do, in the simplest words: maps in memory. */
final class Model {
    record Blob(Version version, int size, long expiresAtMs) {
        boolean isLive(long nowMs) {
            return expiresAtMs == 0 || expiresAtMs > nowMs;
        }
    }

    /** Condition: any, absent, or a version. */
    record Condition(boolean absent, @Nullable Version version) {
        static final Condition NONE = new Condition(false, null);

        boolean holds(@Nullable Version current) {
            return absent ? current == null : version == null || version.equals(current);
        }
    }

    private record Seen(long digest, long timeMs, String answer) {}

    private final Map<String, Map<String, Blob>> blobs = new HashMap<>();
    private final Map<String, Long> counters = new HashMap<>();
    private final Map<String, Seen> requests = new HashMap<>();

    String claim(String user) {
        blobs.putIfAbsent(user, new TreeMap<>());
        counters.putIfAbsent(user, 0L);
        return "claimed";
    }

    String put(
            String user,
            String name,
            int size,
            long expiresAtMs,
            Condition condition,
            @Nullable String request,
            long now) {
        return once(user, request, size, now, () -> {
            var current = current(user, name, now);
            if (!condition.holds(current)) {
                return "conflict " + current;
            }
            var version = next(user, size);
            blobsOf(user).put(name, new Blob(version, size, expiresAtMs));
            return "written " + version;
        });
    }

    String delete(String user, String name, Condition condition, @Nullable String request, long now) {
        return once(user, request, 0, now, () -> {
            var current = current(user, name, now);
            if (!condition.holds(current)) {
                return "conflict " + current;
            }
            blobsOf(user).remove(name);
            return "removed " + next(user, 99) + " " + (current != null);
        });
    }

    @Nullable
    Version current(String user, String name, long now) {
        var blob = blobsOf(user).get(name);
        return blob != null && blob.isLive(now) ? blob.version() : null;
    }

    Map<String, Blob> blobsOf(String user) {
        return blobs.getOrDefault(user, new TreeMap<>());
    }

    private String once(String user, @Nullable String request, long digest, long now, Supplier<String> change) {
        if (!blobs.containsKey(user)) {
            return "refused WRONG_SHARD";
        }
        var seen = request == null ? null : requests.get(user + " " + request);
        if (seen != null && seen.timeMs() + 2 * Limits.DEDUP_WINDOW.toMillis() >= now) {
            return seen.digest() == digest ? seen.answer() : "refused REQUEST_ID_REUSED";
        }
        String answer = change.get();
        if (request != null) {
            requests.put(user + " " + request, new Seen(digest, now, answer));
        }
        return answer;
    }

    private Version next(String user, int nonce) {
        return Version.of(1, counters.merge(user, 1L, Long::sum), nonce);
    }
}
