// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

final class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void versionNamesTheProductAndTheJavaThatRunsIt() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString()).contains("tintype ").contains("java " + Runtime.version());
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void helpGoesToStandardOutput() {
        assertThat(run("--help")).isZero();
        assertThat(out.toString()).contains("Usage: tintype").contains("--version");
    }

    @Test
    void aLineWithoutCommandIsRefusedWithTheUsage() {
        assertThat(run()).isEqualTo(2);
        assertThat(err.toString()).contains("Say which command to run.").contains("Usage: tintype");
        assertThat(out.toString()).isEmpty();
    }

    private int run(String... args) {
        return Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args);
    }
}
