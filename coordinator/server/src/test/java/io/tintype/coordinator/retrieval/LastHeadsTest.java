// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.proto.v1.BlobHead;
import org.junit.jupiter.api.Test;

/** Heads that are remembered to ask for news by. */
final class LastHeadsTest {
    private static final BlobHead HEAD = BlobHead.newBuilder().setEtag("1-7").build();

    private final LastHeads heads = new LastHeads();

    @Test
    void whatWasSeenIsRememberedUntilTheBlobOrItsUserIsGone() {
        for (var user : new String[] {"alice", "bob"}) {
            heads.ask(user, "cat").found(HEAD);
            assertThat(heads.find(user, "cat")).isEqualTo(HEAD);
        }
        heads.forget("alice");
        assertThat(heads.find("alice", "cat")).isNull();
        assertThat(heads.find("bob", "cat")).isEqualTo(HEAD);
        heads.ask("bob", "cat").absent();
        assertThat(heads.find("bob", "cat")).isNull();
    }

    @Test
    void anAnswerToAQuestionOlderThanTheForgettingBringsNothingBack() {
        var question = heads.ask("alice", "cat");
        heads.forget("alice");
        question.found(HEAD);
        assertThat(heads.find("alice", "cat")).isNull();

        heads.ask("alice", "cat").found(HEAD);
        assertThat(heads.find("alice", "cat")).as("asked for afterwards").isEqualTo(HEAD);
    }
}
