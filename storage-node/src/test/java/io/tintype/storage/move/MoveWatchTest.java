// SPDX-License-Identifier: Apache-2.0
package io.tintype.storage.move;

import static org.assertj.core.api.Assertions.assertThat;

import io.tintype.model.Reason;
import io.tintype.model.TintypeException;
import io.tintype.model.UserId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A round looks after all users, whatever becomes of one of them. */
final class MoveWatchTest {
    private static final List<UserId> USERS = List.of(UserId.of("a"), UserId.of("b"), UserId.of("c"));

    @Test
    void whoFailsDoesNotEndTheRoundOfTheOthers() {
        var seen = new ArrayList<UserId>();

        MoveWatch.each(USERS, user -> {
            seen.add(user);
            throw new TintypeException(Reason.NO_PRIMARY, "who led is gone");
        });

        assertThat(seen).isEqualTo(USERS);
    }
}
