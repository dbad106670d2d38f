// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigFilesTest {
    record Inner(int port, Duration pause) {}

    record Outer(Path dataDir, long cacheBytes, List<String> roles, Inner listen) {
        Outer {
            if (cacheBytes < 1) {
                throw new IllegalArgumentException("Setting cacheBytes is " + cacheBytes + "; it must be positive.");
            }
        }
    }

    private static final Outer DEFAULTS =
            new Outer(Path.of("/var/lib/x"), 1024, List.of("all"), new Inner(7400, Duration.ofSeconds(10)));

    @TempDir
    Path folder;

    @Test
    void anEmptyFileMeansTheDefaults() {
        assertThat(parse("")).isEqualTo(DEFAULTS);
        assertThat(parse("# nothing\n")).isEqualTo(DEFAULTS);
    }

    @Test
    void whatIsNamedReplacesTheDefaultAndTheRestStays() throws Exception {
        var file = folder.resolve("settings.yaml");
        Files.writeString(
                file, "dataDir: /data\ncacheBytes: 64MiB\nroles: [upload, control]\nlisten:\n  pause: 250ms\n");
        assertThat(ConfigFiles.load(file, DEFAULTS))
                .isEqualTo(new Outer(
                        Path.of("/data"),
                        64 << 20,
                        List.of("upload", "control"),
                        new Inner(7400, Duration.ofMillis(250))));
    }

    @Test
    void anUnknownSettingIsRefusedAndTheNearestKnownOneNamed() {
        assertThatThrownBy(() -> parse("listen:\n  prot: 1\n"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("test.yaml: there is no setting 'listen.prot'.")
                .hasMessageContaining("Did you mean 'port'?");
        assertThatThrownBy(() -> parse("datadir: /x\n")).hasMessageContaining("Did you mean 'dataDir'?");
    }

    @Test
    void aValueOfTheWrongKindIsRefusedByName() {
        assertThatThrownBy(() -> parse("listen:\n  pause: soon\n"))
                .hasMessageContaining("'listen.pause'")
                .hasMessageContaining("500ms");
        assertThatThrownBy(() -> parse("listen:\n  port: high\n")).hasMessageContaining("'listen.port'");
        assertThatThrownBy(() -> parse("cacheBytes: 10XB\n")).hasMessageContaining("64MiB");
        assertThatThrownBy(() -> parse("cacheBytes: 999999999999TiB\n")).hasMessageContaining("too large");
        assertThatThrownBy(() -> parse("cacheBytes: 0\n"))
                .hasMessageContaining("test.yaml: Setting cacheBytes is 0; it must be positive.");
    }

    @Test
    void aSettingGivenTwiceABrokenFileAndAMissingOneAreRefused() {
        assertThatThrownBy(() -> parse("cacheBytes: 1\ncacheBytes: 2\n")).hasMessageContaining("cacheBytes");
        assertThatThrownBy(() -> parse("a: [1\n")).hasMessageContaining("is not YAML");
        assertThatThrownBy(() -> parse("- 1\n")).hasMessageContaining("must hold settings");
        assertThatThrownBy(() -> ConfigFiles.load(folder.resolve("none.yaml"), DEFAULTS))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("none.yaml");
    }

    private static Outer parse(String yaml) {
        return ConfigFiles.parse(yaml, "test.yaml", DEFAULTS);
    }
}
