// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.RequestId;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.ChangeUserQuota;
import io.tintype.proto.internal.v1.Precondition;
import io.tintype.proto.internal.v1.PutCommit;
import io.tintype.storage.disk.Write;
import io.tintype.storage.log.RecordType;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user may store, decided in the order of the log. */
class QuotaTest {
    private static final UserId ALICE = UserId.of("alice");
    private static final Precondition NONE = Precondition.getDefaultInstance();

    @TempDir
    Path directory;

    private Shelf shelf;
    private long poolBytes = 100;
    private long poolBlobs = 3;

    @BeforeEach
    void open() throws Exception {
        shelf = new Shelf(directory);
        shelf.claim(ALICE);
    }

    @AfterEach
    void close() {
        shelf.close();
    }

    @Test
    void aWriteThatIsTooMuchChangesNothing() {
        assertThat(put("a", 100)).isInstanceOf(Outcome.Written.class);
        var refused = put("b", 1);
        assertThat(refused).isEqualTo(new Outcome.OverQuota(101, 100, 2, 3));
        assertThatThrownBy(refused::orThrow)
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.QUOTA_EXCEEDED))
                .hasMessage(
                        "the user would have 101 bytes, and his quota is 100; delete blobs, or have his quota raised");
        assertThat(shelf.get(ALICE, "b")).isNull();
        assertUsed(1, 100);
    }

    @Test
    void blobsAreCountedToo() {
        put("a", 1);
        put("b", 1);
        put("c", 0);
        assertThat(put("d", 0)).isEqualTo(new Outcome.OverQuota(2, 100, 4, 3));
        assertThat(put("c", 50)).as("not one more").isInstanceOf(Outcome.Written.class);
        shelf.delete(ALICE, "a", null, NONE);
        assertThat(put("d", 1)).isInstanceOf(Outcome.Written.class);
        assertUsed(3, 52);
    }

    @Test
    void anOverwriteCountsTheDifferenceAndADeletionFrees() {
        put("a", 90);
        assertThat(put("a", 100)).isInstanceOf(Outcome.Written.class);
        assertThat(put("a", 101)).isEqualTo(new Outcome.OverQuota(101, 100, 1, 3));
        assertUsed(1, 100);
        shelf.delete(ALICE, "a", null, NONE);
        assertThat(put("b", 100)).isInstanceOf(Outcome.Written.class);
        assertUsed(1, 100);
    }

    @Test
    void whoHasTooMuchSinceHisQuotaWasLoweredMayReplaceBySmaller() {
        put("a", 100);
        poolBytes = 10;
        assertThat(put("a", 99)).isInstanceOf(Outcome.Written.class);
        assertThat(put("a", 99)).isInstanceOf(Outcome.Written.class);
        assertThat(put("a", 100)).isInstanceOf(Outcome.OverQuota.class);
        assertThat(put("b", 0)).as("no byte more").isInstanceOf(Outcome.Written.class);
    }

    @Test
    void aRetryOfARefusedWriteIsRefusedAlike() {
        put("a", 100);
        var request = new RequestId(1, 2);
        var refused = put("b", 1, request);
        shelf.delete(ALICE, "a", null, NONE);
        assertThat(put("b", 1, request)).as("although there is room now").isEqualTo(refused);
        assertThat(put("b", 1, new RequestId(1, 3))).isInstanceOf(Outcome.Written.class);
    }

    @Test
    void aConditionIsLookedAtFirst() {
        put("a", 100);
        var absent = Precondition.newBuilder().setAbsent(true).build();
        assertThat(put("a", 500, null, absent)).isInstanceOf(Outcome.Conflict.class);
    }

    @Test
    void hisOwnQuotaGoesBeforeHisPools() {
        quota(true, 0, 0);
        assertThat(put("a", 10_000)).as("no limit").isInstanceOf(Outcome.Written.class);
        quota(true, 10_001, 0);
        assertThat(put("b", 1)).isInstanceOf(Outcome.Written.class);
        assertThat(put("c", 1)).isEqualTo(new Outcome.OverQuota(10_002, 10_001, 3, 0));
        quota(false, 7, 7);
        assertThat(put("c", 1)).isEqualTo(new Outcome.OverQuota(10_002, 100, 3, 3));
        assertThat(shelf.append(RecordType.USER_QUOTA, UserId.of("bob"), null, ByteString.EMPTY))
                .isInstanceOf(Outcome.Refused.class);
    }

    @Test
    void usersOverAQuotaAreCountedUnlessTheyHaveTheirOwn() {
        poolBytes = 0;
        for (int i = 0; i < 5; i++) {
            var user = UserId.of("u" + i);
            shelf.claim(user);
            put(user, "a", i, null, NONE);
        }
        shelf.append(RecordType.USER_QUOTA, UserId.of("u4"), null, change(true, 1, 1));
        assertThat(shelf.reader().users().countOver(new Quota(2, 0))).isEqualTo(1);
        assertThat(shelf.reader().users().countOver(new Quota(0, 0))).isZero();
    }

    @Test
    void noRunOfWritesEverLeavesMoreThanMayBe() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        Map<String, Integer> model = new HashMap<>();
        for (int i = 0; i < 400; i++) {
            var name = "n" + random.nextInt(5);
            if (random.nextInt(4) == 0) {
                shelf.delete(ALICE, name, null, NONE);
                model.remove(name);
            } else {
                int size = random.nextInt(60);
                var then = new HashMap<>(model);
                then.put(name, size);
                boolean fits = (sum(then) <= poolBytes || sum(then) <= sum(model))
                        && (then.size() <= poolBlobs || then.size() <= model.size());
                assertThat(put(name, size) instanceof Outcome.Written)
                        .as("seed %d, step %d", seed, i)
                        .isEqualTo(fits);
                if (fits) {
                    model = then;
                }
            }
            assertUsed(model.size(), sum(model));
        }
        shelf.reopen();
        assertUsed(model.size(), sum(model));
    }

    private static long sum(Map<String, Integer> sizes) {
        return sizes.values().stream().mapToLong(Integer::longValue).sum();
    }

    private void assertUsed(long blobs, long bytes) {
        var user = shelf.reader().users().user(ALICE).orElseThrow();
        assertThat(user.getBlobs()).isEqualTo(blobs);
        assertThat(user.getBytes()).isEqualTo(bytes);
    }

    private void quota(boolean own, long bytes, long blobs) {
        assertThat(shelf.append(RecordType.USER_QUOTA, ALICE, null, change(own, bytes, blobs)))
                .isEqualTo(new Outcome.Done());
    }

    private static ByteString change(boolean own, long bytes, long blobs) {
        return ChangeUserQuota.newBuilder()
                .setOwn(own)
                .setBytes(bytes)
                .setBlobs(blobs)
                .build()
                .toByteString();
    }

    private Outcome put(String name, int size) {
        return put(name, size, null);
    }

    private Outcome put(String name, int size, @Nullable RequestId request) {
        return put(name, size, request, NONE);
    }

    private Outcome put(String name, int size, @Nullable RequestId request, Precondition precondition) {
        return put(ALICE, name, size, request, precondition);
    }

    private Outcome put(UserId user, String name, int size, @Nullable RequestId request, Precondition precondition) {
        var bytes = new byte[size];
        var upload = shelf.upload();
        var write = new Write();
        shelf.store().chunks().inline(write, new ChunkKey(user, upload, 0), Shelf.chunk(bytes));
        var put = PutCommit.newBuilder()
                .setName(name)
                .setManifest(Shelf.manifest(upload, bytes))
                .setContentType(Limits.DEFAULT_CONTENT_TYPE)
                .setPrecondition(precondition)
                .setRequestDigest(Crc32c.of(bytes))
                .setInline(true)
                .setUserBytes(poolBytes)
                .setUserBlobs(poolBlobs)
                .build();
        return shelf.append(write, RecordType.PUT_COMMIT, user, request, put.toByteString());
    }
}
