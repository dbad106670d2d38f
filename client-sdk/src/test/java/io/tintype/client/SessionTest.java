// SPDX-License-Identifier: Apache-2.0
package io.tintype.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SessionTest {
    private final Deque<Runnable> meanwhile = new ArrayDeque<>();
    private long now = 100;
    private final Session session = new Session(this::look);

    /** Whoever looks at the clock is held up until what happens meanwhile is over. */
    private long look() {
        long seen = now;
        var other = meanwhile.poll();
        if (other != null) {
            now++;
            other.run();
        }
        return seen;
    }

    /** Who has noted a change reads by no lease from before it; whoever notes at the same time must not take that back. */
    @Test
    void whatIsNotedLaterCounts() {
        assertThat(session.notedNanos()).isEmpty();
        meanwhile.add(() -> session.note(new SessionToken(2, 1, 1)));
        session.note(new SessionToken(1, 1, 1));
        assertThat(session.notedNanos()).hasValue(101);
        now = 103;
        session.note(new SessionToken(1, 1, 2));
        assertThat(session.notedNanos()).hasValue(103);
        assertThat(session.tokens())
                .containsExactlyInAnyOrderElementsOf(List.of(new SessionToken(1, 1, 2), new SessionToken(2, 1, 1)));
    }

    /** Of users who do not fit any more it knows as little as of tokens that were noted without one. */
    @Test
    void ofMoreUsersThanFitAnyChangeMayBe() {
        for (int i = 0; i < Session.MAX_USERS; i++) {
            session.note("u" + i, new SessionToken(1 + i % 2, 1, 1));
        }
        assertThat(session.tokensFor("u0", 1)).hasSize(1);
        assertThat(session.tokensFor("u0")).containsExactly(new SessionToken(1, 1, 1));
        assertThat(session.tokensFor("who never wrote")).isEmpty();
        session.note("one more", new SessionToken(1, 1, 1));
        assertThat(session.tokensFor("one more", 2)).hasSize(2);
        assertThat(session.tokensFor("one more")).hasSize(2);
    }
}
