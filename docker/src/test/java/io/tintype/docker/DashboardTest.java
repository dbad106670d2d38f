// SPDX-License-Identifier: Apache-2.0
package io.tintype.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The dashboard is what Grafana takes, by the types of Grafana's own packages: it passes over what it does not know in silence. */
final class DashboardTest {
    private static final Path COMPOSE = Path.of("compose.yaml");
    private static final Path DASHBOARD = Path.of("observability/grafana/dashboards/tintype.json");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static JsonNode dashboard;
    private static JsonSchema schema;

    @BeforeAll
    static void read() throws IOException {
        dashboard = JSON.readTree(DASHBOARD.toFile());
        try (var in =
                Objects.requireNonNull(DashboardTest.class.getResourceAsStream("/grafana/dashboard.schema.json"))) {
            schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7).getSchema(in);
        }
    }

    @Test
    void everyFieldIsOneThatGrafanaKnows() {
        assertThat(schema.validate(dashboard)).isEmpty();
    }

    /** The check itself must notice what people get wrong: a field of another name, and a value that is none of its kind. */
    @ParameterizedTest
    @CsvSource({
        "'', titel, Tintype",
        "/panels/1, descr, Their users wait.",
        "/panels/1/gridPos, x, left",
        "/panels/1/targets/0, query, up",
        "/panels/1/targets/0, format, series",
        "/panels/1/fieldConfig/defaults/thresholds, mode, abs",
        "/panels/1/fieldConfig/defaults, units, bytes",
        "/panels/1, type, single",
    })
    void aMistakeIsFound(String where, String field, String value) {
        ObjectNode broken = dashboard.deepCopy();
        ((ObjectNode) broken.at(where)).put(field, value);
        assertThat(schema.validate(broken)).isNotEmpty();
    }

    /** So that whoever takes another Grafana also takes its types. */
    @Test
    void theTypesAreThoseOfTheGrafanaThatIsStarted() throws IOException {
        var compose = Files.readString(COMPOSE);
        var version = compose.replaceAll("(?s).*grafana/grafana:([0-9.]+).*", "$1");
        assertThat(Files.readString(Path.of("src/test/resources/grafana/README.md")))
                .contains("`@grafana/schema` " + version + ",", "@grafana/schema@" + version + " ");
    }
}
