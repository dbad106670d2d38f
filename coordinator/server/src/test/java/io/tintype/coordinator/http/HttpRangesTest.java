// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Parts of blobs over HTTP, one or several at once. */
final class HttpRangesTest extends HttpStage {
    @ParameterizedTest
    @CsvSource({
        "bytes=0-0, 0, 1",
        "bytes=5-9, 5, 10",
        "bytes=199990-, 199990, 200000",
        "bytes=199990-999999, 199990, 200000",
        "bytes=-7, 199993, 200000",
        "bytes=-999999, 0, 200000",
        "bytes=0-9223372036854775806, 0, 200000",
        "bytes=0-9223372036854775807, 0, 200000",
        "bytes=199990-99999999999999999999999999999999, 199990, 200000",
        "bytes=-9223372036854775808, 0, 200000",
        "bytes=0000000000000000000000005-0000000000000000000000009, 5, 10",
        "BYTES=60000-140000, 60000, 140001"
    })
    void oneRangeIsAnsweredWithJustThoseBytes(String range, int from, int to) throws Exception {
        var bytes = bytes(200_000, 6);
        send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes)));
        var got = send(request("u", "n").header("Range", range).GET());
        assertThat(got.statusCode()).isEqualTo(206);
        assertThat(header(got, "Content-Range")).isEqualTo("bytes " + from + "-" + (to - 1) + "/200000");
        assertThat(got.body()).isEqualTo(Arrays.copyOfRange(bytes, from, to));
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=200000-, 416, RANGE_NOT_SATISFIABLE, 200000 bytes",
        "bytes=-0, 416, RANGE_NOT_SATISFIABLE, 200000 bytes",
        "bytes=9-5, 400, INVALID_ARGUMENT, Range",
        "bytes=a-b, 400, INVALID_ARGUMENT, Range",
        "bytes=-, 400, INVALID_ARGUMENT, Range",
        "bytes, 400, INVALID_ARGUMENT, Range",
        "bytes=99999999999999999999-, 416, RANGE_NOT_SATISFIABLE, 200000 bytes",
        "bytes=9223372036854775807-9223372036854775807, 416, RANGE_NOT_SATISFIABLE, 200000 bytes",
        "'bytes=,', 400, INVALID_ARGUMENT, Range",
        "bytes=, 400, INVALID_ARGUMENT, Range"
    })
    void aRangeThatMakesNoSenseIsRefused(String range, int status, Reason reason, String text) throws Exception {
        send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes(200_000, 6))));
        assertReason(send(request("u", "n").header("Range", range).GET()), status, reason, text);
    }

    @Test
    void severalRangesComeInOneAnswerEachWithItsPlace() throws Exception {
        var bytes = bytes(200_000, 6);
        send(request("u", "n").header("Content-Type", "image/png").PUT(BodyPublishers.ofByteArray(bytes)));
        var got = send(request("u", "n")
                .header("Range", "bytes=0-9, 150000-150099,-5, 200000-")
                .GET());
        assertThat(got.statusCode()).isEqualTo(206);
        String type = header(got, "Content-Type");
        assertThat(type).startsWith("multipart/byteranges; boundary=");
        String boundary = "\r\n--" + type.substring(type.indexOf('=') + 1);
        String expected = "";
        for (int[] span : new int[][] {{0, 10}, {150_000, 150_100}, {199_995, 200_000}}) {
            expected +=
                    boundary + "\r\nContent-Type: image/png\r\nContent-Range: bytes " + span[0] + "-" + (span[1] - 1)
                            + "/200000\r\n\r\n" + new String(Arrays.copyOfRange(bytes, span[0], span[1]), ISO_8859_1);
        }
        assertThat(new String(got.body(), ISO_8859_1)).isEqualTo(expected + boundary + "--\r\n");
        assertThat(header(got, "Content-Length")).isEqualTo(Integer.toString(got.body().length));
    }

    @Test
    void placesWithNothingInThemAreNoRanges() throws Exception {
        var bytes = bytes(1000, 6);
        send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes)));
        var one = send(request("u", "n").header("Range", "bytes=, ,5-9,").GET());
        assertThat(one.statusCode()).isEqualTo(206);
        assertThat(one.body()).isEqualTo(Arrays.copyOfRange(bytes, 5, 10));
        var two = send(request("u", "n").header("Range", "bytes=0-1,,2-3").GET());
        assertThat(header(two, "Content-Type")).startsWith("multipart/byteranges");
        var most = send(
                request("u", "n").header("Range", "bytes=5-9" + ",".repeat(63)).GET());
        assertThat(most.statusCode()).isEqualTo(206);
        var more = send(
                request("u", "n").header("Range", "bytes=5-9" + ",".repeat(64)).GET());
        assertReason(more, 400, Reason.INVALID_ARGUMENT, "more than 64 commas");
    }

    @Test
    void rangesThatCannotAllBeMeantAreAnsweredOtherwise() throws Exception {
        send(request("u", "n").PUT(BodyPublishers.ofByteArray(bytes(1000, 6))));
        var foreign = send(request("u", "n").header("Range", "lines=0-1").GET());
        assertThat(foreign.statusCode()).as("another unit").isEqualTo(200);
        var overlapping =
                send(request("u", "n").header("Range", "bytes=0-,0-,0-").GET());
        assertThat(overlapping.statusCode()).as("more than there is").isEqualTo(200);
        var one = send(request("u", "n").header("Range", "bytes=2000-,1-1").GET());
        assertThat(one.statusCode()).isEqualTo(206);
        assertThat(header(one, "Content-Range")).isEqualTo("bytes 1-1/1000");
        var many = send(request("u", "n")
                .header("Range", "bytes=" + "0-0,".repeat(16) + "0-0")
                .GET());
        assertReason(many, 400, Reason.INVALID_ARGUMENT);
        var outside =
                send(request("u", "n").header("Range", "bytes=2000-,1000-").GET());
        assertReason(outside, 416, Reason.RANGE_NOT_SATISFIABLE);
        assertThat(header(outside, "Content-Range")).isEqualTo("bytes */1000");
    }
}
