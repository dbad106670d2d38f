// SPDX-License-Identifier: Apache-2.0
package io.tintype.tools;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tintype.cluster.log.Bugs;
import io.tintype.model.RequestId;
import io.tintype.trace.Trace;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** How the log of a server looks in both of its forms, by the configuration that is shipped. */
final class LogFormatTest {
    private static final String ID = "00112233445566778899aabbccddeeff";

    @Test
    void aRequestThatFailedIsFoundByItsIdInText() throws Exception {
        var lines = logged("text").lines().toList();
        assertThat(lines.get(0))
                .matches(
                        "\\d{4}-\\d\\d-\\d\\dT\\S+ ERROR \\[\\S+] io\\.tintype\\.test GET /here failed, request " + ID);
        assertThat(lines.get(1)).contains("IllegalStateException: on purpose");
    }

    @Test
    void inJsonTheIdIsAFieldOfItsOwnAndALineIsAll() throws Exception {
        var lines = logged("json").lines().toList();
        assertThat(lines).hasSize(1);
        var line = new ObjectMapper().readTree(lines.get(0));
        assertThat(line.get("level").asText()).isEqualTo("ERROR");
        assertThat(line.at("/kvpList/0/request").asText()).isEqualTo(ID);
        assertThat(line.at("/throwable/message").asText()).isEqualTo("on purpose");
    }

    private static String logged(String format) throws Exception {
        var bytes = new ByteArrayOutputStream();
        var before = System.err;
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            var context = new LoggerContext();
            context.putProperty("TINTYPE_LOG_FORMAT", format);
            var configurator = new JoranConfigurator();
            configurator.setContext(context);
            configurator.doConfigure(Objects.requireNonNull(Main.class.getResource("/logback.xml")));
            context.setMDCAdapter(new LogbackMDCAdapter());
            context.start();
            var unused = Bugs.logged(
                    context.getLogger("io.tintype.test"),
                    "GET /here",
                    RequestId.of(HexFormat.of().parseHex(ID)),
                    Trace.NONE,
                    new IllegalStateException("on purpose"));
            context.stop();
        } finally {
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
