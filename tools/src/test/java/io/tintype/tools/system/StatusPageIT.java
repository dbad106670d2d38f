// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.client.TintypeClient;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
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
    private static final String DESKTOP = "1280,1000";

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
        var page = browser.page(address(), DESKTOP);
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

    private String address() {
        return dev.file().http() + "/";
    }
}
