// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.cluster.config.ConfigFiles;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Settings that make no sense together are refused before anything starts. */
final class CoordinatorConfigTest {
    @Test
    void anUploadMayLastAsLongAsAConnectionMayStandStill() {
        assertThatThrownBy(() -> parse("{uploadTimeout: 2m, http: {idleTimeout: 3m}}"))
                .hasStackTraceContaining("uploadTimeout")
                .hasStackTraceContaining("at least http.idleTimeout");
        assertThat(parse("{uploadTimeout: 3m, http: {idleTimeout: 3m}}").uploadTimeout())
                .isEqualTo(Duration.ofMinutes(3));
    }

    @Test
    void whatIsSlowIsNotEndedBefore() {
        assertThatThrownBy(() -> parse("{uploadTimeout: 2m, log: {slowRequests: 2m}}"))
                .hasStackTraceContaining("log.slowRequests")
                .hasStackTraceContaining("less than uploadTimeout");
        assertThat(parse("{log: {slowRequests: 0s}}").log().slowRequests()).isZero();
    }

    private static CoordinatorConfig parse(String yaml) {
        return ConfigFiles.parse(yaml, "c.yaml", CoordinatorConfig.DEFAULTS);
    }
}
