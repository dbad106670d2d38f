// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import io.tintype.client.TintypeClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** The page that shows the cluster, in a real browser; its pictures stay under target/system/status. */
@ExtendWith(SharedDev.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class StatusPageIT {
    /** As many as a coordinator tells of. */
    private static final int MOVES = 20;

    private static final String DESKTOP = "1280,1000";

    /** For some looks of a browser's. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    /** Looks at the page once it shows the cluster. */
    private static final String MEASURE = """
            <script>
              const measuring = setInterval(() => {
                const body = document.body;
                if (body.dataset.ready !== 'yes') return;
                clearInterval(measuring);
                body.dataset.width = innerWidth;
                body.dataset.needs = Math.max(document.documentElement.scrollWidth, body.scrollWidth);
                body.dataset.smallest = Math.floor(Math.min(...[...document.querySelectorAll('main *')]
                  .filter(one => one.textContent.trim()).map(one => parseFloat(getComputedStyle(one).fontSize))));
                body.dataset.parts = ['verdict', 'nodes', 'plans', 'moves', 'shards', 'caches', 'events']
                  .filter(id => document.getElementById(id).textContent.trim()).length;
                body.dataset.moves = document.querySelectorAll('#moves li').length;
              }, 100);
            </script>
            """;

    /** As wide as a phone: no window of a browser on a desk is. */
    private static final String FRAME = """
            <!doctype html><title>phone</title><body>
            <iframe src="/" style="width: 412px; height: 915px; border: 0"></iframe>
            <script>
              setInterval(() => {
                const shown = frames[0].document.body;
                if (shown && shown.dataset.parts) Object.assign(document.body.dataset, shown.dataset);
              }, 100);
            </script>
            """;

    private Browser browser;
    private Dev dev;

    @BeforeAll
    void start(Dev shared) throws Exception {
        var found = Browser.find(Dev.folder("status"));
        Assumptions.assumeTrue(found.isPresent(), "no chromium on the PATH");
        browser = found.orElseThrow();
        dev = shared;
    }

    @Test
    void showsNodesShardsAndTheVerdict() throws Exception {
        try (var client = TintypeClient.connect(dev.server())) {
            client.put("status", "seen", new byte[10_000]);
        }
        for (int i = 0; i < 2; i++) {
            var read = HttpRequest.newBuilder(URI.create(dev.file().http() + "/v1/users/status/blobs/seen"))
                    .build();
            HttpClient.newHttpClient().send(read, BodyHandlers.discarding());
        }
        dev.awaitInSync();
        Awaitility.await("the page shows it")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(browser.page(address(), DESKTOP))
                        .contains("Your data is safe")
                        .contains("3 of 3 nodes in touch")
                        .contains("node-1")
                        .contains("node-3")
                        .contains("(directory)")
                        .contains("Nothing that this coordinator knows of.")
                        .contains("pieces asked for")
                        .containsPattern("<div class=\"name\">memory</div>")
                        .contains("data-ready=\"yes\""));
    }

    /** Browsers take seconds, and meanwhile the cluster's clocks tick: replicas beat, logs age, disks are looked at. */
    @Test
    void whileItIsOnlyLookedAtTheClusterWritesNoLine() throws Exception {
        var before = Files.size(dev.log());
        assertThat(before).as("what was logged at its start").isPositive();
        fitsADesktopAndAPhone();
        try (var log = Files.newInputStream(dev.log())) {
            log.skipNBytes(before);
            assertThat(new String(log.readAllBytes(), StandardCharsets.UTF_8))
                    .as("log of a cluster at rest")
                    .isEmpty();
        }
    }

    private void fitsADesktopAndAPhone() throws Exception {
        for (var size : List.of(DESKTOP, Browser.PHONE)) {
            var image = ImageIO.read(browser.picture(address(), size, "status").toFile());
            assertThat(image.getWidth() + "," + image.getHeight()).isEqualTo(size);
        }
        assertThat(browser.page(address(), Browser.PHONE)).contains("width=device-width");
    }

    /** Nothing sticks out to the right, nothing is too small to read, and no part is missing: measured in the page itself. */
    @Test
    void onAPhoneNothingSticksOutAndAllCanBeRead() throws Exception {
        var page = get("/").replace("</body>", MEASURE + "</body>");
        var beside = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        beside.createContext("/", exchange -> {
            var path = exchange.getRequestURI().getPath();
            boolean data = !path.equals("/") && !path.equals("/phone");
            var body = (data ? withMoves(get(path)) : path.equals("/") ? page : FRAME).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", data ? "application/json" : "text/html; charset=utf-8");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        beside.start();
        try {
            var seen = browser.page("http://127.0.0.1:" + beside.getAddress().getPort() + "/phone", Browser.PHONE);
            assertThat(measured(seen, "width")).as("width of the window").isEqualTo(412);
            assertThat(measured(seen, "needs")).as("width that the page needs").isLessThanOrEqualTo(412);
            assertThat(measured(seen, "smallest"))
                    .as("pixels of the smallest text")
                    .isGreaterThanOrEqualTo(12);
            assertThat(measured(seen, "parts"))
                    .as("parts with something in them")
                    .isEqualTo(7);
            assertThat(measured(seen, "moves")).as("moves, and how many more").isEqualTo(MOVES + 1);
        } finally {
            beside.stop(0);
        }
    }

    /** The cluster as it stands, with moves of users at their longest. */
    private static String withMoves(String status) throws IOException {
        var json = new ObjectMapper();
        var all = (ObjectNode) json.readTree(status);
        var oldest = json.createArrayNode();
        for (int i = 0; i < MOVES; i++) {
            oldest.add(json.readTree("""
                    {"fromShard": 100000, "fromPool": "ap-southeast-2.standard-with-backups", "toShard": 100001,
                     "toPool": "eu-west-1.standard-with-backups", "state": "copying", "sinceMs": 1790000000000,
                     "blobsDone": 123456, "blobs": 234567, "bytesDone": 1234567890123, "bytes": 2345678901234,
                     "secondsLeft": 123456}"""));
        }
        all.putObject("moves").put("known", true).put("underWay", 10_000).set("oldest", oldest);
        return json.writeValueAsString(all);
    }

    private static int measured(String page, String what) {
        var found = Pattern.compile("data-" + what + "=\"(\\d+)").matcher(page);
        assertThat(found.find()).as("%s was measured", what).isTrue();
        return Integer.parseInt(found.group(1));
    }

    /** Whoever can open the page can change nothing by it. */
    @Test
    void thePageTakesNothingAndFetchesNothingFromElsewhere() throws Exception {
        for (var path : List.of("/", "/status", "/status.json")) {
            for (var method : List.of("POST", "PUT", "DELETE")) {
                var answer = HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(URI.create(dev.file().http() + path))
                                        .method(method, BodyPublishers.ofString("x"))
                                        .build(),
                                BodyHandlers.ofString());
                assertThat(answer.statusCode()).as("%s %s", method, path).isBetween(400, 499);
            }
        }
        assertThat(get("/")).doesNotContain("src=", "<link", "@import", "method: 'POST'", "<form", "<button");
    }

    private String get(String path) throws IOException {
        try {
            return HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(dev.file().http() + path))
                                    .build(),
                            BodyHandlers.ofString())
                    .body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private String address() {
        return dev.file().http() + "/";
    }
}
