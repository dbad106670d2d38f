// SPDX-License-Identifier: Apache-2.0
package io.tintype.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IdsTest {
    @Test
    void uploadIdsOrderedByTimeAreOrderedAsBytes() {
        var random = new Random(7);
        var ids = new ArrayList<UploadId>();
        for (int i = 0; i < 500; i++) {
            ids.add(new UploadId(random.nextLong() >>> (1 + random.nextInt(60)), random.nextLong()));
        }
        ids.sort(null);
        for (int i = 1; i < ids.size(); i++) {
            assertThat(Arrays.compareUnsigned(
                            ids.get(i - 1).toBytes(), ids.get(i).toBytes()))
                    .isLessThanOrEqualTo(0);
            assertThat(UploadId.of(ids.get(i).toBytes())).isEqualTo(ids.get(i));
        }
    }

    @Test
    void requestIdsAreExactlySixteenBytes() {
        var id = RequestId.random(new Random(1));
        assertThat(RequestId.of(id.toBytes())).isEqualTo(id);
        assertThatExceptionOfType(TintypeException.class)
                .isThrownBy(() -> RequestId.of(new byte[15]))
                .withMessageContaining("15 bytes");
    }

    @Test
    void slotsOfUsersNeverChange() {
        // Part of the storage format: these figures may never be made to fit the code.
        assertThat(DirectorySlots.COUNT).isEqualTo(4096);
        assertThat(DirectorySlots.of(UserId.of("alice"))).isEqualTo(ALICE);
        assertThat(DirectorySlots.of(UserId.of("名前"))).isEqualTo(NAMAE);
    }

    @Test
    void slotsAreEven() {
        int[] users = new int[DirectorySlots.COUNT];
        for (int i = 0; i < 100 * DirectorySlots.COUNT; i++) {
            users[DirectorySlots.of(UserId.of("user-" + i))]++;
        }
        assertThat(Arrays.stream(users).min().orElseThrow()).isGreaterThan(50);
        assertThat(Arrays.stream(users).max().orElseThrow()).isLessThan(150);
    }

    @Test
    void poolsAreReadBack() {
        assertThat(PoolId.parse("eu-west.paid")).isEqualTo(new PoolId("eu-west", "paid"));
        assertThatExceptionOfType(TintypeException.class)
                .isThrownBy(() -> PoolId.parse("eu"))
                .withMessageContaining("region.tier");
        assertThatExceptionOfType(TintypeException.class)
                .isThrownBy(() -> new PoolId("EU", "paid"))
                .withMessageContaining("region 'EU'");
    }

    private static final int ALICE = 1712;
    private static final int NAMAE = 446;
}
