// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.tintype.model.Limits;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.ByteRange;
import io.tintype.proto.v1.Condition;
import io.tintype.proto.v1.DataFrame;
import io.tintype.proto.v1.GetRequest;
import io.tintype.proto.v1.ListRequest;
import io.tintype.proto.v1.PutFinish;
import io.tintype.proto.v1.PutHeader;
import io.tintype.proto.v1.PutRequest;
import io.tintype.proto.v1.ReadOptions;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is wrong is refused with a reason and a text that names it, and leaves nothing behind. Sent through the coordinator
 * by a client made from the proto alone, which checks nothing itself.
 */
@ExtendWith(SharedDev.class)
final class BadInputIT {
    private static final String USER = "mallory";
    private static final byte[] BYTES = "not much of an image".getBytes(StandardCharsets.UTF_8);
    private static final String DECOMPOSED = Normalizer.normalize("Zürich.jpg", Normalizer.Form.NFD);

    /** One blob there is; the tests see to it that it stays the only one. */
    private static final String KEPT = "kept.jpg";

    @BeforeEach
    void onlyOneBlob(Dev dev) {
        try (var grpc = new Grpc(dev.server())) {
            grpc.put(USER, KEPT, "image/jpeg", BYTES);
        }
    }

    /**
     * Something to send.
     *
     * @param what is wrong with it
     * @param send sends it
     * @param reason expected
     * @param text that the message must contain
     */
    private record Wrong(String what, Consumer<Grpc> send, Reason reason, String text) {
        @Override
        public String toString() {
            return what;
        }
    }

    static Stream<Wrong> wrongNames() {
        return Stream.of(
                name("an empty name", "", "empty"),
                name("a name of 1025 bytes", "x".repeat(1025), "1025 bytes"),
                name("a name of 1026 bytes in 342 characters", "漢".repeat(342), "1026 bytes"),
                name("a NUL in the name", "a\0b", "NUL"),
                name("a name that is not NFC", DECOMPOSED, "normal form C"),
                user("an empty user", "", "empty"),
                user("a user of 513 bytes", "u".repeat(513), "513 bytes"),
                user("a NUL in the user", "m\0", "NUL"),
                user("a user that is not NFC", Normalizer.normalize("é", Normalizer.Form.NFD), "normal form C"));
    }

    static Stream<Wrong> wrongHeaders() {
        return Stream.of(
                header(
                        "metadata over 8 KiB",
                        h -> h.putMetadata("k", "v".repeat(8192)),
                        Reason.METADATA_TOO_LARGE,
                        "8192"),
                header(
                        "a declared size over 5 GiB",
                        h -> h.setSize((5L << 30) + 1),
                        Reason.BLOB_TOO_LARGE,
                        "5368709120"),
                header(
                        "a negative time to live",
                        h -> h.setTimeToLiveMs(-1),
                        Reason.INVALID_ARGUMENT,
                        "time_to_live_ms"),
                header(
                        "eleven years to live",
                        h -> h.setTimeToLiveMs(4_015L * 86_400_000),
                        Reason.INVALID_ARGUMENT,
                        "time_to_live_ms"),
                header("no request id", PutHeader.Builder::clearRequestId, Reason.INVALID_ARGUMENT, "request_id"),
                header(
                        "a request id of 3 bytes",
                        h -> h.setRequestId(ByteString.copyFrom(new byte[3])),
                        Reason.INVALID_ARGUMENT,
                        "3 bytes"),
                header(
                        "an empty condition",
                        h -> h.setCondition(Condition.getDefaultInstance()),
                        Reason.INVALID_ARGUMENT,
                        "condition"),
                header(
                        "a condition of a kind yet unknown",
                        h -> h.setCondition(unknownCondition()),
                        Reason.INVALID_ARGUMENT,
                        "condition"),
                header(
                        "a line break in the content type",
                        h -> h.setContentType("image/jpeg\r\nX: y"),
                        Reason.INVALID_ARGUMENT,
                        "content_type"));
    }

    static Stream<Wrong> wrongStreams() {
        return Stream.of(
                stream("a stream without finish", m -> m.remove(m.size() - 1), Reason.INCOMPLETE_UPLOAD, "finish"),
                stream("a stream of nothing", List::clear, Reason.INCOMPLETE_UPLOAD, "before its first message"),
                stream("a stream that begins with bytes", m -> m.remove(0), Reason.INVALID_ARGUMENT, "header"),
                stream("a second header", m -> m.add(1, m.get(0)), Reason.INVALID_ARGUMENT, "header"),
                stream("a gap between frames", m -> m.set(1, frame(7, BYTES)), Reason.INVALID_ARGUMENT, "offset"),
                stream(
                        "a frame with a wrong checksum",
                        m -> m.set(1, damaged()),
                        Reason.CHECKSUM_MISMATCH,
                        "frame at offset 0 has crc32c"),
                stream(
                        "a finish with a wrong checksum",
                        m -> m.set(2, finish(BYTES.length, 12345)),
                        Reason.CHECKSUM_MISMATCH,
                        "finish.crc32c is 00003039"),
                stream(
                        "a finish with a wrong size",
                        m -> m.set(2, finish(BYTES.length + 1, 0)),
                        Reason.SIZE_MISMATCH,
                        "but " + BYTES.length + " bytes came; nothing was stored"),
                new Wrong(
                        "a declared size that is not kept",
                        grpc -> grpc.send(Grpc.messages(
                                grpc.header(USER, "wrong.jpg")
                                        .setSize(BYTES.length + 1)
                                        .build(),
                                BYTES)),
                        Reason.SIZE_MISMATCH,
                        Integer.toString(BYTES.length + 1)),
                stream(
                        "a message over the limit",
                        m -> m.set(1, frame(0, new byte[3 << 20])),
                        Reason.MESSAGE_TOO_LARGE,
                        "more than " + Limits.MAX_MESSAGE_BYTES + " bytes"));
    }

    static Stream<Wrong> wrongReads() {
        return Stream.of(
                read(
                        "a range behind the end",
                        g -> g.setRange(ByteRange.newBuilder().setOffset(BYTES.length)),
                        Reason.RANGE_NOT_SATISFIABLE,
                        Integer.toString(BYTES.length)),
                read("a blob that is not there", g -> g.setName("nothing.jpg"), Reason.BLOB_NOT_FOUND, "nothing.jpg"),
                read("a user who is not there", g -> g.setUser("nobody"), Reason.USER_NOT_FOUND, "nobody"),
                read(
                        "a consistency yet unknown",
                        g -> g.setOptions(ReadOptions.newBuilder().setConsistencyValue(99)),
                        Reason.INVALID_ARGUMENT,
                        "consistency"),
                read(
                        "a staleness of two hours",
                        g -> g.setOptions(
                                ReadOptions.newBuilder().setConsistencyValue(3).setMaxStalenessMs(7_200_000)),
                        Reason.INVALID_ARGUMENT,
                        "staleness"),
                list("a page of 1001 entries", l -> l.setPageSize(1001), Reason.INVALID_ARGUMENT, "page_size"),
                list(
                        "a delimiter of 17 bytes",
                        l -> l.setDelimiter("/".repeat(17)),
                        Reason.INVALID_ARGUMENT,
                        "delimiter"),
                list(
                        "a page token made up",
                        l -> l.setPageToken("page-2"),
                        Reason.INVALID_PAGE_TOKEN,
                        "not one that this listing gave"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"wrongNames", "wrongHeaders", "wrongStreams", "wrongReads"})
    void isRefusedAndLeavesNothingBehind(Wrong wrong, Dev dev) {
        try (var grpc = new Grpc(dev.server())) {
            var refusal = refusal(() -> wrong.send().accept(grpc));
            assertThat(refusal.reason()).as("%s", refusal.getMessage()).isEqualTo(wrong.reason());
            assertThat(refusal).hasMessageContaining(wrong.text());
            assertThat(names(grpc, USER)).containsExactly(KEPT);
            assertThat(grpc.get(USER, KEPT)).isEqualTo(BYTES);
        }
    }

    @ParameterizedTest
    @MethodSource("awkwardNames")
    void legalNamesComeBackExactly(String name, Dev dev) {
        try (var grpc = new Grpc(dev.server())) {
            var user = "round-trip/" + Integer.toHexString(name.hashCode());
            grpc.put(user, name, "", BYTES);
            assertThat(grpc.get(user, name)).isEqualTo(BYTES);
            assertThat(names(grpc, user)).containsExactly(name);
        }
    }

    static Stream<String> awkwardNames() {
        return Stream.of(
                "..",
                ".",
                "../../etc/passwd",
                "/",
                "//",
                "a//b/",
                "a%2Fb",
                "%00",
                "C:\\pictures\\cat.jpg",
                "🐈‍⬛.jpg",
                "Zürich.jpg",
                " ",
                "line\nbreak",
                "x".repeat(Limits.MAX_NAME_BYTES),
                "漢".repeat(341));
    }

    @Test
    void aPageTokenOfAnotherListingIsRefused(Dev dev) {
        try (var grpc = new Grpc(dev.server())) {
            var user = "pages";
            grpc.put(user, "a/1", "", BYTES);
            grpc.put(user, "a/2", "", BYTES);
            var token = grpc.retrievals()
                    .list(ListRequest.newBuilder()
                            .setUser(user)
                            .setPrefix("a/")
                            .setPageSize(1)
                            .build())
                    .getNextPageToken();
            assertThat(token).isNotEmpty();
            for (var other : List.of(
                    ListRequest.newBuilder()
                            .setUser(USER)
                            .setPrefix("a/")
                            .setPageToken(token)
                            .build(),
                    ListRequest.newBuilder().setUser(user).setPageToken(token).build(),
                    ListRequest.newBuilder()
                            .setUser(user)
                            .setPrefix("a/")
                            .setDelimiter("/")
                            .setPageToken(token)
                            .build())) {
                var refusal = refusal(() -> grpc.retrievals().list(other));
                assertThat(refusal.reason()).as("%s", other).isEqualTo(Reason.INVALID_PAGE_TOKEN);
                assertThat(refusal).hasMessageContaining("not one that this listing gave");
            }
        }
    }

    @Test
    void fieldsYetUnknownAreLeftAlone(Dev dev) {
        try (var grpc = new Grpc(dev.server())) {
            var unknown = UnknownFieldSet.newBuilder()
                    .addField(
                            4000,
                            UnknownFieldSet.Field.newBuilder().addVarint(7).build())
                    .build();
            var user = "from-the-future";
            grpc.send(Grpc.messages(
                    grpc.header(user, "a.jpg").setUnknownFields(unknown).build(), BYTES));
            assertThat(grpc.get(user, "a.jpg")).isEqualTo(BYTES);
        }
    }

    private static Wrong name(String what, String name, String text) {
        return new Wrong(what, grpc -> grpc.put(USER, name, "", BYTES), Reason.INVALID_NAME, text);
    }

    private static Wrong user(String what, String user, String text) {
        return new Wrong(what, grpc -> grpc.put(user, "a.jpg", "", BYTES), Reason.INVALID_USER, text);
    }

    private static Wrong header(String what, Consumer<PutHeader.Builder> change, Reason reason, String text) {
        return new Wrong(
                what,
                grpc -> {
                    var header = grpc.header(USER, "wrong.jpg");
                    change.accept(header);
                    grpc.send(Grpc.messages(header.build(), BYTES));
                },
                reason,
                text);
    }

    private static Wrong stream(String what, Consumer<List<PutRequest>> change, Reason reason, String text) {
        return new Wrong(
                what,
                grpc -> {
                    var messages = new ArrayList<>(
                            Grpc.messages(grpc.header(USER, "wrong.jpg").build(), BYTES));
                    change.accept(messages);
                    grpc.send(messages);
                },
                reason,
                text);
    }

    private static Wrong read(String what, Consumer<GetRequest.Builder> change, Reason reason, String text) {
        return new Wrong(
                what,
                grpc -> {
                    var request = GetRequest.newBuilder().setUser(USER).setName(KEPT);
                    change.accept(request);
                    grpc.get(request.build());
                },
                reason,
                text);
    }

    private static Wrong list(String what, Consumer<ListRequest.Builder> change, Reason reason, String text) {
        return new Wrong(
                what,
                grpc -> {
                    var request = ListRequest.newBuilder().setUser(USER);
                    change.accept(request);
                    var unused = grpc.retrievals().list(request.build());
                },
                reason,
                text);
    }

    private static PutRequest frame(long offset, byte[] bytes) {
        return PutRequest.newBuilder()
                .setFrame(Grpc.frame(offset, ByteString.copyFrom(bytes)))
                .build();
    }

    private static PutRequest damaged() {
        return PutRequest.newBuilder()
                .setFrame(DataFrame.newBuilder()
                        .setData(ByteString.copyFrom(BYTES))
                        .setCrc32C(1))
                .build();
    }

    private static PutRequest finish(long size, int crc) {
        return PutRequest.newBuilder()
                .setFinish(PutFinish.newBuilder().setSize(size).setCrc32C(crc))
                .build();
    }

    private static Condition unknownCondition() {
        return Condition.newBuilder()
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                4000,
                                UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                        .build())
                .build();
    }

    private static List<String> names(Grpc grpc, String user) {
        return grpc.retrievals().list(ListRequest.newBuilder().setUser(user).build()).getEntriesList().stream()
                .map(entry -> entry.getBlob().getName())
                .toList();
    }

    private static TintypeException refusal(ThrowingCallable call) {
        var failure = catchThrowable(call);
        assertThat(failure).as("it was accepted").isNotNull();
        return Grpc.known(failure);
    }
}
