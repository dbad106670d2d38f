// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.RequestId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.CopiedOutcome;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.proto.internal.v1.StoredHead;
import io.tintype.proto.internal.v1.StoredOutcome;
import io.tintype.proto.internal.v1.StoredUser;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.Family;
import io.tintype.storage.log.LogRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Reads what a move copies: whatever stands on the shard under a user's name, whether the shard owns him or not.
 *
 * <p>Thread-safe. Every method blocks on the disk.
 */
public final class UserExport {
    private static final int PAGE_BYTES = 512 << 10;

    private final Disk disk;
    private final Keys keys;

    UserExport(Disk disk, Keys keys) {
        this.disk = disk;
        this.keys = keys;
    }

    /**
     * Some heads, in the order of their names' bytes.
     *
     * @param heads by name
     * @param more whether others follow
     */
    public record Heads(Map<String, StoredHead> heads, boolean more) {
        public Heads {
            heads = Collections.unmodifiableMap(new LinkedHashMap<>(heads)); // in order
        }
    }

    /**
     * Some outcomes.
     *
     * @param outcomes in the order of their keys
     * @param last where the next page begins
     * @param more whether others follow
     */
    public record Outcomes(List<CopiedOutcome> outcomes, ByteString last, boolean more) {
        public Outcomes {
            outcomes = List.copyOf(outcomes);
        }
    }

    /** How many outcomes there are, and the sum of their digests. */
    public record Count(long count, long digest) {
        static final Count NONE = new Count(0, 0);
    }

    /** What a record changed: a blob's name, if any; and the request, if any. */
    public record Touched(Optional<String> name, Optional<RequestId> request) {}

    /**
     * Heads behind a name, expired ones too.
     *
     * @param after the last name of the page before; empty: from the first
     * @param upTo the last name to read; empty: to the last
     * @param limit most heads; about half a MiB is the other limit
     */
    public Heads heads(UserId user, String after, String upTo, int limit) {
        byte[] from = keys.head(user, after.getBytes(StandardCharsets.UTF_8));
        byte[] all = keys.head(user, new byte[0]);
        byte[] first = after.isEmpty() ? from : behind(from);
        byte[] end = upTo.isEmpty()
                ? Keys.behindPrefix(all)
                : behind(keys.head(user, upTo.getBytes(StandardCharsets.UTF_8)));
        var found = new LinkedHashMap<String, StoredHead>();
        long bytes = 0;
        try (var scan = disk.scan(Family.HEAD, first, end)) {
            for (; scan.valid() && found.size() < limit && bytes < PAGE_BYTES; scan.next()) {
                byte[] value = scan.value();
                bytes += scan.key().length + value.length;
                found.put(
                        new String(Keys.rest(scan.key(), keys.headNameOffset(user)), StandardCharsets.UTF_8),
                        Stored.parse(StoredHead.parser(), value, "a head of " + user));
            }
            return new Heads(found, scan.valid());
        }
    }

    /**
     * Users whose home the shard is.
     *
     * @param users by id
     * @param more whether others may follow
     */
    public record Users(Map<String, StoredUser> users, boolean more) {
        public Users {
            users = Collections.unmodifiableMap(new LinkedHashMap<>(users)); // in order
        }
    }

    /**
     * Users whose home the shard is, in the order of their ids' bytes.
     *
     * @param after the last user of the page before; empty: from the first
     */
    public Users users(String after, int limit) {
        byte[] from = after.isEmpty() ? keys.first() : behind(keys.user(UserId.of(after)));
        var found = new LinkedHashMap<String, StoredUser>();
        try (var scan = disk.scan(Family.USER, from, keys.end())) {
            for (; scan.valid() && found.size() < limit; scan.next()) {
                var user = Stored.parse(StoredUser.parser(), scan.value(), "a user");
                if (Residence.isHome(user)) {
                    found.put(Keys.readUserOnly(scan.key()), user);
                }
            }
            return new Users(found, scan.valid());
        }
    }

    /** The head that stands here, expired or not, whoever owns the user. */
    public Optional<StoredHead> head(UserId user, String name) {
        return Optional.ofNullable(disk.get(Family.HEAD, keys.head(user, BlobName.of(name))))
                .map(value -> Stored.parse(StoredHead.parser(), value, "head of " + name));
    }

    /** Whether a head's time to live is not over. */
    public static boolean isLive(StoredHead head, long nowMs) {
        return Stored.isLive(head, nowMs);
    }

    /**
     * From when on outcomes matter to a move, at a time of the log: retries of older requests are refused. A whole second, so
     * that they can be counted by seconds.
     */
    public long outcomesFromMs(long nowMs) {
        return OutcomeSums.floor(nowMs - Limits.DEDUP_WINDOW.toMillis());
    }

    /**
     * Outcomes of a user's requests that a retry at a time of the log can find.
     *
     * @param after {@link Outcomes#last} of the page before; empty: from the first
     * @param limit most outcomes; about half a MiB is the other limit
     */
    public Outcomes outcomes(UserId user, long nowMs, byte[] after, int limit) {
        var found = new ArrayList<CopiedOutcome>();
        byte[] last = after;
        long bytes = 0;
        for (int bucket = Retries.firstBucket(nowMs); bucket <= Retries.bucket(nowMs); bucket++) {
            byte[] prefix = keys.dedupUser(bucket, user);
            byte[] end = Keys.behindPrefix(prefix);
            byte[] from = after.length > 0 && compare(after, prefix) > 0 ? behind(after) : prefix;
            if (compare(from, end) >= 0) {
                continue;
            }
            try (var scan = disk.scan(Family.DEDUP, from, end)) {
                for (; scan.valid(); scan.next()) {
                    if (found.size() >= limit || bytes >= PAGE_BYTES) {
                        return new Outcomes(found, ByteString.copyFrom(last), true);
                    }
                    last = scan.key();
                    byte[] value = scan.value();
                    bytes += last.length + value.length;
                    found.add(CopiedOutcome.newBuilder()
                            .setRequestId(UnsafeByteOperations.unsafeWrap(Keys.rest(last, prefix.length)))
                            .setOutcome(Stored.parse(StoredOutcome.parser(), value, "an outcome of " + user))
                            .build());
                }
            }
        }
        return new Outcomes(found, ByteString.copyFrom(last), false);
    }

    /**
     * Of outcomes that a source sent, those that did not come before; what one says never changes. One that is copied again
     * is as old as before but for some milliseconds, and where these lie on both sides of the border of two stretches it would
     * be kept, and counted, twice.
     */
    public List<CopiedOutcome> lacking(UserId user, List<CopiedOutcome> sent, long nowMs) {
        return sent.stream()
                .filter(one -> Retries.find(
                                this::stored,
                                user,
                                RequestId.of(one.getRequestId().toByteArray()),
                                nowMs)
                        .filter(here ->
                                here.getSourceAppliedAtMs() == one.getOutcome().getAppliedAtMs())
                        .isEmpty())
                .toList();
    }

    private Optional<StoredOutcome> stored(int bucket, UserId user, RequestId request) {
        return Optional.ofNullable(disk.get(Family.DEDUP, keys.dedup(bucket, user, request)))
                .map(value -> Stored.parse(StoredOutcome.parser(), value, "outcome of request " + request));
    }

    /** Counts a user's outcomes that were applied here at a time or later, by the log, by reading all of them. */
    public Count count(UserId user, long nowMs, long fromMs) {
        var count = new OutcomeCount(fromMs);
        forEachOutcome(user, nowMs, count::addOwn);
        return new Count(count.count(), count.digest());
    }

    /** Visits the outcomes of a user's requests that a retry at a time of the log can find. */
    void forEachOutcome(UserId user, long nowMs, BiConsumer<byte[], StoredOutcome> visitor) {
        for (int bucket = Retries.firstBucket(nowMs); bucket <= Retries.bucket(nowMs); bucket++) {
            byte[] prefix = keys.dedupUser(bucket, user);
            try (var scan = disk.scan(Family.DEDUP, prefix, Keys.behindPrefix(prefix))) {
                for (; scan.valid(); scan.next()) {
                    visitor.accept(
                            Keys.rest(scan.key(), prefix.length),
                            Stored.parse(StoredOutcome.parser(), scan.value(), "an outcome of " + user));
                }
            }
        }
    }

    /** What a record of a user may have changed of him; empty: neither blobs nor outcomes. */
    public static Optional<Touched> touched(LogRecord record) {
        Optional<String> name = switch (record.type()) {
            case PUT_COMMIT ->
                Optional.of(Stored.payload(PutCommit.parser(), record).getName());
            case DELETE ->
                Optional.of(Stored.payload(DeleteBlob.parser(), record).getName());
            default -> Optional.empty();
        };
        return name.map(blob -> new Touched(Optional.of(blob), Optional.ofNullable(record.requestId())));
    }

    private static byte[] behind(byte[] key) {
        return Arrays.copyOf(key, key.length + 1);
    }

    private static int compare(byte[] one, byte[] other) {
        return Arrays.compareUnsigned(one, other);
    }
}
