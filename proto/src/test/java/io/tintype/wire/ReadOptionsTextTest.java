// SPDX-License-Identifier: Apache-2.0
package io.tintype.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.proto.v1.Consistency;
import io.tintype.proto.v1.SessionToken;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ReadOptionsTextTest {
    @Test
    void everyModeHasAWord() {
        assertThat(ReadOptionsText.parse("linearizable").getConsistency())
                .isEqualTo(Consistency.CONSISTENCY_LINEARIZABLE);
        assertThat(ReadOptionsText.parse("near").getConsistency()).isEqualTo(Consistency.CONSISTENCY_NEAR);
        assertThat(ReadOptionsText.parse("exact").getConsistency()).isEqualTo(Consistency.CONSISTENCY_EXACT_VERSION);
        assertThat(ReadOptionsText.parse("bounded:5s").getMaxStalenessMs()).isEqualTo(5_000);
        assertThat(ReadOptionsText.parse("bounded:1h").getMaxStalenessMs()).isEqualTo(3_600_000);
        assertThat(ReadOptionsText.parse("session:3.1.42,4.18446744073709551615.7")
                        .getSessionList())
                .containsExactly(token(3, 1, 42), token(4, -1, 7));
    }

    @Test
    void tokensComeBackAsTheyWere() {
        var token = token(Integer.MAX_VALUE, -1, -2);
        assertThat(ReadOptionsText.token(ReadOptionsText.token(token))).isEqualTo(token);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Near",
                "near:1",
                "exact:",
                "bounded",
                "bounded:",
                "bounded:0s",
                "bounded:2h",
                "bounded:5",
                "bounded:-1s",
                "bounded:999999999h",
                "session",
                "session:",
                "session:3.1",
                "session:3.1.42,",
                "session:99999999999.1.1",
                "session:1.99999999999999999999.1"
            })
    void anythingElseIsRefusedWithTheWordsThatWouldDo(String text) {
        assertThatThrownBy(() -> ReadOptionsText.parse(text))
                .isInstanceOfSatisfying(
                        TintypeException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_ARGUMENT))
                .hasMessageContaining("give");
    }

    @Test
    void moreTokensThanARequestCarriesAreRefused() {
        assertThatThrownBy(() -> ReadOptionsText.parse("session:" + String.join(",", Collections.nCopies(17, "1.1.1"))))
                .hasMessageContaining("at most 16");
    }

    private static SessionToken token(int shard, long epoch, long sequence) {
        return SessionToken.newBuilder()
                .setShard(shard)
                .setEpoch(epoch)
                .setSequence(sequence)
                .build();
    }
}
