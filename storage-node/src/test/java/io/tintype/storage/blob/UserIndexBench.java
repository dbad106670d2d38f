// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.RequestId;
import io.tintype.model.ShardId;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryCreate;
import io.tintype.storage.disk.Disk;
import io.tintype.storage.disk.DiskConfig;
import io.tintype.storage.disk.Family;
import io.tintype.storage.log.RecordType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a user costs a node besides his blobs: his entry in the directory and his shard's record of him, written by the very
 * records that register him, and how long it takes to look him up. Not part of the build; see docs/benchmarks.md for the
 * command. {@code bench.users} says how many, {@code bench.blobs} how many small blobs each has besides,
 * {@code bench.cacheMib} how large the block cache is.
 */
class UserIndexBench {
    private static final int USERS = Integer.getInteger("bench.users", 1_000_000);
    private static final int BLOBS = Integer.getInteger("bench.blobs", 0);
    private static final int LOOKUPS = 100_000;
    /** Aimed at, of both records together on one node. */
    private static final long MOST_BYTES = 200;

    @TempDir
    private Path folder;

    private static UserId user(int i) {
        return UserId.of(new UUID(0x1234_5678_9abcL * i, i).toString());
    }

    @Test
    void bytesAndLookups() throws Exception {
        try (var disk = Disk.open(DiskConfig.of(folder.resolve("disk"), "0123456789abcdef0123456789abcdef")
                .withMemory(Long.getLong("bench.cacheMib", 128) << 20, 64 << 20)
                .withReserve(0))) {
            var directory = new UserShard(disk, 1, MoveRule.all());
            var home = new UserShard(disk, 2, MoveRule.all());
            home.usersLimit = USERS;
            long began = System.nanoTime();
            for (int i = 0; i < USERS; i++) {
                directory.append(
                        RecordType.DIR_CREATE,
                        user(i),
                        null,
                        DirectoryCreate.newBuilder()
                                .setHome(2)
                                .setPool("eu-west.standard")
                                .build());
                home.claim(user(i), 1);
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            var draws = new SplittableRandom(2);
            for (int blob = 0; blob < BLOBS; blob++) {
                long round = System.nanoTime();
                for (int i = 0; i < USERS; i++) {
                    home.put(user(i), "blob-" + blob, RequestId.random(draws), blob);
                }
                System.out.printf("blob %d of each user: %.0f us%n", blob, (System.nanoTime() - round) / 1e3 / USERS);
            }
            ShardStore.compact(disk, new ShardId(1));
            ShardStore.compact(disk, new ShardId(2));
            long entries = bytes(disk, 1, Family.DIR);
            long records = bytes(disk, 2, Family.USER);
            assertThat(home.store.reader().stats().users()).isEqualTo(USERS);
            System.out.printf(
                    "%,d users with ids of 36 bytes, applied in %.0f s: directory %.1f B each, record of the user %.1f B each%n",
                    USERS, seconds, (double) entries / USERS, (double) records / USERS);
            if (BLOBS > 0) {
                assertThat(home.store.reader().stats().blobs()).isEqualTo((long) USERS * BLOBS);
                System.out.printf(
                        "%,d blobs: head of each %.1f B%n",
                        (long) USERS * BLOBS, (double) bytes(disk, 2, Family.HEAD) / USERS / BLOBS);
            }

            long[] nanos = new long[LOOKUPS];
            var random = new SplittableRandom(1);
            for (int round = 0; round < 2; round++) { // the first one warms up
                for (int i = 0; i < LOOKUPS; i++) {
                    var user = user(random.nextInt(USERS));
                    long from = System.nanoTime();
                    assertThat(directory.store.reader().users().entry(user)).isPresent();
                    assertThat(home.store.reader().users().user(user)).isPresent();
                    nanos[i] = System.nanoTime() - from;
                }
            }
            Arrays.sort(nanos);
            System.out.printf(
                    "lookup of entry and record of a random user: p50 %.1f us, p99 %.1f us%n",
                    nanos[LOOKUPS / 2] / 1e3, nanos[LOOKUPS * 99 / 100] / 1e3);
            assertThat((entries + records) / USERS)
                    .as("bytes of index per user")
                    .isLessThanOrEqualTo(MOST_BYTES);
        }
    }

    private static long bytes(Disk disk, int shard, Family family) {
        var keys = new Keys(new ShardId(shard));
        return disk.approximateBytes(family, keys.first(), keys.end());
    }
}
