// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.rpc;

import static io.tintype.storage.rpc.Refusals.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import io.tintype.proto.v1.BlobVersion;
import io.tintype.proto.v1.ByteRange;
import io.tintype.proto.v1.Condition;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.DeleteRequest;
import io.tintype.proto.v1.HeadRequest;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.PutChunkRequest;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.ReadOptions;
import io.tintype.proto.v1.SessionToken;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong is refused with its reason and a text that names it, and nothing is stored. */
final class BadInputTest {
    private static final long MAX_BLOB = 3_000_000;
    private static Rig rig;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        rig = Rig.start(folder, Rig.limits(MAX_BLOB, 64L << 20));
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @AfterEach
    void nothingWasStored() {
        var stats = rig.data.reader().stats();
        assertThat(stats.blobs()).isZero();
        assertThat(stats.bytes()).isZero();
        await().untilAsserted(() -> assertThat(rig.services.uploadBytesHeld())
                .as("bytes still held")
                .isZero());
    }

    static Stream<Arguments> badNames() {
        return Stream.of(
                Arguments.of("", "is empty"),
                Arguments.of("x".repeat(Limits.MAX_NAME_BYTES + 1), "at most 1024"),
                Arguments.of("\u00e9".repeat(Limits.MAX_NAME_BYTES / 2 + 1), "at most 1024"),
                Arguments.of("a\0b", "NUL at position 1"),
                Arguments.of("e\u0301", "normal form C"));
    }

    @ParameterizedTest
    @MethodSource("badNames")
    void badNamesAreRefusedEverywhere(String name, String said) {
        var bytes = rig.bytes(10);
        refused(Reason.INVALID_NAME, () -> rig.put(name, bytes), said);
        refused(Reason.INVALID_NAME, () -> rig.get(rig.getRequest(name).build()), said);
        refused(
                Reason.INVALID_NAME,
                () -> rig.retrieval.head(HeadRequest.newBuilder()
                        .setUser(Rig.USER)
                        .setName(name)
                        .setShard(Rig.DATA)
                        .build()),
                said);
        refused(
                Reason.INVALID_NAME,
                () -> rig.upload.delete(DeleteRequest.newBuilder()
                        .setUser(Rig.USER)
                        .setName(name)
                        .setRequestId(rig.newRequest())
                        .setShard(Rig.DATA)
                        .build()),
                said);
    }

    static Stream<Arguments> badUsers() {
        return Stream.of(
                Arguments.of("", "is empty"),
                Arguments.of("u".repeat(Limits.MAX_USER_BYTES + 1), "at most 512"),
                Arguments.of("a\0", "NUL"),
                Arguments.of("n\u0303", "normal form C"));
    }

    @ParameterizedTest
    @MethodSource("badUsers")
    void badUsersAreRefusedEverywhere(String user, String said) {
        refused(Reason.INVALID_USER, () -> rig.put(rig.header("x").setUser(user).build(), rig.bytes(10)), said);
        refused(
                Reason.INVALID_USER,
                () -> rig.get(rig.getRequest("x").setUser(user).build()),
                said);
        refused(
                Reason.INVALID_USER,
                () -> rig.retrieval.list(ListRequest.newBuilder()
                        .setUser(user)
                        .setShard(Rig.DATA)
                        .build()),
                said);
    }

    static Stream<Arguments> badHeaders() {
        return Stream.of(
                header(
                        "request id",
                        Reason.INVALID_ARGUMENT,
                        "request_id has 3 bytes",
                        h -> h.setRequestId(ByteString.copyFromUtf8("abc"))),
                header("no request id", Reason.INVALID_ARGUMENT, "request_id has 0 bytes", h -> h.clearRequestId()),
                header(
                        "metadata",
                        Reason.METADATA_TOO_LARGE,
                        "at most 8192",
                        h -> h.putMetadata("k", "v".repeat(Limits.MAX_METADATA_BYTES))),
                header("empty key", Reason.INVALID_ARGUMENT, "metadata has an empty key", h -> h.putMetadata("", "v")),
                header("content type", Reason.INVALID_ARGUMENT, "content_type", h -> h.setContentType("a\nb")),
                header("negative life", Reason.INVALID_ARGUMENT, "time_to_live_ms is -1", h -> h.setTimeToLiveMs(-1)),
                header(
                        "long life",
                        Reason.INVALID_ARGUMENT,
                        "time_to_live_ms",
                        h -> h.setTimeToLiveMs(Limits.MAX_TIME_TO_LIVE.toMillis() + 1)),
                header("declared too large", Reason.BLOB_TOO_LARGE, "at most 3000000", h -> h.setSize(MAX_BLOB + 1)),
                header("declared huge", Reason.BLOB_TOO_LARGE, "at most 3000000", h -> h.setSize(-1)),
                header("declared less", Reason.SIZE_MISMATCH, "header.size declares 9 bytes", h -> h.setSize(9)),
                header("declared more", Reason.SIZE_MISMATCH, "header.size declares 11 bytes", h -> h.setSize(11)),
                header(
                        "absent false",
                        Reason.INVALID_ARGUMENT,
                        "condition.absent is false",
                        h -> h.setCondition(Condition.newBuilder().setAbsent(false))),
                header(
                        "no condition",
                        Reason.INVALID_ARGUMENT,
                        "condition names neither",
                        h -> h.setCondition(Condition.getDefaultInstance())),
                header(
                        "version 0",
                        Reason.INVALID_ARGUMENT,
                        "condition.version.number is 0",
                        h -> h.setCondition(Condition.newBuilder().setVersion(BlobVersion.getDefaultInstance()))),
                header(
                        "another version",
                        Reason.VERSION_CONFLICT,
                        "no such blob",
                        h -> h.setCondition(Condition.newBuilder()
                                .setVersion(BlobVersion.newBuilder().setNumber(77)))),
                header("negative age", Reason.INVALID_ARGUMENT, "retry_age_ms is -1", h -> h.setRetryAgeMs(-1)),
                header(
                        "old retry",
                        Reason.REQUEST_EXPIRED,
                        "under a new request id",
                        h -> h.setRetryAgeMs(Limits.DEDUP_WINDOW.toMillis())),
                header("shard", Reason.INVALID_ARGUMENT, "is no shard id", h -> h.setShard(-1)),
                header("other shard", Reason.NOT_PRIMARY, "no replica of shard 99", h -> h.setShard(99)),
                header("directory", Reason.WRONG_SHARD, "keeps directory entries", h -> h.setShard(Rig.DIRECTORY)),
                header("unknown user", Reason.USER_NOT_FOUND, "'nobody' is not registered", h -> h.setUser("nobody")));
    }

    private static Arguments header(String what, Reason reason, String said, UnaryOperator<PutHeader.Builder> change) {
        return Arguments.of(what, reason, said, change);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badHeaders")
    void badHeadersAreRefused(String what, Reason reason, String said, UnaryOperator<PutHeader.Builder> change) {
        var header = change.apply(rig.header("named")).build();
        refused(reason, () -> rig.put(header, rig.bytes(10)), said);
    }

    @Test
    void badFramesAreRefused() {
        var header = rig.header("framed").build();
        var good = Rig.frame(0, rig.bytes(100));
        refused(
                Reason.CHECKSUM_MISMATCH,
                () -> rig.send(List.of(message(
                        header, good.toBuilder().setCrc32C(good.getCrc32C() ^ 1).build()))),
                "frame at offset 0",
                "nothing was stored");
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.send(
                        List.of(message(header, good.toBuilder().setOffset(1).build()))),
                "frame.offset is 1, but 0 bytes came before");
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.send(List.of(message(header, DataFrame.getDefaultInstance()))),
                "frame.data is empty");
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.send(List.of(message(header, Rig.frame(0, rig.bytes(Limits.MAX_FRAME_BYTES + 1))))),
                "at most 1048576");
    }

    @Test
    void badFinishesAreRefused() {
        for (int size : new int[] {100, 1_500_000}) {
            var bytes = rig.bytes(size);
            var messages = Rig.messages(rig.header("finished").build(), bytes, Limits.MAX_FRAME_BYTES);
            refused(
                    Reason.CHECKSUM_MISMATCH,
                    () -> rig.send(changed(messages, finish -> finish.setCrc32C(finish.getCrc32C() + 1))),
                    "finish.crc32c",
                    "nothing was stored");
            refused(
                    Reason.SIZE_MISMATCH,
                    () -> rig.send(changed(messages, finish -> finish.setSize(size + 1))),
                    "finish.size is " + (size + 1) + ", but " + size + " bytes came");
            refused(
                    Reason.INCOMPLETE_UPLOAD,
                    () -> rig.send(changed(messages, finish -> null)),
                    "ended after " + size + " bytes",
                    "nothing was stored");
        }
    }

    @Test
    void messagesOutOfPlaceAreRefused() {
        var header = rig.header("ordered").build();
        var frame = Rig.frame(0, rig.bytes(10));
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.send(List.of(PutRequest.newBuilder().setFrame(frame).build())),
                "first message has no header");
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.send(List.of(message(header, frame), message(header, Rig.frame(10, rig.bytes(10))))),
                "header came twice");
        var whole = Rig.messages(header, rig.bytes(10), 10);
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.send(List.of(whole.get(0), whole.get(1), whole.get(1))),
                "behind the finish part");
    }

    @Test
    void aBlobOverTheLimitIsRefusedWhenItGetsThere() {
        refused(
                Reason.BLOB_TOO_LARGE,
                () -> rig.put("large", rig.bytes((int) MAX_BLOB + 1)),
                "at most 3000000",
                "nothing was stored");
    }

    @Test
    void aMessageOverTheLimitIsRefused() {
        var request = PutChunkRequest.newBuilder()
                .setUser(Rig.USER)
                .setData(ByteString.copyFrom(new byte[Limits.MAX_MESSAGE_BYTES + 1]))
                .build();
        var failure = refused(Reason.MESSAGE_TOO_LARGE, () -> rig.upload.putChunk(request), "2097152", "in frames");
        assertThat(failure.getMessage())
                .as("as it was sent with its reason, not guessed from the transport's words")
                .startsWith("the message has more than");
    }

    @Test
    void aMessageThatIsTooLargeOnlyUncompressedIsRefused() {
        var request = PutChunkRequest.newBuilder()
                .setUser(Rig.USER)
                .setData(ByteString.copyFrom(new byte[Limits.MAX_MESSAGE_BYTES + 1]))
                .build();
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.upload.withCompression("gzip").putChunk(request),
                "cannot be read",
                "2097152");
    }

    @Test
    void textThatIsNotUnicodeIsRefused() {
        var raw = HeadRequest.newBuilder()
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                HeadRequest.USER_FIELD_NUMBER,
                                UnknownFieldSet.Field.newBuilder()
                                        .addLengthDelimited(ByteString.copyFrom(new byte[] {(byte) 0xff, (byte) 0xfe}))
                                        .build())
                        .build())
                .build();
        refused(Reason.INVALID_ARGUMENT, () -> rig.retrieval.head(raw), "cannot be read", "UTF-8");
    }

    @Test
    void unknownFieldsAreIgnored() {
        var unknown = UnknownFieldSet.newBuilder()
                .addField(999, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                .build();
        var request = ListRequest.newBuilder()
                .setUser(Rig.USER)
                .setShard(Rig.DATA)
                .setUnknownFields(unknown)
                .build();
        assertThat(rig.retrieval.list(request).getEntriesList()).isEmpty();
    }

    static Stream<Arguments> badOptions() {
        return Stream.of(
                Arguments.of(
                        ReadOptions.newBuilder().setConsistencyValue(9),
                        "options.consistency is 9, which this server does not know"),
                Arguments.of(ReadOptions.newBuilder().setConsistencyValue(3), "options.max_staleness_ms is 0"),
                Arguments.of(
                        ReadOptions.newBuilder().setConsistencyValue(3).setMaxStalenessMs(3_600_001),
                        "options.max_staleness_ms is 3600001"),
                Arguments.of(
                        ReadOptions.newBuilder()
                                .setConsistencyValue(2)
                                .addAllSession(Collections.nCopies(17, SessionToken.getDefaultInstance())),
                        "options.session has 17 tokens"));
    }

    @ParameterizedTest
    @MethodSource("badOptions")
    void badReadOptionsAreRefused(ReadOptions.Builder options, String said) {
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.get(rig.getRequest("x").setOptions(options).build()),
                said);
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.retrieval.list(ListRequest.newBuilder()
                        .setUser(Rig.USER)
                        .setShard(Rig.DATA)
                        .setOptions(options)
                        .build()),
                said);
    }

    @Test
    void readsOfWhatIsNotThereSayWhatIsMissing() {
        refused(Reason.BLOB_NOT_FOUND, () -> rig.read("missing"), "user 'alice' has no blob 'missing'");
        refused(
                Reason.USER_NOT_FOUND,
                () -> rig.get(rig.getRequest("x").setUser("nobody").build()),
                "user 'nobody' is not registered");
        rig.register("elsewhere", 12);
        var moved = refused(
                Reason.WRONG_SHARD,
                () -> rig.get(rig.getRequest("x").setUser("elsewhere").build()),
                "not live on shard 7 but on shard 12");
        assertThat(moved.details()).containsEntry(TintypeException.SHARD, "12");
    }

    @Test
    void aRangeOutsideTheBlobIsRefused() {
        refused(
                Reason.BLOB_NOT_FOUND,
                () -> rig.get(rig.getRequest("x")
                        .setRange(ByteRange.newBuilder().setOffset(10))
                        .build()));
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.get(rig.getRequest("x")
                        .setIfVersion(BlobVersion.getDefaultInstance())
                        .build()),
                "if_version.number is 0");
    }

    @Test
    void badListingsAreRefused() {
        var list = ListRequest.newBuilder().setUser(Rig.USER).setShard(Rig.DATA);
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.retrieval.list(list.clone().setPageSize(1_001).build()),
                "page_size is 1001");
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.retrieval.list(
                        list.clone().setDelimiter("d".repeat(17)).build()),
                "delimiter has 17 bytes");
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.retrieval.list(
                        list.clone().setPrefix("p".repeat(1_025)).build()),
                "prefix has 1025 bytes");
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.retrieval.list(list.clone().setPrefix("a\0").build()),
                "prefix has a NUL");
        var tokens = new PageTokens(Rig.CLUSTER);
        var mine = tokens.after(UserId.of(Rig.USER), "p", "/", "p/x");
        for (var bad : List.of(
                "%%%",
                "AA",
                mine.substring(2),
                mine,
                new PageTokens("f".repeat(32)).after(UserId.of(Rig.USER), "", "", "x"),
                tokens.after(UserId.of("bob"), "", "", "x"),
                "A".repeat(100_000).substring(0, 10_000))) {
            refused(
                    Reason.INVALID_PAGE_TOKEN,
                    () -> rig.retrieval.list(list.clone().setPageToken(bad).build()),
                    "page_token is not one that this listing gave");
        }
    }

    @Test
    void removingWhatMustBeAbsentIsRefused() {
        refused(
                Reason.INVALID_ARGUMENT,
                () -> rig.upload.delete(DeleteRequest.newBuilder()
                        .setUser(Rig.USER)
                        .setName("x")
                        .setRequestId(rig.newRequest())
                        .setShard(Rig.DATA)
                        .setCondition(Condition.newBuilder().setAbsent(true))
                        .build()),
                "condition.absent makes no sense");
    }

    private static PutRequest message(PutHeader header, DataFrame frame) {
        return PutRequest.newBuilder().setHeader(header).setFrame(frame).build();
    }

    /** The messages with another finish part, or none. */
    private static List<PutRequest> changed(
            List<PutRequest> messages, Function<PutFinish.Builder, PutFinish.Builder> change) {
        return messages.stream()
                .map(message -> {
                    if (!message.hasFinish()) {
                        return message;
                    }
                    var finish = change.apply(message.getFinish().toBuilder());
                    return finish == null
                            ? message.toBuilder().clearFinish().build()
                            : message.toBuilder().setFinish(finish).build();
                })
                .toList();
    }
}
