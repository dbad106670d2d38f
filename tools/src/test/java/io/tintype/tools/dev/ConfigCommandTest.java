// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.dev;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.cluster.config.ConfigSources;
import io.tintype.cluster.config.Setting;
import io.tintype.tools.dev.ConfigCommand.ServerKind;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

final class ConfigCommandTest {
    @ParameterizedTest
    @EnumSource
    void everySettingSaysWhatItMeansAndHasAVariableOfItsOwn(ServerKind kind) {
        var settings = kind.catalog().all();
        assertThat(settings)
                .hasSizeGreaterThan(10)
                .allSatisfy(setting -> assertThat(setting.meaning())
                        .as("@Meaning of %s", setting.path())
                        .isNotBlank()
                        .endsWith("."));
        assertThat(settings).extracting(Setting::environment).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource
    void everyDefaultCanBeGivenAsItIsWritten(ServerKind kind) {
        Map<String, String> all =
                kind.catalog().all().stream().collect(Collectors.toMap(Setting::path, Setting::defaultValue));
        assertThat(ConfigSources.load(kind.defaults(), null, Map.of(), all)).isEqualTo(kind.defaults());
    }

    @ParameterizedTest
    @EnumSource
    void isToldToPeopleAndPrograms(ServerKind kind) throws Exception {
        var text = run("explain", kind.toString());
        var document = new ObjectMapper().readTree(run("explain", kind.toString(), "--json"));
        for (var setting : kind.catalog().all()) {
            assertThat(text)
                    .contains("\n" + setting.path() + ": "
                            + (setting.defaultValue().isEmpty() ? "\"\"" : setting.defaultValue()) + "\n")
                    .contains(setting.meaning())
                    .contains("    " + setting.kind().words() + "; " + setting.environment() + "\n");
        }
        assertThat(document.get(kind.toString())).hasSize(kind.catalog().all().size());
        assertThat(document.at("/" + kind + "/0/name").asText()).isEqualTo("id");
    }

    private static String run(String... arguments) {
        var out = new StringWriter();
        var line = new CommandLine(new ConfigCommand()).setOut(new PrintWriter(out));
        assertThat(line.execute(arguments)).isZero();
        return out.toString();
    }
}
