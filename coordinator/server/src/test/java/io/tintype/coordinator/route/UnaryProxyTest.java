// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What coordinators say of a change that one of their attempts may have made. */
final class UnaryProxyTest {
    @ParameterizedTest
    @EnumSource(
            value = Reason.class,
            names = {"VERSION_CONFLICT", "QUOTA_EXCEEDED", "REQUEST_ID_REUSED"})
    void whatTheLogDecidesSettlesIt(Reason reason) {
        var last = new TintypeException(reason, "as the log has it");

        assertThat(UnaryProxy.unknown(last)).isSameAs(last);
    }

    @ParameterizedTest
    @EnumSource(
            value = Reason.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"VERSION_CONFLICT", "QUOTA_EXCEEDED", "REQUEST_ID_REUSED"})
    void anythingElseLeavesItOpen(Reason reason) {
        var shown = UnaryProxy.unknown(new TintypeException(reason, "said before anybody looked"));

        assertThat(shown.reason()).isEqualTo(Reason.OUTCOME_UNKNOWN);
        assertThat(shown).hasMessageContaining("said before anybody looked").hasMessageContaining("same request id");
    }
}
