// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.TintypeClient;
import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** The page that shows the cluster, in a real browser; its pictures stay under target/system/status. */
@ExtendWith(SharedDev.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class StatusPageIT {
    private static final int BROWSER_SECONDS = 120;

    private Path folder;
    private Path browser;
    private Dev dev;

    @BeforeAll
    void start(Dev shared) throws Exception {
        var found = find("chromium").or(() -> find("google-chrome"));
        if (found.isEmpty()) {
            System.err.println("SKIPPED: the status page in a browser, since there is no chromium on the PATH.");
        }
        Assumptions.assumeTrue(found.isPresent(), "no chromium on the PATH");
        browser = found.orElseThrow();
        folder = Dev.folder("status");
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
        var page = run("--dump-dom", "--virtual-time-budget=8000");
        assertThat(page)
                .contains("Your data is safe")
                .contains("3 of 3 nodes in touch")
                .contains("node-1")
                .contains("node-3")
                .contains("(directory)")
                .contains("Nothing that this coordinator knows of.")
                .contains("pieces asked for")
                .containsPattern("<div class=\"name\">memory</div>")
                .contains("data-ready=\"yes\"");
    }

    @Test
    void fitsADesktopAndAPhone() throws Exception {
        for (var size : List.of("1280,1000", "412,915")) {
            var picture = folder.resolve("status-" + size.replace(',', 'x') + ".png");
            run("--screenshot=" + picture, "--window-size=" + size, "--virtual-time-budget=8000");
            var image = ImageIO.read(picture.toFile());
            assertThat(image.getWidth() + "," + image.getHeight()).isEqualTo(size);
        }
        var phone = run("--dump-dom", "--window-size=412,915", "--virtual-time-budget=8000");
        assertThat(phone).contains("width=device-width");
    }

    private String run(String... options) throws Exception {
        var line = new ArrayList<>(List.of(
                browser.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--hide-scrollbars",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + Files.createTempDirectory(folder, "profile")));
        line.addAll(List.of(options));
        line.add(dev.file().http() + "/");
        var out = folder.resolve("browser.out");
        var process = new ProcessBuilder(line)
                .redirectOutput(out.toFile())
                .redirectError(folder.resolve("browser.err").toFile())
                .start();
        assertThat(process.waitFor(BROWSER_SECONDS, TimeUnit.SECONDS))
                .as("the browser ends")
                .isTrue();
        return Files.readString(out);
    }

    private static Optional<Path> find(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
