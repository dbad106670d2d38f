// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.checksum.Crc32c;
import io.tintype.client.BlobSource;
import io.tintype.client.ListEntry;
import io.tintype.client.ListOptions;
import io.tintype.client.PutOptions;
import io.tintype.client.TintypeClient;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.ListRequest;
import io.tintype.tools.dev.DevFile.DevNode;
import io.tintype.tools.system.Images.Image;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What one interface wrote, every other reads and lists: SDK, gRPC to the coordinator and to a node, HTTP, CLI. */
@Tag("beside-another")
@ExtendWith(SharedDev.class)
final class InterfacesIT {
    private static final String USER = "iris";

    /** Names that are awkward for one interface or another; all are legal. */
    private static final List<String> NAMES =
            List.of("plain.png", "with space & percent %2F.png", "a/b/../c.png", "über/日本.png", "🖼.png");

    private interface Way {
        void write(String name, Image image) throws Exception;

        byte[] read(String name) throws Exception;
    }

    @Test
    void whatOneInterfaceWritesEveryOtherReadsAndLists(Dev dev) throws Exception {
        try (var client = dev.client();
                var coordinator = new Grpc(dev.server())) {
            client.users().register(USER);
            try (var node = new Grpc(primaryOf(client, dev))) {
                Map<String, Way> ways = new LinkedHashMap<>();
                ways.put("sdk", new Sdk(client));
                ways.put("grpc-coordinator", new Plain(coordinator));
                ways.put("grpc-node", new Plain(node));
                ways.put("http", new Http(dev.file().http()));
                ways.put("cli", new Cli(dev.server()));
                var expected = writeAll(ways);
                readAll(ways, expected);
                assertListings(dev, client, coordinator, node, expected);
            }
        }
    }

    /** Each way writes one name with a picture of its own. */
    private static Map<String, Image> writeAll(Map<String, Way> ways) throws Exception {
        Map<String, Image> expected = new LinkedHashMap<>();
        int n = 0;
        for (var way : ways.entrySet()) {
            var name = way.getKey() + "/" + NAMES.get(n);
            var image = Images.photograph(Images.PHOTOGRAPHS.get(n % Images.PHOTOGRAPHS.size()));
            way.getValue().write(name, image);
            expected.put(name, image);
            n++;
        }
        return expected;
    }

    private static void readAll(Map<String, Way> ways, Map<String, Image> expected) throws Exception {
        for (var way : ways.entrySet()) {
            for (var blob : expected.entrySet()) {
                assertThat(way.getValue().read(blob.getKey()))
                        .as("%s, read by %s", blob.getKey(), way.getKey())
                        .isEqualTo(blob.getValue().bytes());
            }
        }
    }

    private static void assertListings(
            Dev dev, TintypeClient client, Grpc coordinator, Grpc node, Map<String, Image> expected) throws Exception {
        var lines = expected.entrySet().stream()
                .map(blob -> line(
                        blob.getKey(),
                        blob.getValue().bytes().length,
                        Crc32c.of(blob.getValue().bytes()),
                        blob.getValue().contentType()))
                .sorted()
                .toList();
        assertThat(client.listAll(USER, ListOptions.DEFAULT)
                        .map(entry -> ((ListEntry.BlobEntry) entry).info())
                        .map(info -> line(info.name(), info.size(), info.crc32c(), info.contentType()))
                        .toList())
                .as("by the SDK")
                .isEqualTo(lines);
        for (var grpc : List.of(coordinator, node)) {
            assertThat(grpc
                            .retrievals()
                            .list(ListRequest.newBuilder().setUser(USER).build())
                            .getEntriesList()
                            .stream()
                            .map(entry -> entry.getBlob())
                            .map(head -> line(head.getName(), head.getSize(), head.getCrc32C(), head.getContentType()))
                            .toList())
                    .as("by gRPC")
                    .isEqualTo(lines);
        }
        var listed = Command.run(dev.server(), "ls", USER, "--json");
        assertThat(listed.code()).as("%s", listed).isZero();
        List<String> byCli = new ArrayList<>();
        for (var entry : new ObjectMapper().readTree(listed.out()).get("entries")) {
            var blob = entry.get("blob");
            byCli.add(line(
                    blob.get("name").asText(),
                    blob.get("size").asLong(),
                    Integer.parseUnsignedInt(blob.get("crc32c").asText(), 16),
                    blob.get("contentType").asText()));
        }
        assertThat(byCli).as("by the command line").isEqualTo(lines);
        assertThat(listedByHttp(dev.file().http())).as("over HTTP").isEqualTo(lines);
    }

    /** The pages of the listing over HTTP, two entries each. */
    private static List<String> listedByHttp(String base) throws Exception {
        List<String> lines = new ArrayList<>();
        var token = "";
        do {
            var response = Http.CLIENT.send(
                    HttpRequest.newBuilder(
                                    URI.create(base + "/v1/users/" + USER + "/blobs?page_size=2&page_token=" + token))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            var page = new ObjectMapper().readTree(response.body());
            for (var blob : page.get("entries")) {
                lines.add(line(
                        blob.get("name").asText(),
                        blob.get("size").asLong(),
                        Integer.parseUnsignedInt(blob.get("crc32c").asText(), 16),
                        blob.get("contentType").asText()));
            }
            token = URLEncoder.encode(page.path("nextPageToken").asText(), StandardCharsets.UTF_8);
        } while (!token.isEmpty());
        return lines;
    }

    private static String line(String name, long size, int crc, String contentType) {
        return String.format(Locale.ROOT, "%s %d %08x %s", name, size, crc, contentType);
    }

    /** The node that leads the user's shard: the one that takes writes without a coordinator. */
    private static String primaryOf(TintypeClient client, Dev dev) {
        var shard = client.users().lookup(USER).shard();
        var primary =
                client.admin().shard(shard).shard().primary().orElseThrow().value();
        return dev.file().nodes().stream()
                .filter(node -> node.id().equals(primary))
                .map(DevNode::address)
                .findFirst()
                .orElseThrow();
    }

    private record Sdk(TintypeClient client) implements Way {
        @Override
        public void write(String name, Image image) {
            client.put(
                    USER, name, BlobSource.of(image.bytes()), PutOptions.DEFAULT.withContentType(image.contentType()));
        }

        @Override
        public byte[] read(String name) {
            return client.get(USER, name).bytes();
        }
    }

    private record Plain(Grpc grpc) implements Way {
        @Override
        public void write(String name, Image image) {
            grpc.put(USER, name, image.contentType(), image.bytes());
        }

        @Override
        public byte[] read(String name) {
            return grpc.get(USER, name);
        }
    }

    private record Cli(String server) implements Way {
        @Override
        public void write(String name, Image image) {
            var put = Command.run(
                    server,
                    stdin -> stdin.write(image.bytes()),
                    "put",
                    USER,
                    name,
                    "-",
                    "--content-type",
                    image.contentType());
            assertThat(put.code()).as("%s", put).isZero();
        }

        @Override
        public byte[] read(String name) {
            var got = Command.run(server, "get", USER, name, "-o", "-");
            assertThat(got.code()).as("%s", got).isZero();
            return got.out();
        }
    }

    private record Http(String base) implements Way {
        private static final HttpClient CLIENT =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

        @Override
        public void write(String name, Image image) throws IOException, InterruptedException {
            HttpResponse<String> response = CLIENT.send(
                    HttpRequest.newBuilder(uri(name))
                            .header("Content-Type", image.contentType())
                            .PUT(HttpRequest.BodyPublishers.ofByteArray(image.bytes()))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(response.statusCode())
                    .as("%s: %s", name, response.body())
                    .isBetween(200, 204);
        }

        @Override
        public byte[] read(String name) throws IOException, InterruptedException {
            var response = CLIENT.send(HttpRequest.newBuilder(uri(name)).build(), BodyHandlers.ofInputStream());
            var bytes = new ByteArrayOutputStream();
            try (var body = response.body()) {
                body.transferTo(bytes);
            }
            assertThat(response.statusCode()).as(name).isEqualTo(200);
            return bytes.toByteArray();
        }

        private URI uri(String name) {
            var escaped = URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
            return URI.create(base + "/v1/users/" + USER + "/blobs/" + escaped);
        }
    }

    @Test
    void whatOneInterfaceRemovesIsGoneForEveryOther(Dev dev) throws Exception {
        var image = Images.photograph("rocket.jpg");
        try (var client = dev.client();
                var grpc = new Grpc(dev.server())) {
            var http = new Http(dev.file().http());
            http.write("short-lived.jpg", image);
            var removed = Command.run(dev.server(), "rm", USER, "short-lived.jpg");
            assertThat(removed.code()).as("%s", removed).isZero();
            assertThat(reason(() -> client.get(USER, "short-lived.jpg"))).isEqualTo(Reason.BLOB_NOT_FOUND);
            assertThat(reason(() -> grpc.get(USER, "short-lived.jpg"))).isEqualTo(Reason.BLOB_NOT_FOUND);
            var response = Http.CLIENT.send(
                    HttpRequest.newBuilder(http.uri("short-lived.jpg")).build(), BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(404);
            assertThat(response.body()).contains("BLOB_NOT_FOUND");
        }
    }

    private static Reason reason(Runnable call) {
        try {
            call.run();
        } catch (TintypeException e) {
            return e.reason();
        }
        throw new AssertionError("succeeded");
    }
}
