// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.BlobName;
import io.tintype.model.Limits;
import io.tintype.model.RequestId;
import io.tintype.model.UserId;
import io.tintype.model.Version;
import io.tintype.proto.internal.v1.DeleteBlob;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.disk.Family;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.LogCodec;
import io.tintype.storage.log.LogRecord;
import io.tintype.storage.log.RecordType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random histories, against maps in memory, and against a second replica that takes the same log in other portions. */
class StateMachineModelTest {
    private static final List<String> USERS = List.of("a", "ab", "b", "é📷");
    private static final List<String> NAMES = List.of("x", "x/", "x/y", "bx", "📷");
    private static final int HISTORIES = 6;
    private static final int STEPS = 400;

    @TempDir
    Path directory;

    @Test
    void doesWhatTheModelDoesAndSoDoesEveryReplica() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        for (int i = 0; i < HISTORIES; i++) {
            new History(seed + i, directory.resolve("history" + i)).run();
        }
    }

    private static final class History {
        private final long seed;
        private final Random random;
        private final Path directory;
        private final Model model = new Model();
        private final List<LogRecord> records = new ArrayList<>();

        History(long seed, Path directory) {
            this.seed = seed;
            this.random = new Random(seed);
            this.directory = directory;
        }

        void run() throws Exception {
            try (var shelf = new Shelf(directory.resolve("one"))) {
                for (int step = 0; step < STEPS; step++) {
                    shelf.nowMs += random.nextInt(20) == 0 ? Limits.DEDUP_WINDOW.toMillis() / 2 : random.nextInt(1000);
                    step(shelf, "seed " + seed + ", step " + step);
                    if (random.nextInt(100) == 0) {
                        shelf.reopen();
                    }
                }
                check(shelf);
                try (var other = new Shelf(directory.resolve("two"))) {
                    applyInOtherPortions(other);
                    assertThat(dump(other)).as("replica, seed %d", seed).isEqualTo(dump(shelf));
                }
            }
        }

        private void step(Shelf shelf, String where) {
            String user = pick(USERS);
            String name = pick(NAMES);
            String request = random.nextBoolean() ? null : "r" + random.nextInt(6);
            var condition = condition(user, name);
            int kind = random.nextInt(20);
            Outcome got;
            String wanted;
            if (kind == 0) {
                got = shelf.claim(UserId.of(user));
                wanted = model.claim(user);
                records.add(last(shelf));
            } else if (kind < 13) {
                int size = random.nextInt(4);
                long expires = random.nextInt(4) == 0 ? shelf.nowMs + random.nextInt(100_000) : 0;
                wanted = model.put(user, name, size, expires, condition, request, shelf.nowMs);
                got = put(shelf, user, name, size, expires, condition, request);
            } else {
                wanted = model.delete(user, name, condition, request, shelf.nowMs);
                var delete = DeleteBlob.newBuilder()
                        .setName(name)
                        .setPrecondition(wire(condition))
                        .setVersionNonce(99)
                        .build();
                got = shelf.append(RecordType.DELETE, UserId.of(user), id(request), delete.toByteString());
                records.add(last(shelf));
            }
            assertThat(show(got)).as(where).isEqualTo(wanted);
        }

        private Outcome put(
                Shelf shelf,
                String user,
                String name,
                int size,
                long expires,
                Model.Condition condition,
                @Nullable String request) {
            var put = PutCommit.newBuilder()
                    .setName(name)
                    .setManifest(Shelf.manifest(shelf.upload(), new byte[size]))
                    .setContentType("image/png")
                    .setExpiresAtMs(expires)
                    .setPrecondition(wire(condition))
                    .setVersionNonce(size)
                    .setRequestDigest(size)
                    .setInline(true)
                    .build();
            var got = shelf.append(RecordType.PUT_COMMIT, UserId.of(user), id(request), put.toByteString());
            records.add(last(shelf));
            return got;
        }

        private void check(Shelf shelf) {
            long blobs = 0;
            long bytes = 0;
            for (String user : USERS) {
                var id = UserId.of(user);
                for (String name : NAMES) {
                    var head = shelf.reader().head(id, BlobName.of(name), shelf.nowMs);
                    assertThat(head.map(each -> Stored.version(each.getVersion()))
                                    .orElse(null))
                            .as("seed %d: head of %s %s", seed, user, name)
                            .isEqualTo(model.current(user, name, shelf.nowMs));
                }
                var stored = model.blobsOf(user).values();
                long size = stored.stream().mapToLong(Model.Blob::size).sum();
                shelf.reader().users().user(id).ifPresent(usage -> {
                    assertThat(usage.getBlobs()).isEqualTo(stored.size());
                    assertThat(usage.getBytes()).isEqualTo(size);
                });
                blobs += stored.size();
                bytes += size;
            }
            assertThat(shelf.reader().stats().blobs()).as("seed %d", seed).isEqualTo(blobs);
            assertThat(shelf.reader().stats().bytes()).as("seed %d", seed).isEqualTo(bytes);
        }

        private void applyInOtherPortions(Shelf other) throws Exception {
            for (int from = 0; from < records.size(); ) {
                int to = Math.min(records.size(), from + 1 + random.nextInt(40));
                var write = new Write();
                for (var record : records.subList(from, to)) {
                    other.store().log().append(write, LogCodec.encode(record));
                }
                other.disk().committer().commit(write).join();
                var applied = other.store().machine().apply(records.subList(from, to));
                assertThat(applied).hasSize(to - from);
                if (random.nextInt(10) == 0) {
                    other.reopen();
                }
                from = to;
            }
        }

        private LogRecord last(Shelf shelf) {
            long seq = shelf.store().log().last().seq();
            return shelf.store().log().read(seq, seq, 1).get(0).record();
        }

        private Model.Condition condition(String user, String name) {
            return switch (random.nextInt(5)) {
                case 0 -> new Model.Condition(true, null);
                case 1 -> {
                    var blob = model.blobsOf(user).get(name);
                    yield new Model.Condition(false, blob == null ? Version.of(1, 1, 1) : blob.version());
                }
                default -> Model.Condition.NONE;
            };
        }

        private String pick(List<String> from) {
            return from.get(random.nextInt(from.size()));
        }
    }

    private static Precondition wire(Model.Condition condition) {
        var version = condition.version();
        if (version != null) {
            return Precondition.newBuilder().setVersion(Stored.stamp(version)).build();
        }
        return condition.absent()
                ? Precondition.newBuilder().setAbsent(true).build()
                : Precondition.getDefaultInstance();
    }

    private static @Nullable RequestId id(@Nullable String request) {
        return request == null ? null : new RequestId(7, request.hashCode());
    }

    private static String show(Outcome outcome) {
        if (outcome instanceof Outcome.Written written) {
            return "written " + Stored.version(written.head().getVersion());
        }
        if (outcome instanceof Outcome.Removed removed) {
            return "removed " + removed.version() + " " + removed.existed();
        }
        if (outcome instanceof Outcome.Conflict conflict) {
            return "conflict " + conflict.current();
        }
        return outcome instanceof Outcome.Refused refused ? "refused " + refused.reason() : "claimed";
    }

    /** All that replicas must hold alike, key by key. */
    private static Map<String, String> dump(Shelf shelf) {
        var found = new TreeMap<String, String>();
        for (var family : List.of(Family.META, Family.HEAD, Family.USER, Family.DEDUP, Family.GARBAGE, Family.DIR)) {
            var keys = new Keys(Shelf.SHARD);
            try (var scan = shelf.disk().scan(family, keys.first(), keys.end())) {
                for (; scan.valid(); scan.next()) {
                    found.put(
                            family + " " + HexFormat.of().formatHex(scan.key()),
                            HexFormat.of().formatHex(scan.value()));
                }
            }
        }
        return found;
    }
}
