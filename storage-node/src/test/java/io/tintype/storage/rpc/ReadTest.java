// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static io.tintype.storage.rpc.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.checksum.Crc32c;
import io.tintype.model.NodeId;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.BlobVersion;
import io.tintype.proto.v1.ByteRange;
import io.tintype.proto.v1.DeleteRequest;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.ListRequest;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReadTest {
    private static Rig rig;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        rig = Rig.start(folder);
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @Test
    void aSmallBlobComesInOneMessage() {
        rig.put("small", rig.bytes(200_000));
        var messages = rig.get(rig.getRequest("small").build());
        assertThat(messages).hasSize(1);
        assertThat(messages.get(0).hasHead()).isTrue();
        assertThat(messages.get(0).getFreshness().getStale()).isFalse();
    }

    @Test
    void theFirstMessageOfALargeBlobCarriesHeadAndBytesAndFramesJoinToTheWhole() {
        var bytes = rig.bytes(3_500_000);
        rig.put("large", bytes);
        var messages = rig.get(rig.getRequest("large").build());
        assertThat(messages).hasSize(4);
        var crc = new Crc32c.Running();
        for (int i = 0; i < messages.size(); i++) {
            assertThat(messages.get(i).hasHead()).isEqualTo(i == 0);
            var frame = messages.get(i).getFrame();
            assertThat(frame.getOffset()).isEqualTo(crc.length());
            crc.add(frame.getCrc32C(), frame.getData().size());
        }
        assertThat(crc.crc()).isEqualTo(messages.get(0).getHead().getCrc32C());
        assertThat(Rig.joined(messages)).isEqualTo(bytes);
    }

    @Test
    void rangesAreWhatTheModelSays() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int size : new int[] {1, 1_000, 262_144, 1_048_576, 2_500_001}) {
            var model = rig.bytes(size);
            rig.put("ranged", model);
            for (int i = 0; i < 60; i++) {
                int offset = random.nextInt(size);
                int length = random.nextInt(4) == 0 ? 0 : random.nextInt(size + 1_000);
                var messages = rig.get(rig.getRequest("ranged")
                        .setRange(ByteRange.newBuilder().setOffset(offset).setLength(length))
                        .build());
                int end = length == 0 ? size : (int) Math.min(size, (long) offset + length);
                var what = "seed " + seed + ", size " + size + ", range " + offset + "+" + length;
                assertThat(Rig.joined(messages)).as(what).isEqualTo(Arrays.copyOfRange(model, offset, end));
                assertThat(messages.get(0).getFrame().getOffset()).as(what).isEqualTo(offset);
                assertThat(messages.get(0).getHead().getSize()).as(what).isEqualTo(size);
            }
            var behind =
                    rig.getRequest("ranged").setRange(ByteRange.newBuilder().setOffset(size));
            refused(Reason.RANGE_NOT_SATISFIABLE, () -> rig.get(behind.build()), "has " + size + " bytes");
            var far = rig.getRequest("ranged")
                    .setRange(ByteRange.newBuilder().setOffset(-1).setLength(-1));
            refused(Reason.RANGE_NOT_SATISFIABLE, () -> rig.get(far.build()), "18446744073709551615");
            var all = rig.getRequest("ranged").setRange(ByteRange.newBuilder().setLength(-1));
            assertThat(Rig.joined(rig.get(all.build()))).isEqualTo(model);
        }
    }

    @Test
    void anEmptyBlobHasAHeadAndNoBytes() {
        rig.put("empty", new byte[0]);
        var messages = rig.get(
                rig.getRequest("empty").setRange(ByteRange.getDefaultInstance()).build());
        assertThat(messages).hasSize(1);
        assertThat(messages.get(0).hasFrame()).isFalse();
        refused(
                Reason.RANGE_NOT_SATISFIABLE,
                () -> rig.get(rig.getRequest("empty")
                        .setRange(ByteRange.newBuilder().setLength(1))
                        .build()));
    }

    @Test
    void versionsDecideWhetherThereIsAnAnswer() {
        var first = rig.put("versioned", rig.bytes(10)).getHead();
        var same = rig.get(
                rig.getRequest("versioned").setIfNotVersion(first.getVersion()).build());
        assertThat(same).hasSize(1);
        assertThat(same.get(0).getNotModified()).isTrue();
        assertThat(same.get(0).hasFrame()).isFalse();
        assertThat(same.get(0).getHead()).isEqualTo(first);
        assertThat(Rig.joined(rig.get(rig.getRequest("versioned")
                        .setIfVersion(first.getVersion())
                        .build())))
                .hasSize(10);
        var second = rig.put("versioned", rig.bytes(11)).getHead();
        var conflict = refused(
                Reason.VERSION_CONFLICT,
                () -> rig.get(rig.getRequest("versioned")
                        .setIfVersion(first.getVersion())
                        .build()),
                "if_version is " + first.getEtag());
        assertThat(conflict.details()).containsEntry(TintypeException.CURRENT_VERSION, second.getEtag());
        refused(
                Reason.VERSION_CONFLICT,
                () -> rig.retrieval.head(HeadRequest.newBuilder()
                        .setUser(Rig.USER)
                        .setName("versioned")
                        .setShard(Rig.DATA)
                        .setIfVersion(BlobVersion.newBuilder().setNumber(1))
                        .build()));
        assertThat(Rig.joined(rig.get(rig.getRequest("versioned")
                        .setIfNotVersion(first.getVersion())
                        .build())))
                .hasSize(11);
    }

    @Test
    void withoutAHintTheDirectorySaysWhereTheUserLives() {
        rig.put("unhinted", rig.bytes(10));
        assertThat(Rig.joined(rig.get(rig.getRequest("unhinted").setShard(0).build())))
                .hasSize(10);
    }

    @Test
    void aUserWhoNeverWroteHasNothing() {
        rig.register("quiet", Rig.DATA);
        refused(
                Reason.BLOB_NOT_FOUND,
                () -> rig.get(rig.getRequest("x").setUser("quiet").build()),
                "user 'quiet' has no blob 'x'");
        refused(
                Reason.BLOB_NOT_FOUND,
                () -> rig.retrieval.head(HeadRequest.newBuilder()
                        .setUser("quiet")
                        .setName("x")
                        .setShard(Rig.DATA)
                        .build()));
        assertThat(rig.retrieval
                        .list(ListRequest.newBuilder()
                                .setUser("quiet")
                                .setShard(Rig.DATA)
                                .build())
                        .getEntriesList())
                .isEmpty();
    }

    @Test
    void aNodeThatDoesNotLeadSaysWhoDoes() {
        rig.data.primary = Optional.of(new NodeId("n2"));
        try {
            var hint =
                    refused(Reason.NOT_PRIMARY, () -> rig.put("x", rig.bytes(1)), "does not lead shard 7; ask node n2");
            assertThat(hint.details())
                    .containsEntry("shard", "7")
                    .containsEntry("primary", "n2")
                    .containsEntry("address", "n2.example:7410")
                    .containsEntry("epoch", "1");
        } finally {
            rig.data.primary = Optional.of(LoneReplica.NODE);
        }
    }

    @Test
    void whatWasRemovedIsGoneAndARetryOfTheRemovalSaysTheSame() {
        rig.put("removed", rig.bytes(2_000_000));
        var request = DeleteRequest.newBuilder()
                .setUser(Rig.USER)
                .setName("removed")
                .setRequestId(rig.newRequest())
                .setShard(Rig.DATA)
                .build();
        var first = rig.upload.delete(request);
        assertThat(first.getExisted()).isTrue();
        assertThat(rig.upload.delete(request)).isEqualTo(first);
        refused(Reason.BLOB_NOT_FOUND, () -> rig.read("removed"));
        var again = rig.upload.delete(
                request.toBuilder().setRequestId(rig.newRequest()).build());
        assertThat(again.getExisted()).isFalse();
    }
}
