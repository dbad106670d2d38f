// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A source of keys that hangs. */
final class PatientSourceTest {
    private static final UserId ALICE = UserId.of("alice");

    private final UserKey key = UserKey.random(new SecureRandom());
    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger asked = new AtomicInteger();
    private final CountDownLatch never = new CountDownLatch(1);
    private volatile boolean hangs;

    private final KeySource hanging = new KeySource() {
        @Override
        public UserKey current(UserId user) {
            return find(user).orElseThrow();
        }

        @Override
        public Optional<UserKey> find(UserId user) {
            asked.incrementAndGet();
            try {
                if (hangs) {
                    never.await();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Optional.of(key);
        }

        @Override
        public void destroy(UserId user, ByteString id) {
            throw new TintypeException(Reason.INTERNAL, "its own words");
        }

        @Override
        public void close() {
            never.countDown();
        }
    };

    @Test
    void whoAsksASourceThatHangsIsToldSoAndTheNextOnesAtOnce() {
        try (var source = new PatientSource(hanging, Duration.ofSeconds(1), now::get)) {
            assertThat(source.current(ALICE)).isEqualTo(key);

            hangs = true;
            assertUnavailable(source, "does not answer within 1000 ms");
            assertThat(asked).hasValue(2);
            for (int i = 0; i < 1_000; i++) {
                assertUnavailable(source, "a moment ago");
            }
            assertThat(asked).as("nobody waits for it meanwhile").hasValue(2);

            now.addAndGet(PatientSource.PAUSE.toNanos());
            assertUnavailable(source, "does not answer within 1000 ms");

            hangs = false;
            now.addAndGet(PatientSource.PAUSE.toNanos());
            assertThat(source.find(ALICE)).contains(key);
            assertThat(source.find(ALICE)).contains(key);
        }
    }

    @Test
    void whatTheSourceItselfSaysIsPassedOn() {
        try (var source = new PatientSource(hanging)) {
            assertThatThrownBy(() -> source.destroy(ALICE, key.id())).hasMessage("its own words");
        }
    }

    private static void assertUnavailable(KeySource source, String how) {
        assertThatThrownBy(() -> source.find(ALICE))
                .isInstanceOfSatisfying(TintypeException.class, refusal -> {
                    assertThat(refusal.reason()).isEqualTo(Reason.UNAVAILABLE);
                    assertThat(refusal.retryAfter()).contains(PatientSource.PAUSE);
                })
                .hasMessageContaining(how);
    }
}
