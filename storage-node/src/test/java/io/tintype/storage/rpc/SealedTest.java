// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.internal.v1.DirectoryCreate;
import io.tintype.proto.internal.v1.DirectoryEntry;
import io.tintype.proto.internal.v1.EndErasureRequest;
import io.tintype.proto.internal.v1.EraseEntryRequest;
import io.tintype.proto.internal.v1.UserDataGrpc;
import io.tintype.proto.v1.ByteRange;
import io.tintype.proto.v1.CompleteUploadRequest;
import io.tintype.proto.v1.CopyRequest;
import io.tintype.proto.v1.PutChunkRequest;
import io.tintype.proto.v1.StartUploadRequest;
import io.tintype.storage.blob.Outcome;
import io.tintype.storage.keys.KeySource;
import io.tintype.storage.keys.KeySources;
import io.tintype.storage.log.RecordType;
import io.tintype.storage.shard.ShardRules;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Blobs of a pool that seals them: whole to who reads, and not to be found on the disk. */
final class SealedTest {
    private static final byte[] MARK =
            "here a picture begins, and nobody shall see it".getBytes(StandardCharsets.UTF_8);
    private static final ShardRules OPEN = new ShardRules(1_000, 0, 0, false);
    private static final ShardRules SEALING = new ShardRules(1_000, 0, 0, true);

    @TempDir
    private Path folder;

    private KeySource source() throws Exception {
        var master = Files.writeString(folder.resolve("master"), "ab".repeat(32));
        return KeySources.open("file:" + Files.createDirectories(folder.resolve("keys")) + "?master=" + master);
    }

    /** Bytes with the mark every few hundred bytes. */
    private static byte[] image(Rig rig, int size) {
        var bytes = rig.bytes(size);
        for (int at = 0; at + MARK.length <= size; at += 500) {
            System.arraycopy(MARK, 0, bytes, at, MARK.length);
        }
        return bytes;
    }

    private boolean markIsOnDisk() throws Exception {
        try (var tree = Files.walk(folder.resolve("data"))) {
            for (var file : tree.filter(Files::isRegularFile).toList()) {
                var text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                if (text.contains(new String(MARK, StandardCharsets.ISO_8859_1))) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void theyAreReadAsTheyWereAndAreNotOnTheDisk() throws Exception {
        try (var source = source();
                var rig = Rig.sealed(folder, source)) {
            byte[] small = image(rig, 1_000);
            byte[] large = image(rig, 3_500_000);
            assertThat(rig.put("small", small).getHead().getSealed()).isTrue();
            rig.put("large", large);
            rig.put("empty", new byte[0]);
            byte[] chunked = image(rig, 1_500_000);
            upload(rig, "chunked", chunked);
            rig.upload.copy(CopyRequest.newBuilder()
                    .setUser(Rig.USER)
                    .setShard(Rig.DATA)
                    .setSourceName("large")
                    .setName("copied")
                    .setRequestId(rig.newRequest())
                    .build());

            assertThat(rig.read("small")).isEqualTo(small);
            assertThat(rig.read("large")).isEqualTo(large);
            assertThat(rig.read("empty")).isEmpty();
            assertThat(rig.read("chunked")).isEqualTo(chunked);
            assertThat(rig.read("copied")).isEqualTo(large);
            var range = ByteRange.newBuilder().setOffset(1_048_000).setLength(2_000);
            assertThat(Rig.joined(
                            rig.get(rig.getRequest("large").setRange(range).build())))
                    .isEqualTo(Arrays.copyOfRange(large, 1_048_000, 1_050_000));
            assertThat(markIsOnDisk()).isFalse();
        }
    }

    @Test
    void whatCameBeforeThePoolWasSealedStaysAsItIsUntilItIsCopied() throws Exception {
        try (var source = source();
                var rig = Rig.sealed(folder, source)) {
            rig.data.rules = OPEN;
            byte[] image = image(rig, 2_000_000);
            assertThat(rig.put("before", image).getHead().getSealed()).isFalse();
            assertThat(markIsOnDisk())
                    .as("what the other tests look for can be found")
                    .isTrue();

            rig.data.rules = SEALING;
            var copy = rig.upload.copy(CopyRequest.newBuilder()
                    .setUser(Rig.USER)
                    .setShard(Rig.DATA)
                    .setSourceName("before")
                    .setName("after")
                    .setRequestId(rig.newRequest())
                    .build());
            assertThat(copy.getHead().getSealed()).isTrue();
            assertThat(rig.read("before")).isEqualTo(image);
            assertThat(rig.read("after")).isEqualTo(image);

            rig.data.rules = OPEN;
            assertThat(rig.read("after")).isEqualTo(image);
        }
    }

    @Test
    void withoutTheKeyNothingCanBeRead() throws Exception {
        byte[] image;
        try (var source = source();
                var rig = Rig.sealed(folder, source)) {
            image = image(rig, 10_000);
            rig.put("one", image);
            var alice = UserId.of(Rig.USER);
            source.destroy(alice, source.find(alice).orElseThrow().id());
            // A node that has the key in memory uses it until it forgets it; one that starts does not have it.
        }
        try (var source = source();
                var rig = Rig.sealed(folder, source)) {
            assertRefused(() -> rig.read("one"), Reason.CORRUPT_DATA, "was destroyed");
            rig.put("two", image);
            assertThat(rig.read("two")).isEqualTo(image);
            assertRefused(() -> rig.read("one"), Reason.CORRUPT_DATA, "was destroyed");
        }
    }

    @Test
    void aNodeWithoutASourceOfKeysTakesNothingThatIsToBeSealed() throws Exception {
        try (var rig = Rig.start(folder)) {
            rig.data.rules = SEALING;
            assertRefused(() -> rig.put("one", new byte[10]), Reason.UNAVAILABLE, "keys.source");
            rig.data.rules = OPEN;
            rig.put("one", new byte[10]);
        }
    }

    @Test
    void theEndOfAnErasureDestroysTheKeyOfWhoIsErasedAndOfNobodyElse() throws Exception {
        try (var source = source();
                var rig = Rig.sealed(folder, source)) {
            var alice = UserId.of(Rig.USER);
            var create = DirectoryCreate.newBuilder().setHome(Rig.DATA).setPool("r1.standard");
            var created = rig.directory.propose(Writes.proposal(RecordType.DIR_CREATE, alice, null, create.build()));
            long generation = ((Outcome.Entry) created.join().outcome()).entry().getGeneration();
            rig.put("one", new byte[10]);
            var key = source.find(alice).orElseThrow();

            assertThat(endErasure(rig, generation).getKeyGone()).isFalse();
            assertThat(source.find(alice)).as("he is not erased").contains(key);

            var erasing = userData(rig)
                    .eraseEntry(EraseEntryRequest.newBuilder()
                            .setClusterId(Rig.CLUSTER)
                            .setShard(Rig.DIRECTORY)
                            .setUser(Rig.USER)
                            .setGeneration(generation)
                            .build())
                    .getEntry();
            assertThat(endErasure(rig, erasing.getGeneration() - 1).getKeyGone())
                    .isFalse();
            assertThat(source.find(alice)).as("another life of his was named").contains(key);

            var erased = endErasure(rig, erasing.getGeneration());
            assertThat(erased.getErasedAtMs()).isPositive();
            assertThat(erased.getKeyGone()).isTrue();
            assertThat(source.find(alice)).isEmpty();

            var next = source.current(alice);
            assertThat(endErasure(rig, erasing.getGeneration())).isEqualTo(erased);
            assertThat(source.find(alice)).as("of who has his id now").contains(next);
        }
    }

    private static UserDataGrpc.UserDataBlockingStub userData(Rig rig) {
        return UserDataGrpc.newBlockingStub(rig.channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private static DirectoryEntry endErasure(Rig rig, long generation) {
        return userData(rig)
                .endErasure(EndErasureRequest.newBuilder()
                        .setClusterId(Rig.CLUSTER)
                        .setShard(Rig.DIRECTORY)
                        .setUser(Rig.USER)
                        .setGeneration(generation)
                        .build())
                .getEntry();
    }

    private static void upload(Rig rig, String name, byte[] bytes) {
        var started = rig.upload.startUpload(
                StartUploadRequest.newBuilder().setHeader(rig.header(name)).build());
        for (int index = 0; index * started.getChunkSize() < bytes.length; index++) {
            int from = index * started.getChunkSize();
            byte[] part = Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + started.getChunkSize()));
            var chunk = PutChunkRequest.newBuilder()
                    .setUser(Rig.USER)
                    .setShard(Rig.DATA)
                    .setUploadId(started.getUploadId())
                    .setIndex(index)
                    .setData(ByteString.copyFrom(part))
                    .setCrc32C(Crc32c.of(part))
                    .build();
            rig.upload.putChunk(chunk);
            rig.upload.putChunk(chunk); // again, as after a lost answer
        }
        rig.upload.completeUpload(CompleteUploadRequest.newBuilder()
                .setHeader(rig.header(name))
                .setUploadId(started.getUploadId())
                .setFinish(Rig.finish(bytes))
                .build());
    }

    private static void assertRefused(
            org.assertj.core.api.ThrowableAssert.ThrowingCallable call, Reason reason, String text) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        TintypeException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(reason))
                .hasMessageContaining(text);
    }
}
