// SPDX-License-Identifier: Apache-2.0
package io.tintype.cluster.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigSourcesTest {
    record Inner(
            @Meaning("Where it listens.") int portNumber,
            @Meaning("How long it waits.") Duration pause) {}

    record Outer(
            @Meaning("Its name.") String id,
            @Meaning("Where it keeps things.") Path dataDir,
            @Meaning("How much it keeps.") long cacheBytes,
            @Meaning("What it does.") List<String> roles,
            @Meaning("Whether it does it.") boolean on,
            Inner listen) {
        Outer {
            if (cacheBytes < 1) {
                throw new IllegalArgumentException("Setting cacheBytes is " + cacheBytes + "; it must be positive.");
            }
        }
    }

    private static final Outer DEFAULTS = new Outer(
            "one", Path.of("/var/lib/x"), 64 << 20, List.of("all"), true, new Inner(7400, Duration.ofSeconds(90)));

    @TempDir
    Path folder;

    @Test
    void optionsAreStrongerThanTheEnvironmentThatThanTheFileThatThanTheDefaults() throws Exception {
        var file = folder.resolve("settings.yaml");
        Files.writeString(file, "id: file\ncacheBytes: 1KiB\nlisten:\n  portNumber: 1\n  pause: 1s\n");
        var loaded = ConfigSources.load(
                DEFAULTS,
                file,
                Map.of(
                        "TINTYPE_CONFIG_CACHE_BYTES", "2KiB",
                        "TINTYPE_CONFIG_LISTEN_PORT_NUMBER", "2",
                        "TINTYPE_SERVER", "not a setting",
                        "PATH", "/bin"),
                Map.of("listen.portNumber", "3"));
        assertThat(loaded)
                .isEqualTo(new Outer(
                        "file",
                        Path.of("/var/lib/x"),
                        2_048,
                        List.of("all"),
                        true,
                        new Inner(3, Duration.ofSeconds(1))));
    }

    @Test
    void everyKindOfValueCanBeGivenAsText() {
        var loaded = ConfigSources.load(
                DEFAULTS,
                null,
                Map.of("TINTYPE_CONFIG_ROLES", "upload, control", "TINTYPE_CONFIG_ON", "false"),
                Map.of("dataDir", "/data: yes", "listen.pause", "250ms", "id", "no"));
        assertThat(loaded)
                .isEqualTo(new Outer(
                        "no",
                        Path.of("/data: yes"),
                        64 << 20,
                        List.of("upload", "control"),
                        false,
                        new Inner(7400, Duration.ofMillis(250))));
        assertThat(ConfigSources.load(DEFAULTS, null, Map.of(), Map.of("roles", "[a, b]"))
                        .roles())
                .containsExactly("a", "b");
    }

    @Test
    void whatNobodyKnowsIsRefusedWithTheNearestName() {
        assertThatThrownBy(() -> load(Map.of("TINTYPE_CONFIG_LISTEN_PORT", "1"), Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessage("There is no setting for the environment variable TINTYPE_CONFIG_LISTEN_PORT. Did you mean"
                        + " TINTYPE_CONFIG_LISTEN_PAUSE?");
        assertThatThrownBy(() -> load(Map.of(), Map.of("listen.portnumber", "1")))
                .isInstanceOf(ConfigException.class)
                .hasMessage("There is no setting 'listen.portnumber'. Did you mean 'listen.portNumber'?");
    }

    @Test
    void aValueThatCannotBeUsedIsRefusedWithItsNameAndWhereItCameFrom() {
        assertThatThrownBy(() -> load(Map.of("TINTYPE_CONFIG_CACHE_BYTES", "0"), Map.of()))
                .hasMessage("TINTYPE_CONFIG_CACHE_BYTES: Setting cacheBytes is 0; it must be positive.");
        assertThatThrownBy(() -> load(Map.of(), Map.of("listen.pause", "soon")))
                .hasMessageContaining("options listen.pause")
                .hasMessageContaining("'soon' is not a duration such as 500ms");
    }

    @Test
    void theCatalogueTellsEverySettingAsItWouldBeWritten() {
        assertThat(SettingCatalog.of(DEFAULTS).all())
                .containsExactly(
                        new Setting("id", Setting.Kind.TEXT, "one", "Its name."),
                        new Setting("dataDir", Setting.Kind.PATH, "/var/lib/x", "Where it keeps things."),
                        new Setting("cacheBytes", Setting.Kind.SIZE, "64MiB", "How much it keeps."),
                        new Setting("roles", Setting.Kind.LIST, "[all]", "What it does."),
                        new Setting("on", Setting.Kind.SWITCH, "true", "Whether it does it."),
                        new Setting("listen.portNumber", Setting.Kind.NUMBER, "7400", "Where it listens."),
                        new Setting("listen.pause", Setting.Kind.DURATION, "90s", "How long it waits."));
        assertThat(SettingCatalog.of(DEFAULTS)
                        .find("listen.portNumber")
                        .orElseThrow()
                        .environment())
                .isEqualTo("TINTYPE_CONFIG_LISTEN_PORT_NUMBER");
    }

    private static Outer load(Map<String, String> environment, Map<String, String> options) {
        return ConfigSources.load(DEFAULTS, null, environment, options);
    }
}
