// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.stub.StreamObserver;
import io.tintype.checksum.Crc32c;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.v1.Condition;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.PutResponse;
import io.tintype.wire.Errors;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PutTest {
    private static Rig rig;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        rig = Rig.start(folder);
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4_096, 262_144, 262_145, 1_048_575, 1_048_576, 1_048_577, 5_000_000})
    void whatWasPutIsReadBack(int size) {
        var bytes = rig.bytes(size);
        var name = "size-" + size;
        var stored = rig.put(
                rig.header(name)
                        .setContentType("image/png")
                        .putMetadata("camera", "box")
                        .setSize(size)
                        .build(),
                bytes);
        assertThat(stored.getHead().getSize()).isEqualTo(size);
        assertThat(stored.getHead().getCrc32C()).isEqualTo(Crc32c.of(bytes));
        assertThat(stored.getHead().getContentType()).isEqualTo("image/png");
        assertThat(stored.getHead().getMetadataMap()).containsEntry("camera", "box");
        assertThat(stored.getReplicasList()).containsExactly("n1");
        assertThat(stored.getSession().getShard()).isEqualTo(Rig.DATA);
        assertThat(rig.read(name)).isEqualTo(bytes);
        var head = rig.retrieval
                .head(HeadRequest.newBuilder()
                        .setUser(Rig.USER)
                        .setName(name)
                        .setShard(Rig.DATA)
                        .build())
                .getHead();
        assertThat(head).isEqualTo(stored.getHead());
    }

    @Test
    void framesNeedNotFallTogetherWithChunks() {
        var bytes = rig.bytes(3_333_333);
        rig.send(Rig.messages(rig.header("odd").build(), bytes, 77_777));
        assertThat(rig.read("odd")).isEqualTo(bytes);
        rig.send(Rig.messages(rig.header("tiny frames").build(), rig.bytes(300), 1));
        rig.send(Rig.messages(rig.header("large frames").build(), bytes, Limits.MAX_FRAME_BYTES));
        assertThat(rig.read("large frames")).isEqualTo(bytes);
    }

    /** Not even where the abort of its upload is refused as well: what is there stays as it is, and can be read. */
    @ParameterizedTest
    @ValueSource(ints = {300_000, Limits.CHUNK_BYTES, Limits.CHUNK_BYTES + 300_000, 3 * Limits.CHUNK_BYTES + 1})
    void aBlobIsNotStoredWhoseChunksAreRefusedAtOnce(int size) {
        var before = rig.bytes(5_000);
        rig.put("refused", before);
        var header = rig.header("refused").build();
        var bytes = rig.bytes(size);
        rig.data.refusesChunks = new TintypeException(Reason.OVERLOADED, "too much is being staged");
        rig.data.refusesAborts = new TintypeException(Reason.OVERLOADED, "too much is being written");

        Refusals.refused(Reason.OVERLOADED, () -> rig.put(header, bytes), "too much is being staged");
        assertThat(rig.read("refused")).isEqualTo(before);
        assertThat(rig.services.uploadBytesHeld()).isZero();

        rig.data.refusesChunks = null;
        rig.data.refusesAborts = null;
        rig.put(header, bytes);
        assertThat(rig.read("refused"))
                .as("after the retry of the same request")
                .isEqualTo(bytes);
    }

    @Test
    void whatWasStagedForACommitThatIsRefusedIsLetGo() {
        var header = rig.header("commit refused").build();
        var bytes = rig.bytes(300 << 10);
        rig.data.refusesCommits = new TintypeException(Reason.OVERLOADED, "too much is being committed");
        try {
            Refusals.refused(Reason.OVERLOADED, () -> rig.put(header, bytes), "too much is being committed");
        } finally {
            rig.data.refusesCommits = null;
        }
        var user = UserId.of(Rig.USER);
        await("the abort").until(() -> rig.data.reader().openUploads(user, 10).isEmpty());
        assertThat(rig.services.uploadBytesHeld()).isZero();

        rig.put(header, bytes);
        assertThat(rig.read("commit refused"))
                .as("after the retry of the same request")
                .isEqualTo(bytes);
    }

    @Test
    void whatWasStagedForACommitThatCouldNotEvenBeProposedIsLetGo() {
        var header = rig.header("commit broken").build();
        var bytes = rig.bytes(300 << 10);
        rig.data.breaksCommits = new IllegalStateException("no such thing");
        try {
            Refusals.refused(Reason.INTERNAL, () -> rig.put(header, bytes));
        } finally {
            rig.data.breaksCommits = null;
        }
        var user = UserId.of(Rig.USER);
        await("the abort").until(() -> rig.data.reader().openUploads(user, 10).isEmpty());
        assertThat(rig.services.uploadBytesHeld()).isZero();
    }

    /** Its first chunk may be gone, whoever led meanwhile. */
    @Test
    void aBlobIsNotStoredWhoseReplicaWasReplacedWhileItCame() throws Exception {
        var header = rig.header("replaced").build();
        var bytes = rig.bytes(2 * Limits.CHUNK_BYTES);
        var messages = Rig.messages(header, bytes, Limits.CHUNK_BYTES);
        var answer = new CompletableFuture<PutResponse>();
        var out = rig.uploadAsync.put(new StreamObserver<>() {
            @Override
            public void onNext(PutResponse value) {
                answer.complete(value);
            }

            @Override
            public void onError(Throwable t) {
                answer.completeExceptionally(Errors.fromWire(t));
            }

            @Override
            public void onCompleted() {}
        });
        out.onNext(messages.get(0));
        var user = UserId.of(Rig.USER);
        await("a chunk").until(() -> rig.data.reader().openUploads(user, 10).size() == 1);
        rig.data.emptied = 1;
        messages.subList(1, messages.size()).forEach(out::onNext);
        out.onCompleted();

        Refusals.refused(Reason.UNAVAILABLE, () -> Rig.join(answer), "may be gone");
        Refusals.refused(Reason.BLOB_NOT_FOUND, () -> rig.read("replaced"));
        rig.put(header, bytes);
        assertThat(rig.read("replaced"))
                .as("after the retry of the same request")
                .isEqualTo(bytes);
    }

    @Test
    void aRetryIsAppliedOnce() {
        var bytes = rig.bytes(10_000);
        var header = rig.header("retried").build();
        var first = rig.put(header, bytes);
        var later = rig.put("retried", rig.bytes(5));
        var retried = rig.put(header, bytes);
        assertThat(retried).isEqualTo(first);
        assertThat(rig.read("retried")).as("the later write stands").hasSize(5);
        assertThat(later.getHead().getVersion().getNumber())
                .isGreaterThan(first.getHead().getVersion().getNumber());
    }

    @Test
    void aRetryOfALargeUploadIsAppliedOnceAndItsBytesAreLetGo() {
        var bytes = rig.bytes(2_500_000);
        var header = rig.header("retried large").build();
        var first = rig.put(header, bytes);
        assertThat(rig.put(header, bytes)).isEqualTo(first);
        assertThat(rig.read("retried large")).isEqualTo(bytes);
    }

    @Test
    void whatIsSaidOfCachingIsKeptAndPartOfTheRequest() {
        var bytes = rig.bytes(10);
        var header = rig.header("cached")
                .setCacheControl("public, max-age=60")
                .setHttpExpiresMs(2_000_000_000_000L)
                .build();
        var head = rig.put(header, bytes).getHead();
        assertThat(head.getCacheControl()).isEqualTo("public, max-age=60");
        assertThat(head.getHttpExpiresMs()).isEqualTo(2_000_000_000_000L);
        assertThat(rig.put(header, bytes).getHead()).as("a retry").isEqualTo(head);
        var other = header.toBuilder().setCacheControl("").build();
        assertThatThrownBy(() -> rig.put(other, bytes))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.REQUEST_ID_REUSED));
    }

    @Test
    void theSameRequestIdForAnotherRequestIsRefused() {
        var header = rig.header("first use").build();
        rig.put(header, rig.bytes(10));
        assertThatThrownBy(() -> rig.put(header, rig.bytes(11))).isInstanceOfSatisfying(TintypeException.class, e -> {
            assertThat(e.reason()).isEqualTo(Reason.REQUEST_ID_REUSED);
            assertThat(e).hasMessageContaining("draw a new one");
        });
    }

    @Test
    void conditionsHoldOrNothingChanges() {
        var absent = Condition.newBuilder().setAbsent(true).build();
        var first = rig.put(rig.header("conditional").setCondition(absent).build(), rig.bytes(3));
        var version = first.getHead().getVersion();
        assertThatThrownBy(() ->
                        rig.put(rig.header("conditional").setCondition(absent).build(), rig.bytes(4)))
                .isInstanceOfSatisfying(TintypeException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.VERSION_CONFLICT);
                    assertThat(e.details())
                            .containsEntry(
                                    TintypeException.CURRENT_VERSION,
                                    first.getHead().getEtag());
                });
        var exact = Condition.newBuilder().setVersion(version).build();
        var second = rig.put(rig.header("conditional").setCondition(exact).build(), rig.bytes(2_000_000));
        assertThatThrownBy(() ->
                        rig.put(rig.header("conditional").setCondition(exact).build(), rig.bytes(2_000_000)))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.VERSION_CONFLICT));
        assertThat(second.getHead().getVersion()).isNotEqualTo(version);
        assertThat(rig.read("conditional")).hasSize(2_000_000);
    }

    @Test
    void namesRoundTripExactly() {
        for (var name : List.of("a/b", "..", "../x", "%2F", "back\\slash", "emoji-\uD83D\uDCF7", " ", "a//b", "ä")) {
            rig.put(name, name.getBytes(StandardCharsets.UTF_8));
            assertThat(rig.read(name)).asString(StandardCharsets.UTF_8).isEqualTo(name);
        }
    }

    @Test
    void aBlobEndsWithItsTimeToLive() {
        rig.put(rig.header("brief").setTimeToLiveMs(60_000).build(), rig.bytes(10));
        assertThat(rig.read("brief")).hasSize(10);
        rig.clockShiftMs = 61_000;
        try {
            assertThatThrownBy(() -> rig.read("brief"))
                    .isInstanceOfSatisfying(
                            TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BLOB_NOT_FOUND));
        } finally {
            rig.clockShiftMs = 0;
        }
    }

    @Test
    void anEmptyStreamIsIncomplete() {
        assertThatThrownBy(() -> rig.send(List.of())).isInstanceOfSatisfying(TintypeException.class, e -> {
            assertThat(e.reason()).isEqualTo(Reason.INCOMPLETE_UPLOAD);
            assertThat(e).hasMessageContaining("nothing was stored");
        });
    }
}
