// SPDX-License-Identifier: Apache-2.0
package io.tintype.coordinator.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class AdmissionTest {
    private final Admission admission = new Admission(1_000);

    private static UserId user(int number) {
        return UserId.of("user" + number);
    }

    private int admitAll(UserId user, long bytes) {
        for (int count = 0; ; count++) {
            try {
                admission.admit(user, bytes);
            } catch (TintypeException full) {
                return count;
            }
        }
    }

    private void refused(UserId user, long bytes, String why) {
        assertThatThrownBy(() -> admission.admit(user, bytes))
                .isInstanceOfSatisfying(TintypeException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.OVERLOADED);
                    assertThat(e.retryAfter()).isPresent();
                })
                .hasMessageContaining(why);
    }

    @Test
    void oneUserLeavesRoomForTheNext() {
        assertThat(admitAll(user(1), 10)).as("half of it").isEqualTo(50);
        refused(user(1), 10, "his share is 500");
        assertThat(admitAll(user(2), 10)).as("a third of it").isEqualTo(33);
        assertThat(admitAll(user(3), 10)).as("what is left").isEqualTo(17);
        refused(user(4), 10, "its limit is 1000");
        assertThat(admission.heldBytes()).isEqualTo(1_000);
    }

    @Test
    void whoHoldsNothingIsAdmittedWhileThereIsRoom() {
        admitAll(user(1), 10);
        admission.admit(user(2), 499);
        refused(user(2), 1, "his share");
    }

    @Test
    void whatIsGivenBackIsThereForOthers() {
        var lease = admission.admit(user(1), 500);
        refused(user(1), 100, "his share");
        lease.shrinkTo(10);
        assertThat(admission.heldBytes()).isEqualTo(10);
        admission.admit(user(1), 400);
        lease.release();
        lease.release();
        assertThat(admission.heldBytes()).isEqualTo(400);
        assertThat(admission.users()).isEqualTo(1);
    }

    @Test
    void whateverIsAskedForTheLimitHoldsAndNothingIsLost() {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        List<Admission.Lease> leases = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            if (random.nextInt(3) == 0 && !leases.isEmpty()) {
                leases.remove(random.nextInt(leases.size())).release();
            } else if (random.nextInt(5) == 0 && !leases.isEmpty()) {
                leases.get(random.nextInt(leases.size())).shrinkTo(1 + random.nextInt(50));
            } else {
                try {
                    leases.add(admission.admit(user(random.nextInt(10)), 1 + random.nextInt(200)));
                } catch (TintypeException full) {
                    assertThat(admission.heldBytes()).as("seed " + seed).isGreaterThan(300);
                }
            }
            assertThat(admission.heldBytes()).as("seed " + seed).isBetween(0L, 1_000L);
        }
        leases.forEach(Admission.Lease::release);
        assertThat(admission.heldBytes()).as("seed " + seed).isZero();
        assertThat(admission.users()).as("seed " + seed).isZero();
    }
}
