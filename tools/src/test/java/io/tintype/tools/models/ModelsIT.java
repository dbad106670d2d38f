// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools.models;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every model configuration of docs/spec ends as its README says: the clean ones without an error and with exactly that
 * many distinct states, each mutant in the violation that shows why its rule is needed.
 *
 * <p>An ordinary build runs those that take a second or two; with {@code -Pmodels} all run, in some twenty
 * minutes of one core.
 */
final class ModelsIT {
    private static final Path SPEC = Path.of("../docs/spec").toAbsolutePath().normalize();
    private static final boolean ALL =
            System.getProperty("tintype.models", "quick").equals("all");
    private static final Duration QUICK_LIMIT = Duration.ofMinutes(2);
    private static final Duration LIMIT = Duration.ofMinutes(30);
    private static final List<Row> LEDGER = new ArrayList<>();

    private record Row(Expectation expected, ModelRun run) {}

    @TempDir
    Path work;

    static List<Expectation> configurations() throws IOException {
        return expectations().stream().filter(e -> ALL || e.isQuick()).toList();
    }

    private static List<Expectation> expectations() throws IOException {
        return Expectation.all(SPEC.resolve("README.md"));
    }

    @Test
    void theReadmeNamesEveryConfigurationOnce() throws IOException {
        try (var files = Files.list(SPEC)) {
            var configurations = files.map(f -> f.getFileName().toString())
                    .filter(f -> f.endsWith(".cfg"))
                    .map(f -> f.substring(0, f.length() - ".cfg".length()))
                    .toList();
            assertThat(expectations())
                    .extracting(Expectation::name)
                    .containsExactlyInAnyOrderElementsOf(configurations);
        }
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void aConfigurationEndsAsTheReadmeSays(Expectation expected) throws Exception {
        var run = ModelRun.of(SPEC, expected, work, expected.isQuick() ? QUICK_LIMIT : LIMIT);
        LEDGER.add(new Row(expected, run));

        assertThat(run.outcome()).as(expected.name()).isEqualTo(expected.outcome());
        if (expected.outcome().equals("no error")) {
            assertThat(run.states()).as("distinct states of " + expected.name()).isEqualTo(expected.states());
        }
    }

    @AfterAll
    static void printTheLedger() throws IOException {
        var columns = List.<ColumnData<Row>>of(
                text("configuration").with(row -> row.expected().name()),
                text("expected").with(row -> row.expected().outcome()),
                text("found").with(row -> row.run().outcome()),
                new Column()
                        .header("distinct states")
                        .with(row -> row.run().states() == 0
                                ? ""
                                : String.format(Locale.ROOT, "%,d", row.run().states())),
                new Column()
                        .header("s")
                        .with(row -> String.format(
                                Locale.ROOT, "%.1f", row.run().took().toMillis() / 1e3)));
        System.out.println(AsciiTable.builder()
                .border(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS)
                .data(LEDGER, columns)
                .asString());
        int left = expectations().size() - LEDGER.size();
        if (!ALL && left > 0) {
            System.out.println(left + " larger configurations run with -Pmodels only");
        }
    }

    private static Column text(String header) {
        return new Column().header(header).dataAlign(HorizontalAlign.LEFT);
    }
}
