// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.tools.balance.Ports;
import io.tintype.tools.system.Command.Feed;
import io.tintype.tools.system.Command.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The HTTP interface as the programs see it that the world uses: curl, nginx as a caching proxy, Chromium. */
@ExtendWith(SharedDev.class)
final class HttpClientsIT {
    private static final byte[] PHOTO = Images.photograph("rocket.jpg").bytes();

    @TempDir
    private Path folder;

    private static String url(Dev dev, String name) {
        return dev.file().http() + "/v1/users/http-clients/blobs/" + name;
    }

    private Result curl(Feed feed, String... arguments) {
        Programs.need("curl");
        var line = new ArrayList<>(List.of("curl", "--silent", "--show-error", "--max-time", "60"));
        line.addAll(List.of(arguments));
        return Command.finish(Command.start(line, Map.of()), feed);
    }

    private Result curl(String... arguments) {
        return curl(stdin -> {}, arguments);
    }

    @Test
    void curlStoresAndReadsBackInEveryWay(Dev dev) throws Exception {
        var file = Files.write(folder.resolve("photo.jpg"), PHOTO);
        var stored = curl("-T", file.toString(), "-H", "Content-Type: image/jpeg", url(dev, "curl.jpg"));
        String etag = new ObjectMapper().readTree(stored.out()).get("etag").asText();
        assertThat(curl(url(dev, "curl.jpg")).out()).isEqualTo(PHOTO);
        assertThat(curl("--http2-prior-knowledge", url(dev, "curl.jpg")).out()).isEqualTo(PHOTO);
        assertThat(curl("--range", "100-199", url(dev, "curl.jpg")).out())
                .isEqualTo(Arrays.copyOfRange(PHOTO, 100, 200));
        var several = curl("--range", "0-9,100-109", url(dev, "curl.jpg"));
        assertThat(new String(several.out(), ISO_8859_1))
                .contains("Content-Range: bytes 0-9/" + PHOTO.length)
                .contains("Content-Range: bytes 100-109/" + PHOTO.length)
                .contains(new String(PHOTO, 100, 10, ISO_8859_1));
        String[] status = {"-o", folder.resolve("out").toString(), "-w", "%{http_code}"};
        assertThat(with(status, "-H", "If-None-Match: \"" + etag + '"', url(dev, "curl.jpg")))
                .isEqualTo("304");
        assertThat(with(status, "-H", "If-Match: \"1-1\"", url(dev, "curl.jpg")))
                .isEqualTo("412");
        assertThat(with(status, "-X", "PATCH", url(dev, "curl.jpg"))).isEqualTo("405");
        assertThat(with(status, "--range", PHOTO.length + "-", url(dev, "curl.jpg")))
                .isEqualTo("416");
        assertThat(with(status, "-X", "DELETE", url(dev, "curl.jpg"))).isEqualTo("204");
        assertThat(with(status, url(dev, "curl.jpg"))).isEqualTo("404");
    }

    private String with(String[] options, String... arguments) {
        var all = new ArrayList<>(List.of(options));
        all.addAll(List.of(arguments));
        return curl(all.toArray(String[]::new)).text();
    }

    @Test
    void curlUploadsFromStandardInputAndWaitsForContinue(Dev dev) {
        var bytes = new byte[3_000_000];
        new Random(1).nextBytes(bytes);
        for (String protocol : new String[] {"--http1.1", "--http2-prior-knowledge"}) {
            var put = curl(stdin -> stdin.write(bytes), protocol, "-T", "-", url(dev, "stdin"));
            assertThat(put.text()).as(put.toString()).contains("\"size\":3000000");
            assertThat(curl(protocol, url(dev, "stdin")).out()).isEqualTo(bytes);
        }
        var waited = curl(
                stdin -> stdin.write(bytes),
                "--http1.1",
                "--verbose",
                "-H",
                "Expect: 100-continue",
                "--expect100-timeout",
                "50",
                "-T",
                "-",
                url(dev, "continued"));
        assertThat(waited.err()).contains("HTTP/1.1 100 Continue").contains("HTTP/1.1 200 OK");
        var refused = curl(
                stdin -> stdin.write(bytes),
                "--http1.1",
                "--verbose",
                "-H",
                "Expect: 100-continue",
                "-H",
                "If-Match: nonsense",
                "--expect100-timeout",
                "50",
                "-T",
                "-",
                url(dev, "continued"));
        assertThat(refused.err()).contains("HTTP/1.1 400").doesNotContain("100 Continue");
    }

    /** nginx keeps what it may for as long as it may, asks by If-None-Match after that, and never shows what is gone. */
    @Test
    void nginxInFrontCachesAndRevalidates(Dev dev) throws Exception {
        int port = Ports.free();
        Files.writeString(
                folder.resolve("nginx.conf"), nginx(port, URI.create(dev.file().http())));
        var nginx = new ProcessBuilder(
                        Programs.need("nginx").toString(),
                        "-p",
                        folder.toString(),
                        "-c",
                        folder.resolve("nginx.conf").toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("nginx.out").toFile())
                .start();
        try {
            Awaitility.await("nginx listens").atMost(60, TimeUnit.SECONDS).until(() -> listens(port));
            var proxy = URI.create("http://127.0.0.1:" + port + "/v1/users/http-clients/blobs/");
            var kept = proxy.resolve("kept.jpg");
            var asked = proxy.resolve("asked.jpg");
            send(put(kept, PHOTO).header("Cache-Control", "public, max-age=3600"));
            send(put(asked, PHOTO));
            for (var uri : List.of(kept, asked)) {
                assertThat(send(HttpRequest.newBuilder(uri)).headers().firstValue("X-Cache"))
                        .contains("MISS");
            }
            // It may still be writing its file while the first reader has all bytes.
            var hit = Awaitility.await("nginx answers by itself")
                    .atMost(60, TimeUnit.SECONDS)
                    .until(
                            () -> send(HttpRequest.newBuilder(kept)),
                            answer -> answer.headers().firstValue("X-Cache").equals(Optional.of("HIT")));
            assertThat(hit.body()).isEqualTo(PHOTO);
            var part = send(HttpRequest.newBuilder(kept).header("Range", "bytes=5-9"));
            assertThat(part.statusCode()).isEqualTo(206);
            assertThat(part.body()).isEqualTo(Arrays.copyOfRange(PHOTO, 5, 10));

            // Without max-age nothing is shown that was not asked for, and what is replaced is seen at once.
            assertThat(send(HttpRequest.newBuilder(asked)).headers().firstValue("X-Cache"))
                    .isNotEqualTo("HIT");
            send(put(asked, "another".getBytes(UTF_8)));
            assertThat(new String(send(HttpRequest.newBuilder(asked)).body(), UTF_8))
                    .isEqualTo("another");
            send(HttpRequest.newBuilder(asked).DELETE());
            assertThat(send(HttpRequest.newBuilder(asked)).statusCode()).isEqualTo(404);
        } finally {
            nginx.destroy();
            nginx.waitFor(60, TimeUnit.SECONDS);
        }
    }

    private static HttpRequest.Builder put(URI uri, byte[] bytes) {
        return HttpRequest.newBuilder(uri)
                .header("Content-Type", "image/jpeg")
                .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes));
    }

    private static HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
        return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofByteArray());
    }

    /** Begun by root it would work as a user who may not write here. */
    private String nginx(int port, URI coordinator) {
        return """
                user USER;
                daemon off;
                pid FOLDER/nginx.pid;
                error_log FOLDER/nginx.log;
                events {}
                http {
                  access_log off;
                  client_body_temp_path FOLDER/body;
                  proxy_temp_path FOLDER/proxy;
                  fastcgi_temp_path FOLDER/fastcgi;
                  uwsgi_temp_path FOLDER/uwsgi;
                  scgi_temp_path FOLDER/scgi;
                  proxy_cache_path FOLDER/cache keys_zone=images:1m;
                  server {
                    listen 127.0.0.1:PORT;
                    client_max_body_size 0;
                    location / {
                      proxy_pass http://COORDINATOR;
                      proxy_http_version 1.1;
                      proxy_cache images;
                      proxy_cache_revalidate on;
                      add_header X-Cache $upstream_cache_status always;
                    }
                  }
                }
                """.replace("USER", System.getProperty("user.name"))
                .replace("FOLDER", folder.toString())
                .replace("PORT", Integer.toString(port))
                .replace("COORDINATOR", coordinator.getAuthority());
    }

    private static boolean listens(int port) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    /** A page of images, as a browser decodes them; one is no image, so that success is not what happens anyway. */
    @Test
    void chromiumShowsAPageOfImages(Dev dev) throws Exception {
        var browser = Programs.need("chromium", "google-chrome");
        var page = new StringBuilder("<!doctype html><title>gallery</title>");
        for (int i = 0; i < 12; i++) {
            var bytes = i == 7 ? "no image".getBytes(UTF_8) : PHOTO;
            send(put(URI.create(url(dev, "gallery-" + i + ".jpg")), bytes));
            page.append("<img src=\"gallery-").append(i).append(".jpg\">");
        }
        page.append("<script>window.addEventListener('load', () => {"
                + "const seen = [...document.images].filter(i => i.naturalWidth > 0).length;"
                + "document.body.dataset.seen = seen + ' of ' + document.images.length;})</script>");
        send(HttpRequest.newBuilder(URI.create(url(dev, "gallery.html")))
                .header("Content-Type", "text/html; charset=utf-8")
                .PUT(HttpRequest.BodyPublishers.ofString(page.toString())));
        var dom = Programs.dom(browser, folder, url(dev, "gallery.html"));
        assertThat(dom).contains("data-seen=\"11 of 12\"");
    }
}
